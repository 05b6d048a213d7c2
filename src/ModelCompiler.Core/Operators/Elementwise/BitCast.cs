using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>The same bits as elements of another type of the same size; costs nothing at run time.</summary>
/// <param name="Type">Type of the output.</param>
internal sealed record BitCast(ElementType Type) : Operator
{
    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) => [new TensorType(Type, context[0].Shape)];

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) => Implementation.Alias;
}
