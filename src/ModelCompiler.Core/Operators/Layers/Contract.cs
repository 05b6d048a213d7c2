using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>Sums of products of one or two tensors over some axes.</summary>
/// <param name="Sizes">Sizes of the axes: those that are kept, then those that are summed.</param>
/// <param name="StepsA">Elements of the first tensor from one index of an axis to the next, 0 where it does not have the axis.</param>
/// <param name="StepsB">The same for the second tensor.</param>
/// <param name="Kept">Number of axes of the output.</param>
internal sealed record Contract(EquatableArray<int> Sizes, EquatableArray<int> StepsA, EquatableArray<int> StepsB, int Kept) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Type != ElementType.Bool && context.Optional(1)?.Type is var other && (other is null || other == context[0].Type),
            "The operands are not numbers of one type.");
        return [new TensorType(context[0].Type, new Shape(Sizes.Take(Kept)))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context) =>
        new LibraryCall("Contraction.Sum", context.Input(0).Type.Name(), context.Input(0).Type.SumName()).In(0).InOrNull(context, 1).Out(0)
            .Table("Sizes", Sizes).Table("Steps", StepsA).Table("Steps", StepsB)
            .Number(Kept, Sizes.Count, Product(Sizes.Take(Kept)), Product(Sizes.Skip(Kept)))
            .Costs(context.HasInput(1) ? Sizes.Aggregate(1L, (product, size) => product * size) : 0);

    private static int Product(IEnumerable<int> sizes) => sizes.Aggregate(1, (product, size) => checked(product * size));
}
