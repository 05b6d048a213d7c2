using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Passes;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Core.Tests.Passes;

namespace ModelCompiler.Core.Tests.Quantization;

public class LiftToFloatTests
{
    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);

    [Fact]
    public void The_float_network_computes_what_the_integers_approximate()
    {
        ModelGraph quantised = Network();
        PipelineContext context = SampledContext.Of(quantised, new() { Precision = Precision.Float32 });
        ModelGraph lifted = LiftToFloat.Run(quantised, context);
        GraphVerifier.Verify(lifted, "lifting");
        Assert.Equal("Dequantize Conv Conv Add MaxPool Reshape FullyConnected Sigmoid", PassCheck.Operators(lifted));
        Assert.False(LiftToFloat.IsQuantised(lifted));
        // The input is what it was.
        Assert.Equal(quantised.InputValues.Single().TensorType, lifted.InputValues.Single().TensorType);
        Value output = quantised.OutputValues.Single();
        foreach (IReadOnlyList<TensorData> sample in context.Samples!.Inputs)
        {
            TensorData integers = new ReferenceInterpreter(quantised, RequantizationMode.Float).Run(sample)[0];
            float[] reals = new ReferenceInterpreter(lifted, RequantizationMode.Float).Run(sample)[0].ToFloats();
            for (int i = 0; i < reals.Length; i++) Assert.Equal(QuantizedSample.Real(integers, output, i), reals[i], 0.05);
        }
    }

    [Fact]
    public void Results_stay_within_the_ranges_of_the_integers()
    {
        // A range that ends at 1 stands for an activation that the converter left out.
        var b = new CaseBuilder(3);
        var q = new QuantizationParameters(1f / 255, -128);
        Value x = b.QuantizedInput(ElementType.Int8, 1, 4, 4, 2);
        Value y = b.Apply(Conv with { Activation = ActivationRange.None }, ElementType.Int8, q, x, b.QuantizedConstant(ElementType.Int8, true, 3, 3, 3, 2),
            b.Bias(3));
        ModelGraph graph = b.Build(y);
        ModelGraph lifted = LiftToFloat.Run(graph, SampledContext.Of(graph, new() { Precision = Precision.Float32 }));
        ActivationRange range = ((Conv)lifted.Nodes[1].Operator).Activation;
        Assert.Equal(0, range.Min);
        Assert.Equal(1, range.Max, 1e-6f);
    }

    [Fact]
    public void Quantised_again_it_takes_the_same_integers()
    {
        ModelGraph quantised = Network();
        PipelineContext context = SampledContext.Of(quantised, new() { WeightBits = 4 });
        ModelGraph lifted = LiftToFloat.Run(quantised, context);
        RangeCalibrator.Run(lifted, context);
        WeightBitsChoice.Run(lifted, context);
        ModelGraph again = AbsorbEdgeConversions.Run(PostTrainingQuantization.Run(lifted, context), _ => { });
        Assert.Equal("Conv Conv Add MaxPool Reshape FullyConnected Sigmoid", PassCheck.Operators(again));
        Assert.Equal(quantised.InputValues.Single().TensorType, again.InputValues.Single().TensorType);
        Assert.Equal(7, again.Nodes[0].Inputs.Take(2).Select(i => again.Values[i]).Last().Constant!.ToInt32s().Max());
    }

    [Fact]
    public void Without_an_option_that_asks_for_it_a_quantised_network_stays()
    {
        ModelGraph quantised = Network();
        Assert.Same(quantised, LiftToFloat.Run(quantised, SampledContext.Of(quantised, new() { Precision = Precision.Int8, MaxWeightBytes = 1 })));
    }

    private static ModelGraph Network()
    {
        var b = new CaseBuilder(9);
        Value x = b.Apply(Conv, b.Input(1, 6, 4, 2), b.Constant(4, 3, 3, 2), b.Constant(4));
        Value sum = b.Apply(new Binary(BinaryKind.Add, ActivationRange.Relu6), x, b.Apply(Conv, x, b.Constant(4, 3, 3, 4), b.Constant(4)));
        Value pool = b.Apply(new Pool(PoolKind.Max, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), sum);
        Value dense = b.Apply(new FullyConnected(false, ActivationRange.None), b.Apply(new Reshape(new Shape(1, 24)), pool), b.Constant(3, 24), b.Constant(3));
        ModelGraph graph = b.Build(b.Apply(new Unary(UnaryKind.Sigmoid), dense));
        PipelineContext context = SampledContext.Of(graph, new());
        RangeCalibrator.Run(graph, context);
        return AbsorbEdgeConversions.Run(PostTrainingQuantization.Run(graph, context), _ => { });
    }
}
