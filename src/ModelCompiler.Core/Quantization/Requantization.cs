using System.Runtime.CompilerServices;
using ModelCompiler.CodeGen.Library;

namespace ModelCompiler.Core.Quantization;

/// <summary>How int32 accumulators become 8-bit activations.</summary>
public enum RequantizationMode
{
    /// <summary>Multiply by a float factor, clamp, round to nearest even: what ONNX Runtime and XNNPACK do.</summary>
    Float,

    /// <summary>Multiply by a Q31 factor and shift, in integers only, with the double rounding of the TFLite reference kernels.</summary>
    FixedPoint,
}

/// <summary>
/// The two formulas of requantisation. They are defined here and nowhere else in the compiler; emitted code is tested against them bit by bit.
/// </summary>
internal static class Requantization
{
    /// <summary>
    /// Float requantisation: clamp(rne(sum × scale)) + zero point, the clamp taken before rounding, which gives the same since its bounds are integers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Float(int sum, float scale, int zeroPoint, int min, int max) =>
        (int)MathF.Round(Math.Min(Math.Max(sum * scale, min - zeroPoint), max - zeroPoint)) + zeroPoint;

    /// <summary>Fixed-point requantisation: clamp(sum × multiplier × 2^(shift − 31) + zero point).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int FixedPoint(int sum, int multiplier, int shift, int zeroPoint, int min, int max) =>
        Math.Clamp(MultiplyByQuantizedMultiplier(sum, multiplier, shift) + zeroPoint, min, max);

    /// <summary>x × multiplier × 2^(shift − 31) with the two roundings of TFLite's <c>MultiplyByQuantizedMultiplier</c>.</summary>
    public static int MultiplyByQuantizedMultiplier(int x, int multiplier, int shift) => Routine.MultiplyByQuantizedMultiplier(x, multiplier, shift);

    /// <summary>(a × b + 2³⁰) ÷ 2³¹, rounded down.</summary>
    public static int RoundingDoublingHighMultiply(int a, int b) => Routine.RoundingDoublingHighMultiply(a, b);

    /// <summary>x ÷ 2^exponent, rounded to nearest, half away from zero.</summary>
    public static int RoundingDivideByPowerOfTwo(int x, int exponent) => Routine.RoundingDivideByPowerOfTwo(x, exponent);

    /// <summary>
    /// A real factor as Q31 multiplier, which has the factor's sign, and shift (left when positive), as TFLite's <c>QuantizeMultiplier</c>.
    /// </summary>
    public static (int Multiplier, int Shift) QuantizeMultiplier(double factor)
    {
        if (factor == 0) return (0, 0);
        int shift = Math.ILogB(factor) + 1;
        double fraction = Math.ScaleB(factor, -shift); // in [0.5, 1) or (−1, −0.5]
        long multiplier = (long)Math.Round(fraction * (1L << 31), MidpointRounding.AwayFromZero);
        if (multiplier == 1L << 31)
        {
            multiplier /= 2;
            shift++;
        }

        // −2³¹ is the one multiplier whose products leave int32. Its neighbour differs for sums beyond 2³⁰ only, and there in the last of 31 bits.
        multiplier = Math.Max(multiplier, -int.MaxValue);
        if (shift < -31) return (0, 0);
        return shift > 30 ? (factor < 0 ? -int.MaxValue : int.MaxValue, 30) : ((int)multiplier, shift);
    }

    /// <summary>A real number as an integer: clamp(rne(value ÷ scale)) + zero point.</summary>
    public static int Quantize(float value, float scale, int zeroPoint, int min, int max) =>
        (int)MathF.Round(Math.Min(Math.Max(value / scale, (float)min - zeroPoint), (float)max - zeroPoint)) + zeroPoint;
}
