using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Index of the largest or smallest element along an axis, which keeps one element.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
/// <param name="Largest">True for the largest.</param>
/// <param name="Last">True for the last of equal elements, false for the first.</param>
/// <param name="Index">Element type of the output.</param>
internal sealed record ArgExtreme(int Axis, bool Largest, bool Last, ElementType Index = ElementType.Int64) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Type != ElementType.Bool && context[0].Shape[Axis] > 0, "There are no numbers to compare.");
        return [new TensorType(Index, context[0].Shape.With(Axis, 1))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Reduction.Extreme", context.Input(0).Type.Name(), Index.Name()).In(0).Out(0)
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank), Largest, Last);
    }

    [OnnxOperator("ArgMax")]
    internal static void MaxFromOnnx(OnnxNode node) => FromOnnx(node, true);

    [OnnxOperator("ArgMin")]
    internal static void MinFromOnnx(OnnxNode node) => FromOnnx(node, false);

    private static void FromOnnx(OnnxNode node, bool largest)
    {
        Value input = node.Value(0);
        int axis = node.Axis(node.Int("axis", 0), input.Shape.Rank);
        var op = new ArgExtreme(axis, largest, node.Int("select_last_index", 0) != 0);
        if (node.Int("keepdims", 1) != 0)
        {
            node.Emit(op, input.Id);
            return;
        }

        Value kept = node.Add("kept", op, input.Id);
        node.Emit(new Reshape(new Shape(kept.Shape.Where((_, i) => i != axis))), kept.Id);
    }
}
