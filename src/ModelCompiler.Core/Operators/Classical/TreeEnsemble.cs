using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Decision trees. Inputs: rows of features, and as constants the splits of all nodes, the weights of all leaves, and the members of sets.
/// The tables are those of the routine
/// <c>Features.Trees</c>.
/// </summary>
internal sealed record TreeEnsemble(
    EquatableArray<int> Nodes, EquatableArray<int> Leaves, EquatableArray<int> TargetIds, EquatableArray<int> Roots, EquatableArray<int> Sets, int Outputs,
    int Combination) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Shape.Rank is 1 or 2 && x.Type is ElementType.Float32 or ElementType.Float64,
            $"A tensor {x.Type} of shape {x.Shape} is not of rows of features.");
        InferenceContext.Require(Enumerable.Range(0, Nodes.Count / 5).All(i => Nodes[(i * 5) + 1] >= 0 && Nodes[(i * 5) + 1] < x.Shape[-1]),
            "A tree looks at a feature that there is not.");
        return [new TensorType(x.Type, new Shape(x.Shape.Elements / x.Shape[-1], Outputs))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape x = context.Input(0).Shape;
        return new LibraryCall("Features.Trees", context.Input(0).Type.Name()).In(0, 1, 2, 3).Out(0)
            .Table("Nodes", Nodes).Table("Leaves", Leaves).Table("Targets", TargetIds).Table("Roots", Roots).Table("Sets", Sets)
            .Number(x.Elements / x[-1], x[-1], Outputs, Roots.Count, Combination)
            .Costs((long)(x.Elements / x[-1]) * Math.Max(Roots.Count, Nodes.Count / 8));
    }
}
