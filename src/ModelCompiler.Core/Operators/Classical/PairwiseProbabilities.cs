using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>Probabilities of classes, [N, classes], from scores of every two of them, [N, pairs], in float.</summary>
/// <param name="Slopes">What the score of each pair is multiplied by before the sigmoid.</param>
/// <param name="Offsets">What is added then.</param>
/// <param name="Classes">Number of classes.</param>
internal sealed record PairwiseProbabilities(EquatableArray<float> Slopes, EquatableArray<float> Offsets, int Classes) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Shape scores = context[0].Shape;
        InferenceContext.Require(scores.Rank == 2 && scores[1] == Slopes.Count && scores[1] == Offsets.Count && scores[1] == (long)Classes * (Classes - 1) / 2,
            $"Scores of shape {scores} are not those of all pairs of {Classes} classes.");
        return [new TensorType(ElementType.Float32, new Shape(scores[0], Classes))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        int rows = context.Input(0).Shape[0];
        return new LibraryCall("PairwiseProbabilities.Couple").In(0).Out(0).Scratch(ElementType.Float32, (2 * Classes * Classes) + Classes)
            .FloatTable("Slope", Slopes).FloatTable("Offset", Offsets)
            .Number(rows, Classes).Costs(100L * rows * Classes * Classes);
    }
}
