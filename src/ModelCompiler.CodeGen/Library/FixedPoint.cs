using System.Runtime.CompilerServices;

namespace ModelCompiler.CodeGen.Library;

/// <summary>
/// Functions on signed fixed-point numbers of 32 bits, as the TFLite reference kernels take them from gemmlowp (fixedpoint.h), bit by bit.
/// Q0 stands for 31 fractional bits, Qn for 31 − n.
/// </summary>
internal static unsafe partial class Routine
{
    /// <summary>
    /// x × multiplier × 2^(shift − 31) with two roundings, as TFLite's <c>MultiplyByQuantizedMultiplier</c>: a saturating rounding doubling high multiply,
    /// then a division by a power of two that rounds half away from zero (gemmlowp, fixedpoint.h).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyByQuantizedMultiplier(int x, int multiplier, int shift) =>
        RoundingDivideByPowerOfTwo(RoundingDoublingHighMultiply(unchecked(x << Math.Max(shift, 0)), multiplier), Math.Max(-shift, 0));

    /// <summary>The same for sums of 64 bits (of 16-bit activations): with the multiplier rounded to 16 bits and one rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int MultiplyByQuantizedMultiplier(long x, int multiplier, int shift)
    {
        int reduced = multiplier < 0x7FFF0000 ? (multiplier + (1 << 15)) >> 16 : 0x7FFF;
        return unchecked((int)(((x * reduced) + (1L << (14 - shift))) >> (15 - shift)));
    }

    /// <summary>(a × b + 2³⁰) ÷ 2³¹, rounded down: what the saturating rounding doubling high multiply gives for any multiplier above −2³¹.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RoundingDoublingHighMultiply(int a, int b) =>
        a == int.MinValue && b == int.MinValue ? int.MaxValue : (int)((((long)a * b) + (1L << 30)) >> 31);

    /// <summary>x ÷ 2^exponent, rounded to nearest, half away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RoundingDivideByPowerOfTwo(int x, int exponent)
    {
        int mask = (int)((1L << exponent) - 1);
        int threshold = (mask >> 1) + (x < 0 ? 1 : 0);
        return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
    }

    /// <summary>eˣ in Q0 for x ≤ 0 with <paramref name="integerBits"/> (at most 5) integer bits.</summary>
    public static int ExpOfNegative(int x, int integerBits)
    {
        if (x == 0) return int.MaxValue;
        int fractionalBits = 31 - integerBits;
        int quarter = 1 << (fractionalBits - 2);
        int remainderInQuarter = (x & (quarter - 1)) - quarter;
        int result = ExpOfLastQuarter(SaturatingShiftLeft(remainderInQuarter, integerBits));
        int quarters = remainderInQuarter - x;
        for (int i = 0; i < ExpOfPowers.Length && i - 2 < integerBits; i++)
        {
            if ((quarters & (1 << (fractionalBits + i - 2))) != 0) result = Multiply(result, ExpOfPowers[i]);
        }

        return result;
    }

    /// <summary>exp(−2^(i − 2)) in Q0.</summary>
    public static ReadOnlySpan<int> ExpOfPowers => [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

    /// <summary>eˣ for x in [−1/4, 0): a Taylor series around −1/8.</summary>
    public static int ExpOfLastQuarter(int a)
    {
        const int ExpOfMinusEighth = 1895147668, Third = 715827883;
        int x = a + (1 << 28);
        int x2 = Multiply(x, x);
        int x3 = Multiply(x2, x);
        int x4 = Multiply(x2, x2);
        int tail = RoundingDivideByPowerOfTwo(Multiply(RoundingDivideByPowerOfTwo(x4, 2) + x3, Third) + x2, 1);
        return ExpOfMinusEighth + Multiply(ExpOfMinusEighth, x + tail);
    }

    /// <summary>1 ÷ (1 + e⁻ˣ) in Q0, for x with <paramref name="integerBits"/> integer bits.</summary>
    public static int Logistic(int x, int integerBits)
    {
        if (x == 0) return 1 << 30;
        int positive = OneOverOnePlus(ExpOfNegative(-Math.Abs(x), integerBits));
        return x > 0 ? positive : int.MaxValue - positive;
    }

    /// <summary>tanh(x) in Q0, for x with <paramref name="integerBits"/> (at most 4) integer bits.</summary>
    public static int Tanh(int x, int integerBits)
    {
        if (x == 0) return 0;
        int negated = SaturatingShiftLeft(Newton(ExpOfNegative(-Math.Abs(x), integerBits + 1)) - (1 << 29), 2);
        return x < 0 ? -negated : negated;
    }

    /// <summary>1 ÷ (1 + x) in Q0, for x in Q0 from 0 to 1.</summary>
    public static int OneOverOnePlus(int x) => SaturatingShiftLeft(Newton(x), 1);

    /// <summary>2 ÷ (1 + x) in Q2 by three Newton-Raphson steps from 48/17 − 32/17 · (1 + x)/2.</summary>
    public static int Newton(int x)
    {
        const int FortyEightSeventeenths = 1515870810, MinusThirtyTwoSeventeenths = -1010580540;
        int halfDenominator = (int)(((long)x + int.MaxValue + 1) / 2);
        int y = FortyEightSeventeenths + Multiply(halfDenominator, MinusThirtyTwoSeventeenths);
        for (int i = 0; i < 3; i++) y += SaturatingShiftLeft(Multiply(y, (1 << 29) - Multiply(halfDenominator, y)), 2);
        return y;
    }

    /// <summary>
    /// 1 ÷ x as a number from 1/2 to 1 in Q0 and the number of bits by which it must then be shifted right (TFLite's <c>GetReciprocal</c>).
    /// </summary>
    /// <param name="x">A positive number.</param>
    /// <param name="integerBits">Its integer bits.</param>
    public static (int Value, int BitsOverUnit) Reciprocal(int x, int integerBits)
    {
        int headroom = int.LeadingZeroCount(x);
        int fraction = (int)(((uint)x << headroom) - (1u << 31));
        return (OneOverOnePlus(fraction), integerBits - headroom);
    }

    /// <summary>Largest integer that, scaled by a multiplier with this shift, stays within the integer bits (TFLite's <c>CalculateInputRadius</c>).</summary>
    public static int InputRadius(int integerBits, int shift) => (int)Math.Floor(((1 << integerBits) - 1) * Math.ScaleB(1.0, 31 - integerBits - shift));

    /// <summary>The product of two numbers in Q0.</summary>
    public static int Multiply(int a, int b) => RoundingDoublingHighMultiply(a, b);

    /// <summary>x · 2^bits, saturated.</summary>
    public static int SaturatingShiftLeft(int x, int bits)
    {
        int threshold = (1 << (31 - bits)) - 1;
        return x > threshold ? int.MaxValue : x < -threshold ? int.MinValue : x << bits;
    }
}
