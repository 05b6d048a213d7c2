using System.Numerics;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>
/// Functions on signed fixed-point numbers of 32 bits, as the TFLite reference kernels take them from gemmlowp (fixedpoint.h), bit by bit.
/// Q0 stands for 31 fractional bits, Qn for 31 − n.
/// </summary>
internal static class FixedPointMath
{
    private const int One = int.MaxValue; // 1 in Q0
    private const int OneQ2 = 1 << 29;

    /// <summary>eˣ in Q0 for x ≤ 0 with <paramref name="integerBits"/> (at most 5) integer bits.</summary>
    public static int ExpOfNegative(int x, int integerBits)
    {
        if (x == 0) return One;
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

    // exp(−2^(i − 2)) in Q0.
    private static readonly int[] ExpOfPowers = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

    // eˣ for x in [−1/4, 0): a Taylor series around −1/8.
    private static int ExpOfLastQuarter(int a)
    {
        const int ExpOfMinusEighth = 1895147668, Third = 715827883;
        int x = a + (1 << 28);
        int x2 = Multiply(x, x);
        int x3 = Multiply(x2, x);
        int x4 = Multiply(x2, x2);
        int tail = Requantization.RoundingDivideByPowerOfTwo(Multiply(Requantization.RoundingDivideByPowerOfTwo(x4, 2) + x3, Third) + x2, 1);
        return ExpOfMinusEighth + Multiply(ExpOfMinusEighth, x + tail);
    }

    /// <summary>1 ÷ (1 + e⁻ˣ) in Q0, for x with <paramref name="integerBits"/> integer bits.</summary>
    public static int Logistic(int x, int integerBits)
    {
        if (x == 0) return 1 << 30;
        int positive = OneOverOnePlus(ExpOfNegative(-Math.Abs(x), integerBits));
        return x > 0 ? positive : One - positive;
    }

    /// <summary>tanh(x) in Q0, for x with <paramref name="integerBits"/> (at most 4) integer bits.</summary>
    public static int Tanh(int x, int integerBits)
    {
        if (x == 0) return 0;
        int negated = SaturatingShiftLeft(Newton(ExpOfNegative(-Math.Abs(x), integerBits + 1)) - OneQ2, 2);
        return x < 0 ? -negated : negated;
    }

    /// <summary>1 ÷ (1 + x) in Q0, for x in Q0 from 0 to 1.</summary>
    public static int OneOverOnePlus(int x) => SaturatingShiftLeft(Newton(x), 1);

    // 2 ÷ (1 + x) in Q2 by three Newton-Raphson steps from 48/17 − 32/17 · (1 + x)/2.
    private static int Newton(int x)
    {
        const int FortyEightSeventeenths = 1515870810, MinusThirtyTwoSeventeenths = -1010580540;
        int halfDenominator = (int)(((long)x + One + 1) / 2);
        int y = FortyEightSeventeenths + Multiply(halfDenominator, MinusThirtyTwoSeventeenths);
        for (int i = 0; i < 3; i++) y += SaturatingShiftLeft(Multiply(y, OneQ2 - Multiply(halfDenominator, y)), 2);
        return y;
    }

    /// <summary>
    /// 1 ÷ x as a number from 1/2 to 1 in Q0 and the number of bits by which it must then be shifted right (TFLite's <c>GetReciprocal</c>).
    /// </summary>
    /// <param name="x">A positive number.</param>
    /// <param name="integerBits">Its integer bits.</param>
    public static (int Value, int BitsOverUnit) Reciprocal(int x, int integerBits)
    {
        int headroom = BitOperations.LeadingZeroCount((uint)x);
        int fraction = (int)(((uint)x << headroom) - (1u << 31));
        return (OneOverOnePlus(fraction), integerBits - headroom);
    }

    /// <summary>Largest integer that, scaled by a multiplier with this shift, stays within the integer bits (TFLite's <c>CalculateInputRadius</c>).</summary>
    public static int InputRadius(int integerBits, int shift) => (int)Math.Floor(((1 << integerBits) - 1) * Math.ScaleB(1.0, 31 - integerBits - shift));

    private static int Multiply(int a, int b) => Requantization.RoundingDoublingHighMultiply(a, b);

    private static int SaturatingShiftLeft(int x, int bits)
    {
        int threshold = (1 << (31 - bits)) - 1;
        return x > threshold ? int.MaxValue : x < -threshold ? int.MinValue : x << bits;
    }
}
