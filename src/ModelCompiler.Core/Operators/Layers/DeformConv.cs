using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>A deformable convolution in two dimensions. Inputs: x, weights, offsets, optional bias, optional mask.</summary>
/// <param name="Window">How the window moves.</param>
/// <param name="Groups">Number of groups.</param>
/// <param name="OffsetGroups">Number of groups of channels with offsets of their own.</param>
internal sealed record DeformConv(Window Window, int Groups, int OffsetGroups) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value w, Value offsets) = (context[0], context[1], context[2]);
        InferenceContext.Require(x.Shape.Rank == 4 && Groups > 0 && OffsetGroups > 0 && x.Shape[1] == w.Shape[1] * Groups && x.Shape[1] % OffsetGroups == 0,
            $"Weights of shape {w.Shape} do not belong to images of shape {x.Shape}.");
        int taps = w.Shape[2] * w.Shape[3];
        InferenceContext.Require(offsets.Shape == new Shape([x.Shape[0], 2 * OffsetGroups * taps, .. Window.Output]),
            $"Offsets of shape {offsets.Shape} are not two for every tap and place.");
        InferenceContext.Require(x.Type is ElementType.Float32 or ElementType.Float64, $"There is no deformable convolution of {x.Type}.");
        return [new TensorType(x.Type, new Shape([x.Shape[0], w.Shape[0], .. Window.Output]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value x, Value w) = (context.Input(0), context.Input(1));
        LibraryCall call = new LibraryCall("Convolution.Deformable", x.Type.Name()).In(0, 1, 2).InOrNull(context, 3).InOrNull(context, 4).Out(0);
        return Window.Describe(call, x.Shape).Number(x.Shape[0], Groups, w.Shape[1], w.Shape[0] / Groups, OffsetGroups)
            .Costs((long)context.Output(0).Shape.Elements * w.Shape.ElementsBetween(1, w.Shape.Rank));
    }

    [OnnxOperator("DeformConv")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(
        new DeformConv(Window.FromOnnx(node, node.Value(0).Shape, [.. node.Value(1).Shape.Skip(2)]), node.Int("group", 1), node.Int("offset_group", 1)),
        node.Input(0), node.Input(1), node.Input(2), node.Input(3), node.Input(4));
}
