using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Passes;

namespace ModelCompiler.Core.Tests.Passes;

/// <summary>Transpositions, of which importers write many and networks need few.</summary>
public class LayoutPassTests
{
    private static readonly Transpose Last = new(0, 2, 3, 1), First = new(0, 3, 1, 2);

    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.None);

    // A convolution as the importer of a channels-first format writes it.
    private static Value ChannelsFirstConv(CaseBuilder b, Value x, int outputs) =>
        b.Apply(First, b.Apply(Conv, b.Apply(Last, x), b.Constant(outputs, 3, 3, x.Shape[1])));

    [Fact]
    public void Transpositions_between_layers_cancel()
    {
        var b = new CaseBuilder(1);
        Value relu = b.Apply(Unary.Clamp(ActivationRange.Relu), ChannelsFirstConv(b, b.Input(1, 3, 5, 4), 6));
        ModelGraph after = PassCheck.Run(EliminateTransposes.Run, b.Build(ChannelsFirstConv(b, relu, 2)));
        Assert.Equal("Transpose Conv Clamp Conv Transpose", PassCheck.Operators(after));
    }

    [Fact]
    public void Transpositions_around_a_residual_connection_cancel()
    {
        var b = new CaseBuilder(2);
        Value x = ChannelsFirstConv(b, b.Input(1, 3, 5, 4), 6);
        Value sum = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), ChannelsFirstConv(b, b.Apply(Unary.Clamp(ActivationRange.Relu), x), 6), x);
        ModelGraph after = PassCheck.Run(EliminateTransposes.Run, b.Build(ChannelsFirstConv(b, sum, 2)));
        Assert.Equal(2, PassCheck.Count<Transpose>(after));
        Assert.Equal("Transpose Conv Clamp Conv Add Conv Transpose", PassCheck.Operators(after));
    }

    [Fact]
    public void Constants_by_channel_are_moved_along()
    {
        var b = new CaseBuilder(3);
        Value scaled = b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), ChannelsFirstConv(b, b.Input(1, 3, 5, 4), 6), b.Constant(6, 1, 1));
        Value shifted = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), scaled, b.Constant(1));
        Assert.Equal("Transpose Conv Multiply Add Transpose", PassCheck.Operators(PassCheck.Run(EliminateTransposes.Run, b.Build(shifted))));
    }

    [Fact]
    public void Operators_along_an_axis_follow_it()
    {
        var b = new CaseBuilder(4);
        Value x = ChannelsFirstConv(b, b.Input(1, 3, 5, 4), 4);
        Value joined = b.Apply(new Concatenation(1), ChannelsFirstConv(b, x, 2), ChannelsFirstConv(b, x, 3));
        Value padded = b.Apply(new Pad(EquatableArray.Of(0, 1, 2, 0), EquatableArray.Of(0, 0, 1, 3), 0.5f), joined);
        Value normalised = b.Apply(new BatchNormalization(1, 1e-3f), padded, b.Constant(6), b.Constant(6), b.Constant(6),
            b.Apply(new Unary(UnaryKind.Abs), b.Constant(6)));
        Value mean = b.Apply(new ReduceMean(EquatableArray.Of(2, 3), true), b.Apply(new Softmax(1), normalised));
        ModelGraph after = PassCheck.Run(EliminateTransposes.Run, b.Build(mean, normalised));
        Assert.Equal(2, PassCheck.Count<Transpose>(after)); // the input, and the output that users see in the model's layout; that of the mean is but a reshape
        Assert.Equal(1, PassCheck.Count<Reshape>(after));
    }

    [Fact]
    public void Layouts_that_differ_meet_in_the_models_own()
    {
        var b = new CaseBuilder(5);
        Value x = b.Input(1, 4, 4, 4);
        Value sum = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), b.Apply(First, x), b.Apply(Last, x));
        Assert.Equal(2, PassCheck.Count<Transpose>(PassCheck.Run(EliminateTransposes.Run, b.Build(sum))));
    }

    [Fact]
    public void Transpositions_that_undo_each_other_leave_nothing()
    {
        var b = new CaseBuilder(6);
        Value x = b.Input(2, 3, 4, 5);
        Value relu = b.Apply(Unary.Clamp(ActivationRange.Relu), b.Apply(Last, b.Apply(First, x)));
        Assert.Equal("Clamp", PassCheck.Operators(PassCheck.Run(EliminateTransposes.Run, b.Build(relu))));
    }

    [Fact]
    public void A_transposition_before_a_dense_layer_moves_into_its_weights()
    {
        var b = new CaseBuilder(7);
        Value flat = b.Apply(new Reshape(new Shape(2, 60)), b.Apply(First, b.Input(2, 4, 5, 3)));
        ModelGraph after = PassCheck.Run(FoldTransposeIntoWeights.Run,
            b.Build(b.Apply(new FullyConnected(false, ActivationRange.None), flat, b.Constant(7, 60), b.Constant(7))));
        Assert.Equal("Reshape FullyConnected", PassCheck.Operators(after));
    }

    [Fact]
    public void A_transposition_of_the_batch_stays()
    {
        var b = new CaseBuilder(8);
        Value flat = b.Apply(new Reshape(new Shape(4, 30)), b.Apply(new Transpose(1, 0, 2, 3), b.Input(2, 4, 5, 3)));
        ModelGraph after = PassCheck.Run(FoldTransposeIntoWeights.Run,
            b.Build(b.Apply(new FullyConnected(false, ActivationRange.None), flat, b.Constant(7, 30))));
        Assert.Equal("Transpose Reshape FullyConnected", PassCheck.Operators(after));
    }

    [Fact]
    public void Layout_of_dequantised_constants_becomes_that_of_the_integers()
    {
        var b = new CaseBuilder(9);
        Value weights = b.Apply(Last, b.Apply(new Dequantize(), b.QuantizedConstant(ElementType.Int8, true, 4, 2, 3, 3)));
        ModelGraph after = PassCheck.Run(MoveLayoutBeforeDequantize.Run, b.Build(b.Apply(Conv, b.Input(1, 5, 5, 2), weights)));
        Assert.Equal("Dequantize Conv", PassCheck.Operators(after));
    }
}
