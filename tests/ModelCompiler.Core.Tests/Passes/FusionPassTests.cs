using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Passes;

namespace ModelCompiler.Core.Tests.Passes;

/// <summary>Operators that become part of others.</summary>
public class FusionPassTests
{
    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.None);

    private static readonly Unary Relu = Unary.Clamp(ActivationRange.Relu), Relu6 = Unary.Clamp(ActivationRange.Relu6);

    private static Value Normalise(CaseBuilder b, Value x, int axis) => b.Apply(
        new BatchNormalization(axis, 1e-3f), x, b.Constant(x.Shape[axis]), b.Constant(x.Shape[axis]), b.Constant(x.Shape[axis]),
        b.Apply(new Unary(UnaryKind.Abs), b.Constant(x.Shape[axis])));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Batch_normalisation_folds_into_a_convolution(bool hasBias)
    {
        var b = new CaseBuilder(1);
        Value conv = b.Apply(Conv, b.Input(1, 5, 4, 3), b.Constant(6, 3, 3, 3), hasBias ? b.Constant(6) : null);
        Assert.Equal("Conv", PassCheck.Operators(PassCheck.Run(FoldBatchNormalization.Run, b.Build(Normalise(b, conv, 3)))));
    }

    [Fact]
    public void Batch_normalisation_folds_into_a_depthwise_convolution()
    {
        var b = new CaseBuilder(2);
        Value conv = b.Apply(Conv with { Groups = 6 }, b.Input(1, 5, 4, 6), b.Constant(6, 3, 3, 1));
        Assert.Equal("Conv", PassCheck.Operators(PassCheck.Run(FoldBatchNormalization.Run, b.Build(Normalise(b, conv, 3)))));
    }

    [Fact]
    public void Batch_normalisations_in_a_row_stay_right()
    {
        var b = new CaseBuilder(12);
        Value conv = b.Apply(Conv, b.Input(1, 5, 4, 3), b.Constant(6, 3, 3, 3));
        ModelGraph after = PassCheck.Run(FoldBatchNormalization.Run, b.Build(Normalise(b, Normalise(b, conv, 3), 3)));
        Assert.Equal(0, PassCheck.Count<BatchNormalization>(after));
    }

    [Fact]
    public void Batch_normalisation_folds_into_a_dense_layer()
    {
        var b = new CaseBuilder(3);
        Value layer = b.Apply(new FullyConnected(false, ActivationRange.None), b.Input(2, 8), b.Constant(5, 8), b.Constant(5));
        Assert.Equal("FullyConnected", PassCheck.Operators(PassCheck.Run(FoldBatchNormalization.Run, b.Build(Normalise(b, layer, 1)))));
    }

    [Fact]
    public void Batch_normalisation_alone_becomes_a_depthwise_convolution()
    {
        var b = new CaseBuilder(4);
        ModelGraph after = PassCheck.Run(FoldBatchNormalization.Run, b.Build(Normalise(b, b.Input(2, 5, 4, 6), 3)));
        Assert.Equal(6, Assert.IsType<Conv>(Assert.Single(after.Nodes).Operator).Groups);
    }

    [Fact]
    public void Batch_normalisation_after_an_activation_or_a_shared_layer_does_not_fold_into_it()
    {
        var b = new CaseBuilder(5);
        Value x = b.Input(1, 5, 4, 3);
        Value activated = b.Apply(Conv with { Activation = ActivationRange.Relu }, x, b.Constant(6, 3, 3, 3));
        Value shared = b.Apply(Conv, x, b.Constant(6, 3, 3, 3));
        ModelGraph after = PassCheck.Run(FoldBatchNormalization.Run, b.Build(Normalise(b, activated, 3), Normalise(b, shared, 3), shared));
        Assert.Equal(4, PassCheck.Count<Conv>(after));
    }

    [Fact]
    public void Activations_fuse_one_after_the_other()
    {
        var b = new CaseBuilder(6);
        Value conv = b.Apply(Conv, b.Input(1, 5, 4, 3), b.Constant(6, 3, 3, 3));
        ModelGraph after = PassCheck.Run(FuseActivations.Run, b.Build(b.Apply(Unary.Clamp(new ActivationRange(-2, 0.5f)), b.Apply(Relu, conv))));
        Assert.Equal(new ActivationRange(0, 0.5f), Assert.IsType<Conv>(Assert.Single(after.Nodes).Operator).Activation);
    }

    [Fact]
    public void Activations_fuse_into_sums_pools_and_dense_layers()
    {
        var b = new CaseBuilder(7);
        Value sum = b.Apply(Relu, b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), b.Input(1, 6, 6, 3), b.Constant(3)));
        Value pool = b.Apply(Relu6, b.Apply(new Pool(PoolKind.Average, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), sum));
        Value layer = b.Apply(Relu, b.Apply(new FullyConnected(false, ActivationRange.None), b.Apply(new Reshape(new Shape(1, 27)), pool), b.Constant(5, 27)));
        Assert.Equal("Add AveragePool Reshape FullyConnected", PassCheck.Operators(PassCheck.Run(FuseActivations.Run, b.Build(layer))));
    }

    [Fact]
    public void Activations_of_values_that_others_need_stay()
    {
        var b = new CaseBuilder(8);
        Value conv = b.Apply(Conv, b.Input(1, 5, 4, 3), b.Constant(6, 3, 3, 3));
        Value other = b.Apply(Conv, b.Input(1, 5, 4, 3), b.Constant(6, 3, 3, 3));
        ModelGraph after = PassCheck.Run(FuseActivations.Run,
            b.Build(b.Apply(Relu, conv), conv, b.Apply(Relu, other), b.Apply(new Unary(UnaryKind.Tanh), other)));
        Assert.Equal(2, after.Nodes.Count(n => n.Operator is Unary { Kind: UnaryKind.Clamp }));
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.UInt8)]
    public void Padding_fuses_into_all_convolutions_after_it(ElementType type)
    {
        var b = new CaseBuilder(9);
        var pad = new Pad(EquatableArray.Of(0, 0, 1, 0), EquatableArray.Of(0, 2, 0, 0), 0);
        Value padded = b.Apply(pad, type == ElementType.Float32 ? b.Input(1, 5, 4, 3) : b.QuantizedInput(type, 1, 5, 4, 3));
        ModelGraph after = PassCheck.Run(FusePadding.Run, b.Build(Layer(1), Layer(2)), 0);
        Assert.Equal("Conv Conv", PassCheck.Operators(after));
        Conv conv = Assert.IsType<Conv>(after.Nodes[0].Operator);
        Assert.Equal((1, 2, 3, 1), (conv.PadTop, conv.PadLeft, conv.PadBottom, conv.PadRight));

        Value Layer(int stride) => type == ElementType.Float32
            ? b.Apply(Conv with { StrideDown = stride }, padded, b.Constant(6, 3, 3, 3))
            : b.Apply(Conv with { StrideDown = stride }, type, b.Parameters(type), padded, b.QuantizedConstant(type, false, 6, 3, 3, 3), b.Bias(6));
    }

    [Theory]
    [InlineData(0, 1, 0, 1f)]
    [InlineData(0, 0, 1, 0f)]
    [InlineData(0, -1, 0, 0f)]
    [InlineData(1, 0, 0, 0f)]
    public void Padding_with_other_numbers_of_channels_or_images_stays(int images, int rows, int channels, float value)
    {
        var b = new CaseBuilder(10);
        Value padded = b.Apply(new Pad(EquatableArray.Of(images, rows, 0, channels), EquatableArray.Of(0, 0, 0, 0), value), b.Input(1, 5, 4, 3));
        Assert.Equal("Pad Conv", PassCheck.Operators(PassCheck.Run(FusePadding.Run, b.Build(b.Apply(Conv, padded, b.Constant(6, 3, 3, 3 + channels))))));
    }

    [Fact]
    public void Constants_are_computed_at_build_time()
    {
        var b = new CaseBuilder(11);
        Value doubled = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), b.Apply(new Unary(UnaryKind.Exp), b.Constant(4)), b.Constant(3, 1));
        Value dequantised = b.Apply(new Dequantize(), b.QuantizedConstant(ElementType.Int8, true, 3, 4));
        ModelGraph graph = b.Build(b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None),
            b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), b.Input(3, 4), doubled), dequantised));
        Assert.Equal("Add Dequantize Multiply", string.Join(" ",
            PassCheck.Operators(PassCheck.Run(FoldConstants.Run, graph)).Split(' ').Order(StringComparer.Ordinal)));
        Assert.Equal("Add Multiply", PassCheck.Operators(PassCheck.Run(FoldConstants.RunAll, graph)));
    }

    [Fact]
    public void Nodes_of_constants_are_folded()
    {
        var editor = new GraphEditor();
        Value x = editor.AddValue("x", new TensorType(ElementType.Float32, new Shape(2)));
        editor.Inputs.Add(x.Id);
        Value constant = editor.AddConstant("c", TensorData.Of(new Shape(2), [1f, -3f]));
        Value clamped = editor.AddValue("clamped", constant.TensorType);
        editor.AddNode(new Node("clamp", "Relu", Relu, [constant.Id], [clamped.Id]));
        Value sum = editor.AddValue("sum", constant.TensorType);
        editor.AddNode(new Node("sum", "Add", new Binary(BinaryKind.Add, ActivationRange.None), [x.Id, clamped.Id], [sum.Id]));
        editor.Outputs.Add(sum.Id);
        editor.OutputNames.Add("y");
        ModelGraph after = PassCheck.Run(FoldConstants.Run, editor.ToGraph());
        Assert.Equal([1f, 0f], after.Values[Assert.Single(after.Nodes).Inputs[1]].Constant!.ToFloats());
    }
}
