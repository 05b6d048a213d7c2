using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>Logarithms of the softmax of float32 along an axis: x − max − ln Σ exp(x − max).</summary>
/// <param name="Axis">The axis, counted from the front.</param>
internal sealed record LogSoftmax(int Axis) : Operator
{
    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order) => this with { Axis = order[Axis] };

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.Require(input.Type == ElementType.Float32 && Axis >= 0 && Axis < input.Shape.Rank,
            $"A tensor of {input.Type} and shape {input.Shape} has no logarithms along axis {Axis}.");
        return [new TensorType(input.Type, input.Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Normalization.LogSoftmax").In(0).Out(0).InPlace((0, 0))
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank));
    }
}
