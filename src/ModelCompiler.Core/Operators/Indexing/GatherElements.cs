using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Elements whose index along one axis is given, and along the others is that of the output. Elements of any type.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
internal sealed record GatherElements(int Axis) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value indices) = (context[0], context[1]);
        InferenceContext.Require(indices.Type is ElementType.Int32 or ElementType.Int64, $"Indices are of type {indices.Type}.");
        InferenceContext.Require(
            Axis >= 0 && Axis < input.Shape.Rank && indices.Shape.Rank == input.Shape.Rank && Enumerable.Range(0, input.Shape.Rank)
            .All(a => a == Axis || indices.Shape[a] <= input.Shape[a]),
            $"Indices of shape {indices.Shape} do not belong to a tensor of shape {input.Shape}.");
        InferenceContext.RequireWithin(indices, input.Shape[Axis]);
        return [new TensorType(input.Type, indices.Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value input, Value indices) = (context.Input(0), context.Input(1));
        return new LibraryCall("Indexing.GatherElements", input.Type.BySize(), indices.Type.Name()).In(0, 1).Out(0)
            .Table("Sizes", indices.Shape).Table("Steps", Transpose.Strides(input.Shape))
            .Number(input.Shape.Rank, Axis, input.Shape[Axis], indices.Shape.Elements);
    }

    [OnnxOperator("GatherElements")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(new GatherElements(node.Axis(node.Int("axis", 0), node.Value(0).Shape.Rank)), node.Input(0),
        node.Input(1));
}
