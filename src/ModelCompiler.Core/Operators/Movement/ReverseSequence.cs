using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>The first elements along the time axis in reverse order, as many as the second input says for every batch.
/// Axes 0 and 1 are batch and time.</summary>
/// <param name="TimeAxis">0 or 1; the batch is the other.</param>
internal sealed record ReverseSequence(int TimeAxis) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Shape.Rank >= 2 && context[1].Shape == new Shape(context[0].Shape[1 - TimeAxis])
            && context[1].Type == ElementType.Int64, "There is not one length per batch.");
        return [new TensorType(context[0].Type, context[0].Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        int inner = shape.ElementsBetween(2, shape.Rank);
        int[] steps = [shape[1] * inner, inner];
        return new LibraryCall("Indexing.ReverseSequence", context.Input(0).Type.BySize()).In(0, 1).Out(0)
            .Number(shape[1 - TimeAxis], shape[TimeAxis], steps[1 - TimeAxis], steps[TimeAxis], inner);
    }

    [OnnxOperator("ReverseSequence")]
    internal static void FromOnnx(OnnxNode node)
    {
        (int time, int batch) = (node.Int("time_axis", 0), node.Int("batch_axis", 1));
        if (time is not (0 or 1) || batch != 1 - time) throw node.Malformed("Batch and time are not the first two axes.");
        node.Emit(new ReverseSequence(time), node.Input(0), node.Input(1));
    }
}
