using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// One axis resampled: every place of the output is a weighted sum of elements, whose indices and weights are worked out at build time.
/// </summary>
/// <param name="Axis">The axis.</param>
/// <param name="Places">Size of the axis in the output.</param>
/// <param name="Taps">Elements per place.</param>
/// <param name="Indices">Index of every element; negative where a place lies outside.</param>
/// <param name="Weights">Weight of every element.</param>
/// <param name="Outside">Value of places outside.</param>
internal sealed record Resample(int Axis, int Places, int Taps, EquatableArray<int> Indices, EquatableArray<float> Weights, float Outside) : Operator
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => Axis != rank - 1;

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order) => this with { Axis = order[Axis] };

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Type != ElementType.Bool, "Booleans cannot be resampled.");
        return [new TensorType(context[0].Type, context[0].Shape.With(Axis, Places))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Sampling.Axis", context.Input(0).Type.Name()).In(0).Out(0).Table("Indices", Indices).FloatTable("Weights", Weights)
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], Places, shape.ElementsBetween(Axis + 1, shape.Rank), Taps, Outside)
            .Costs((long)context.Output(0).Shape.Elements * Taps);
    }
}
