using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A tensor with a part replaced. Inputs: tensor; part, of the same rank; first index per axis [rank], which is moved so that the part lies inside.
/// Elements of any type.
/// </summary>
internal sealed record UpdateSlice : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value tensor, Value part, Value starts) = (context[0], context[1], context[2]);
        InferenceContext.Require(
            tensor.Type == part.Type && tensor.Shape.Rank == part.Shape.Rank && tensor.Shape.Rank > 0 && part.Shape.Zip(tensor.Shape)
            .All(p => p.First <= p.Second),
            $"A part {part.Type} {part.Shape} does not fit a tensor {tensor.Type} {tensor.Shape}.");
        InferenceContext.Require(starts.Type is ElementType.Int32 or ElementType.Int64 && starts.Shape.Elements == tensor.Shape.Rank,
            "There is not one first index per axis.");
        return [tensor.TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value tensor, Value part) = (context.Input(0), context.Input(1));
        return new LibraryCall("Slices.Update", tensor.Type.BySize(), context.Input(2).Type.Name()).In(0, 1, 2).Out(0).InPlace((0, 0))
            .Table("Sizes", tensor.Shape).Table("Sizes", part.Shape).Number(tensor.Shape.Rank, tensor.Shape.Elements, part.Shape.Elements);
    }

    [TfLiteOperator(TfLiteBuiltinOperator.DynamicUpdateSlice, Integers = IntegerSupport.Any)]
    internal static void FromTfLite(TfLiteNode node) => node.Emit(new UpdateSlice(), node.Input(0), node.Input(1), node.Input(2));
}
