using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Boxes that do not overlap a better one of their class, as [n, 3] of batch, class and box, and their number. Inputs: boxes, scores,
/// and optionally the most per class, the overlap that is allowed and the score that is needed.
/// </summary>
/// <param name="Centred">True for boxes as centre and size, false for corners.</param>
/// <param name="Most">Most boxes per class, where it is known.</param>
internal sealed record NonMaxSuppression(bool Centred, int Most) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value boxes, Value scores) = (context[0], context[1]);
        InferenceContext.Require(
            boxes.Shape.Rank == 3 && scores.Shape.Rank == 3 && boxes.Shape[2] == 4 && boxes.Shape[0] == scores.Shape[0] && boxes.Shape[1] == scores.Shape[2]
            && boxes.Type == ElementType.Float32 && scores.Type == ElementType.Float32,
            $"Boxes of shape {boxes.Shape} and scores of shape {scores.Shape} do not belong together.");
        return [new TensorType(ElementType.Int64, new Shape(scores.Shape[0] * scores.Shape[1] * Math.Min(Most, scores.Shape[2]), 3)),
            new TensorType(ElementType.Int64, new Shape())];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape scores = context.Input(1).Shape;
        return new LibraryCall("Selection.Suppress").In(0, 1).InOrNull(context, 2).InOrNull(context, 3).InOrNull(context, 4).Out(0, 1)
            .Scratch(ElementType.Int32, 2 * scores[2])
            .Number(scores[0], scores[1], scores[2], context.Output(0).Shape[0], Centred)
            .Costs((long)scores.Elements * Math.Min(scores[2], context.Output(0).Shape[0]));
    }

    [OnnxOperator("NonMaxSuppression")]
    internal static void FromOnnx(OnnxNode node)
    {
        int most = node.HasInput(2) ? node.Value(2).Constant is { } known ? known.ToInt32(0) : int.MaxValue : 0;
        IReadOnlyList<Value> results = node.AddMany("selected", new NonMaxSuppression(node.Int("center_point_box", 0) != 0, Math.Max(most, 0)), node.Input(0),
            node.Input(1), node.Input(2), node.Input(3), node.Input(4));
        node.BindBounded(0, results[0], results[1], 0);
    }
}
