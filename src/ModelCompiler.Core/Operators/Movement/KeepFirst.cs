using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>The first elements along an axis, as many as a number says that is computed at run time, and zero bytes after them. Inputs:
/// elements of any type, the number as int64.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
internal sealed record KeepFirst(int Axis) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) => [context[0].TensorType];

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Selection.KeepFirst", context.Input(0).Type.BySize()).In(0, 1).Out(0)
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank));
    }
}
