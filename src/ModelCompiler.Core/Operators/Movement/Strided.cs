using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Elements read at steps from a start: slices, reversals and repetitions. Elements of any type.
/// </summary>
/// <param name="Target">Shape of the output.</param>
/// <param name="Sizes">Sizes of the axes that are run through; their product is the number of outputs.</param>
/// <param name="Steps">Elements of the input from one index of an axis to the next.</param>
/// <param name="Start">First element.</param>
internal sealed record Strided(Shape Target, EquatableArray<int> Sizes, EquatableArray<int> Steps, int Start) : Operator
{
    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.SameAsInput;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.Require(input.Quantization is null or { IsPerTensor: true } || !input.IsQuantized,
            "A slice of a tensor with a scale per channel is not supported.");
        return [new TensorType(input.Type, Target, input.Quantization is { IsPerTensor: true } ? input.Quantization : null)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        // Neighbouring axes that run on are one axis.
        var merged = new List<(int Size, int Step)>();
        for (int i = 0; i < Sizes.Count; i++)
        {
            if (Sizes[i] == 1) continue;
            if (merged.Count > 0 && merged[^1].Step == Steps[i] * Sizes[i]) merged[^1] = (merged[^1].Size * Sizes[i], Steps[i]);
            else merged.Add((Sizes[i], Steps[i]));
        }

        if (merged.Count == 0) merged.Add((1, 1));
        return new LibraryCall("Movement.Strided", context.Input(0).Type.BySize()).In(0).Out(0)
            .Table("Sizes", merged.Select(m => m.Size)).Table("Steps", merged.Select(m => m.Step)).Number(merged.Count, Start, Target.Elements);
    }

    /// <summary>A slice: from the starts, so many elements of every axis, at steps that may be negative.</summary>
    public static Strided Slice(Shape input, IReadOnlyList<int> starts, IReadOnlyList<int> sizes, IReadOnlyList<int> steps)
    {
        int[] strides = Transpose.Strides(input);
        return new Strided(new Shape(sizes), sizes.ToEquatableArray(), steps.Select((s, i) => s * strides[i]).ToEquatableArray(),
            starts.Select((s, i) => s * strides[i]).Sum());
    }

    /// <summary>Repetition of axes of size 1 up to a shape.</summary>
    public static Strided Expand(Shape input, Shape target)
    {
        int[] strides = Transpose.Strides(input);
        int lead = target.Rank - input.Rank;
        return new Strided(target, target.ToEquatableArray(),
            Enumerable.Range(0, target.Rank).Select(i => i < lead || input[i - lead] == 1 ? 0 : strides[i - lead]).ToEquatableArray(), 0);
    }

    /// <summary>The whole tensor, so many times along every axis.</summary>
    public static Strided Tile(Shape input, IReadOnlyList<int> repeats)
    {
        int[] strides = Transpose.Strides(input);
        return new Strided(
            new Shape(input.Select((d, i) => checked(d * repeats[i]))),
            input.SelectMany((d, i) => new[] { repeats[i], d }).ToEquatableArray(),
            input.SelectMany((_, i) => new[] { 0, strides[i] }).ToEquatableArray(),
            0);
    }
}
