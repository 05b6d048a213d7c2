using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Quantization;

public class FloatFallbackTests
{
    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);

    [Fact]
    public void Only_what_8_bits_ruin_stays_in_float()
    {
        ModelGraph graph = Network(loud: 1000);
        PipelineContext context = Context(graph, Precision.Auto);
        Assert.True(Error(graph, context) > QuantizationCheck.Warning);
        FloatFallback.Run(graph, context);
        Assert.True(Error(graph, context) <= QuantizationCheck.Warning);
        // The product of channels of different sizes, and the layer that takes it; neither the layers before nor those behind.
        Assert.Equal([graph.Nodes[2].Outputs[0], graph.Nodes[3].Outputs[0]], context.KeptFloat.Order());
        Assert.Contains(context.Report.Notes, n => n.StartsWith("8 bits cost the outputs too much", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_stays_in_float_where_8_bits_do()
    {
        ModelGraph graph = Network(loud: 1);
        PipelineContext context = Context(graph, Precision.Auto);
        FloatFallback.Run(graph, context);
        Assert.Empty(context.KeptFloat);
    }

    [Fact]
    public void Int8_is_not_second_guessed()
    {
        ModelGraph graph = Network(loud: 1000);
        PipelineContext context = Context(graph, Precision.Int8);
        FloatFallback.Run(graph, context);
        Assert.Empty(context.KeptFloat);
    }

    // One channel of the product is much larger than the others, and the layer behind makes up for it.
    private static ModelGraph Network(float loud)
    {
        var b = new CaseBuilder(7);
        Value x = b.Apply(Conv, b.Apply(Conv, b.Input(1, 8, 8, 8), b.Constant(16, 3, 3, 8)), b.Constant(16, 3, 3, 16));
        Value factors = b.Numbers(ElementType.Float32, null, _ => 1, 16), weights = b.Constant(16, 3, 3, 16);
        factors.Constant!.Floats[0] = loud;
        for (int i = 0; i < weights.Constant!.Count; i += 16) weights.Constant.Floats[i] /= loud;
        Value y = b.Apply(Conv, b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), x, factors), weights);
        return b.Build(b.Apply(Conv, b.Apply(Conv, y, b.Constant(16, 3, 3, 16)), b.Constant(12, 3, 3, 16)));
    }

    private static PipelineContext Context(ModelGraph graph, Precision precision)
    {
        PipelineContext context = SampledContext.Of(graph, new() { Precision = precision });
        RangeCalibrator.Run(graph, context);
        return context;
    }

    private static double Error(ModelGraph graph, PipelineContext context)
    {
        PipelineContext tried = context.Silent();
        return QuantizationCheck.LargestError(graph, PostTrainingQuantization.Run(graph, tried), tried);
    }
}
