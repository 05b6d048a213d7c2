using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Slices by tuples of indices, which are the last axis of the second input. Elements of any type.</summary>
/// <param name="BatchAxes">Leading axes that both inputs share.</param>
internal sealed record GatherTuples(int BatchAxes) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value indices) = (context[0], context[1]);
        InferenceContext.Require(indices.Type is ElementType.Int32 or ElementType.Int64, $"Indices are of type {indices.Type}.");
        InferenceContext.Require(
            BatchAxes >= 0 && indices.Shape.Rank > BatchAxes && BatchAxes + indices.Shape[-1] <= input.Shape.Rank && input.Shape.Take(BatchAxes)
            .SequenceEqual(indices.Shape.Take(BatchAxes)),
            $"Indices of shape {indices.Shape} do not belong to a tensor of shape {input.Shape}.");
        return [new TensorType(input.Type, new Shape([.. indices.Shape.Take(indices.Shape.Rank - 1), .. input.Shape.Skip(BatchAxes + indices.Shape[-1])]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value input, Value indices) = (context.Input(0), context.Input(1));
        int length = indices.Shape[-1];
        return new LibraryCall("Indexing.GatherTuples", input.Type.BySize(), indices.Type.Name()).In(0, 1).Out(0)
            .Table("Sizes", input.Shape.Skip(BatchAxes).Take(length)).Table("Steps", Transpose.Strides(input.Shape).Skip(BatchAxes).Take(length))
            .Number(
                length, input.Shape.ElementsBetween(0, BatchAxes), indices.Shape.ElementsBetween(BatchAxes, indices.Shape.Rank - 1),
                input.Shape.ElementsBetween(BatchAxes + length, input.Shape.Rank), input.Shape.ElementsBetween(BatchAxes, input.Shape.Rank));
    }

    [OnnxOperator("GatherND")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(new GatherTuples(node.Int("batch_dims", 0)), node.Input(0), node.Input(1));
}
