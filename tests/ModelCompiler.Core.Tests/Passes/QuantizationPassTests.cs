using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Passes;

namespace ModelCompiler.Core.Tests.Passes;

/// <summary>Conversions between real numbers and integers.</summary>
public class QuantizationPassTests
{
    private const float Step = 0.05f;

    private static readonly QuantizationParameters Activations = new(Step, -3);

    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.None);

    private static Value Quantize(CaseBuilder b, Value x, QuantizationParameters? q = null) => b.Apply(new Quantize(), ElementType.Int8, q ?? Activations, x);

    private static Value Dequantize(CaseBuilder b, Value x) => b.Apply(new Dequantize(), x);

    private static QuantizationParameters Fine { get; } = new(0.004f, 5);

    [Fact]
    public void A_layer_between_conversions_computes_with_integers()
    {
        var b = new CaseBuilder(1);
        Value x = b.QuantizedInput(ElementType.Int8, 1, 5, 4, 3);
        Value conv = b.Apply(Conv with { Activation = ActivationRange.Relu }, Dequantize(b, x),
            Dequantize(b, b.QuantizedConstant(ElementType.Int8, true, 6, 3, 3, 3)), b.Constant(6));
        ModelGraph after = PassCheck.Run(FuseQuantization.Run, b.Build(Quantize(b, conv)), Step * 1.01);
        Assert.Equal("Conv", PassCheck.Operators(after));
        Assert.Equal(ElementType.Int32, after.Values[after.Nodes[0].Inputs[2]].Type);
    }

    [Fact]
    public void Layers_sums_and_pools_in_a_chain_compute_with_integers()
    {
        var b = new CaseBuilder(2);
        Value x = b.QuantizedInput(ElementType.Int8, 1, 6, 6, 3);
        Value conv = Quantize(b, b.Apply(Conv, Dequantize(b, x), Dequantize(b, b.QuantizedConstant(ElementType.Int8, true, 3, 3, 3, 3))));
        Value sum = Quantize(b, b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), Dequantize(b, conv), Dequantize(b, x)));
        Value pool = Quantize(b, b.Apply(new Pool(PoolKind.Max, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), Dequantize(b, sum)));
        ModelGraph after = PassCheck.Run(FuseQuantization.Run, b.Build(pool), Step * 2.01);
        Assert.Equal("Conv Add MaxPool", PassCheck.Operators(after));
    }

    [Fact]
    public void Operators_that_hand_values_on_keep_their_scale()
    {
        var b = new CaseBuilder(3);
        Value x = b.QuantizedInput(ElementType.Int8, 1, 3, 4);
        ModelGraph after = PassCheck.Run(FuseQuantization.Run, b.Build(Quantize(b, b.Apply(new Reshape(new Shape(1, 12)), Dequantize(b, x)))), Step);
        Assert.Equal(x.Quantization, after.Values[after.Nodes.Single(n => n.Operator is Reshape).Outputs[0]].Quantization);
    }

    [Fact]
    public void Operators_without_integer_kernels_and_values_that_others_need_stay_in_float()
    {
        var b = new CaseBuilder(4);
        Value x = Dequantize(b, b.QuantizedInput(ElementType.Int8, 1, 3, 4));
        Value quotient = b.Apply(new Binary(BinaryKind.Divide, ActivationRange.None), x, b.Constant(4));
        Value product = b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), x, x);
        ModelGraph after = PassCheck.Run(FuseQuantization.Run, b.Build(Quantize(b, quotient), Quantize(b, product), product), Step);
        Assert.All(after.Nodes.Where(n => n.Operator is Binary), n => Assert.Equal(ElementType.Float32, after.Values[n.Outputs[0]].Type));
    }

    [Fact]
    public void Conversions_at_the_edges_become_types_of_the_edges()
    {
        var b = new CaseBuilder(5);
        Value x = b.Input(2, 9);
        Value sum = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), ElementType.Int8, Activations, Quantize(b, x), Quantize(b, x));
        ModelGraph after = PassCheck.Run(AbsorbEdgeConversions.Run, b.Build(Dequantize(b, sum)), Step * 0.01);
        Assert.Equal("Add", PassCheck.Operators(after));
        Assert.Equal((ElementType.Int8, Activations), (after.InputValues.Single().Type, after.InputValues.Single().Quantization));
        Assert.Equal((ElementType.Int8, Activations), (after.OutputValues.Single().Type, after.OutputValues.Single().Quantization));
    }

    [Fact]
    public void Inputs_with_several_uses_stay_as_they_are()
    {
        var b = new CaseBuilder(6);
        Value x = b.Input(2, 9), y = b.Input(2, 9);
        ModelGraph after = PassCheck.Run(
            AbsorbEdgeConversions.Run, b.Build(Quantize(b, x), Quantize(b, x, Fine), Quantize(b, y), b.Apply(new Unary(UnaryKind.Tanh), y)), 0);
        Assert.All(after.InputValues, v => Assert.Equal(ElementType.Float32, v.Type));
    }
}
