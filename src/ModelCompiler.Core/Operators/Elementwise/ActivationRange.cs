using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>A fused activation that clamps: none, ReLU, ReLU6 and the like.</summary>
/// <param name="Min">Smallest result.</param>
/// <param name="Max">Largest result.</param>
internal readonly record struct ActivationRange(float Min, float Max)
{
    /// <summary>No activation.</summary>
    public static ActivationRange None { get; } = new(float.NegativeInfinity, float.PositiveInfinity);

    /// <summary>max(x, 0).</summary>
    public static ActivationRange Relu { get; } = new(0, float.PositiveInfinity);

    /// <summary>min(max(x, 0), 6).</summary>
    public static ActivationRange Relu6 { get; } = new(0, 6);

    /// <summary>min(max(x, −1), 1).</summary>
    public static ActivationRange ReluN1To1 { get; } = new(-1, 1);

    /// <summary>True when it changes nothing.</summary>
    public bool IsNone => float.IsNegativeInfinity(Min) && float.IsPositiveInfinity(Max);

    /// <summary>The result of this activation followed by another.</summary>
    public ActivationRange Then(ActivationRange next) =>
        new(Math.Min(Math.Max(Min, next.Min), next.Max), Math.Min(Math.Max(Max, next.Min), next.Max));

    /// <summary>Clamps a number.</summary>
    public float Apply(float value) => Math.Min(Math.Max(value, Min), Max);

    /// <summary>The range of integers of a quantised output (TFLite's <c>CalculateActivationRangeQuantized</c>).</summary>
    public (int Min, int Max) Quantized(Value output)
    {
        (int low, int high) = (output.Type.MinValue(), output.Type.MaxValue());
        QuantizationParameters q = output.Q;
        return (float.IsInfinity(Min) ? low : Math.Clamp(Integer(Min), low, high), float.IsInfinity(Max) ? high : Math.Clamp(Integer(Max), low, high));

        int Integer(float bound) => (int)Math.Clamp(q.ZeroPoint + Math.Round((double)(bound / q.Scale), MidpointRounding.AwayFromZero), int.MinValue,
            int.MaxValue);
    }
}
