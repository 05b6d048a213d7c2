using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Layer, RMS or L2 normalisation of float32: (x − mean) ÷ the root of the mean or sum of squares, optionally times a scale and plus a shift,
/// which are constants of the shape of the input along the axes and of size 1 along others. What would be divided by zero is zero.
/// </summary>
/// <param name="Axes">The axes, ascending; those of more than one element are neighbours.</param>
/// <param name="Centred">True to subtract the mean.</param>
/// <param name="Mean">True for the mean of squares, false for their sum.</param>
/// <param name="Floor">What keeps the divisor from zero.</param>
/// <param name="Epsilon">The number that does.</param>
internal sealed record Normalize(EquatableArray<int> Axes, bool Centred, bool Mean, DivisorFloor Floor, float Epsilon) : Operator
{
    /// <inheritdoc/>
    public override string Name => Centred ? "LayerNormalization" : Mean ? "RMSNormalization" : "L2Normalization";

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order)
    {
        int[] moved = [.. Axes.Select(a => order[a]).Order()];
        return moved[^1] - moved[0] == moved.Length - 1 ? this with { Axes = moved.ToEquatableArray() } : null;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.Require(input.Type == ElementType.Float32 && Takes(input.Shape, Axes),
            $"A tensor of {input.Type} and shape {input.Shape} is not normalised along [{string.Join(", ", Axes)}].");
        Shape parameters = ParameterShape(input.Shape, Axes);
        for (int i = 1; i <= 2; i++)
            InferenceContext.Require(context.Optional(i) is not { } p || (p.Type == ElementType.Float32 && p.Shape == parameters),
                $"Scale and shift are not of shape {parameters}.");
        return [new TensorType(input.Type, input.Shape)];
    }

    /// <summary>True when a tensor can be normalised along these axes.</summary>
    public static bool Takes(Shape shape, EquatableArray<int> axes)
    {
        if (axes.Count == 0 || axes.Any(a => a < 0 || a >= shape.Rank)) return false;
        int[] wide = [.. axes.Where(a => shape[a] != 1)];
        return wide.Length == 0 || shape.ElementsBetween(wide[0], wide[^1] + 1) == axes.Aggregate(1, (product, a) => product * shape[a]);
    }

    /// <summary>Shape of scale and shift.</summary>
    public static Shape ParameterShape(Shape shape, EquatableArray<int> axes) => new(shape.Select((d, i) => axes.Contains(i) ? d : 1));

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        int[] wide = [.. Axes.Where(a => shape[a] != 1)];
        (int first, int end) = wide.Length == 0 ? (shape.Rank, shape.Rank) : (wide[0], wide[^1] + 1);
        return new LibraryCall("Normalization.Normalize").In(0).InOrNull(context, 1).InOrNull(context, 2).Out(0).InPlace((0, 0))
            .Number(shape.ElementsBetween(0, first), shape.ElementsBetween(first, end), shape.ElementsBetween(end, shape.Rank), Centred, Mean, (int)Floor,
                Epsilon);
    }
}

/// <summary>How the divisor of a normalisation is kept from zero; s is the mean or sum of squares.</summary>
internal enum DivisorFloor
{
    /// <summary>√(s + ε).</summary>
    AddedToSquares,

    /// <summary>√max(s, ε).</summary>
    LeastSquares,

    /// <summary>√s + ε.</summary>
    AddedToRoot,

    /// <summary>max(√s, ε).</summary>
    LeastRoot,
}
