using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>The same elements with another quantisation, which the output says. Input and output have one shape.</summary>
internal sealed record Reinterpret : Operator
{
    /// <inheritdoc/>
    public override bool TakesAnyScales(int input) => true;

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) => [new TensorType(context[0].Type, context[0].Shape)];

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) => Implementation.Alias;
}
