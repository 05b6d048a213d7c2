using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Arithmetic of single numbers, exactly as the vector operations do it.</summary>
internal static unsafe partial class Scalar
{
    /// <summary>An int32 sum to an 8-bit integer: scale, clamp, round to nearest even, add the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Requantize(int sum, float scale, float min, float max, int zero) => RoundToInt32(Math.Min(Math.Max(sum * scale, min), max)) + zero;

    /// <summary>An int32 sum to an 8-bit integer by integer arithmetic alone: multiplier in Q31, shift (left when positive), clamp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RequantizeFixed(int sum, int multiplier, int shift, int min, int max, int zero) =>
        Math.Min(Math.Max(MultiplyByQuantizedMultiplier(sum, multiplier, shift) + zero, min), max);

    /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
    public static int MultiplyByQuantizedMultiplier(int sum, int multiplier, int shift)
    {
        int high = (int)(((long)(sum << Math.Max(shift, 0)) * multiplier + (1L << 30)) >> 31);
        int exponent = Math.Max(-shift, 0);
        int mask = (int)((1L << exponent) - 1);
        int threshold = (mask >> 1) + (high < 0 ? 1 : 0);
        return (high >> exponent) + ((high & mask) > threshold ? 1 : 0);
    }

    /// <summary>The nearest integer, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int RoundToInt32(float value) => (int)MathF.Round(value);

    /// <summary>a·b + c, with one rounding where the processor has the instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(a, b, c) : (a * b) + c;

    /// <summary>Copies int8 numbers as int16, less the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenInt8(sbyte* from, short* to, int count, int zero)
    {
        for (int i = 0; i < count; i++) to[i] = (short)(from[i] - zero);
    }

    /// <summary>Copies uint8 numbers as int16, less the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenUInt8(byte* from, short* to, int count, int zero)
    {
        for (int i = 0; i < count; i++) to[i] = (short)(from[i] - zero);
    }

    /// <summary>An IEEE 754 binary16 number as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LoadHalves(ushort* p) => (float)BitConverter.UInt16BitsToHalf(*p);

    /// <summary>Copies IEEE 754 binary16 numbers as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenHalves(ushort* from, float* to, int count)
    {
        for (int i = 0; i < count; i++) to[i] = LoadHalves(from + i);
    }

    /// <summary>A real number in steps of the output to an 8-bit integer: clamp, round to nearest even, add the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ClampRound(float value, float min, float max, int zero) => RoundToInt32(Math.Min(Math.Max(value, min), max)) + zero;

    /// <summary>Like ClampRound, with ties away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ClampRoundAway(float value, float min, float max, int zero) =>
        (int)MathF.Round(Math.Min(Math.Max(value, min), max), MidpointRounding.AwayFromZero) + zero;

    /// <summary>An int32 sum ÷ count, rounded half away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int DivideRounded(int sum, int count) => (sum > 0 ? sum + count / 2 : sum - count / 2) / count;

    /// <summary>Sum of int8 numbers.</summary>
    public static int SumInt8(sbyte* p, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++) sum += p[i];
        return sum;
    }

    /// <summary>Sum of uint8 numbers.</summary>
    public static int SumUInt8(byte* p, int count)
    {
        int sum = 0;
        for (int i = 0; i < count; i++) sum += p[i];
        return sum;
    }

    /// <summary>Largest of some numbers.</summary>
    public static sbyte MaxInt8(sbyte* p, int count)
    {
        sbyte max = p[0];
        for (int i = 1; i < count; i++) max = Math.Max(max, p[i]);
        return max;
    }

    /// <summary>Largest of some numbers.</summary>
    public static byte MaxUInt8(byte* p, int count)
    {
        byte max = p[0];
        for (int i = 1; i < count; i++) max = Math.Max(max, p[i]);
        return max;
    }

    /// <summary>Largest of some numbers.</summary>
    public static float MaxFloat32(float* p, int count)
    {
        float max = p[0];
        for (int i = 1; i < count; i++) max = Math.Max(max, p[i]);
        return max;
    }
}
