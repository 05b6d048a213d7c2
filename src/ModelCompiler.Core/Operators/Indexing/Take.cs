using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Every axis by a list of indices of the input, −1 for the fill value (the optional second input, else zero): paddings that repeat what is there.
/// Elements of any type.
/// </summary>
/// <param name="Target">Shape of the output.</param>
/// <param name="Indices">The lists, one after the other.</param>
internal sealed record Take(Shape Target, EquatableArray<int> Indices) : Operator
{
    // Entries of the lists, which are tables of the compiled network.
    private const long MostEntries = 1 << 22;

    /// <summary>The operator whose lists a function gives.</summary>
    /// <param name="target">Shape of the output.</param>
    /// <param name="source">Index of the input for an axis and an index of the output, −1 for the fill value.</param>
    /// <exception cref="ModelCompilationException">MC1003: the output has too long sides.</exception>
    public static Take Of(Shape target, Func<int, int, int> source)
    {
        if (target.Sum(d => (long)d) > MostEntries)
            throw new ModelCompilationException("MC1003", $"The output becomes {target}, which is too much.", "Use smaller sizes.");
        return new Take(target, target.SelectMany((d, axis) => Enumerable.Range(0, d).Select(i => source(axis, i))).ToEquatableArray());
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context.Optional(1) is not { } fill || (fill.Type == context[0].Type && fill.Shape.Elements == 1),
            "The fill value is not one element of the input's type.");
        return [new TensorType(context[0].Type, Target, context[0].Quantization is { IsPerTensor: true } ? context[0].Quantization : null)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        int[] strides = Transpose.Strides(context.Input(0).Shape);
        int at = 0;
        var offsets = new List<int>();
        for (int axis = 0; axis < Target.Rank; axis++)
        {
            for (int i = 0; i < Target[axis]; i++) offsets.Add(Indices[at++] is var index and >= 0 ? index * strides[axis] : -1);
        }

        return new LibraryCall("Movement.Take", context.Input(0).Type.BySize()).In(0).InOrNull(context, 1).Out(0).Table("Sizes", Target)
            .Table("Offsets", offsets).Number(Target.Rank, Target.Elements);
    }
}
