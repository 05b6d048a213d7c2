using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Conversions between the caller's numbers and the network's.</summary>
internal static unsafe partial class Edge
{
    /// <summary>Real numbers to int8: value ÷ scale, round to nearest even, add the zero point, saturate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(ReadOnlySpan<float> values, sbyte* to, float scale, int zero)
    {
        int i = 0;
        fixed (float* from = values)
        {
            for (; i <= values.Length - 4; i += 4)
                Simd128.StoreBytes((byte*)to + i, Simd128.RoundToInt32(Simd128.Clamp(Vector128.Load(from + i) / Vector128.Create(scale),
                    Vector128.Create(-128f - zero), Vector128.Create(127f - zero))) + Vector128.Create(zero));
        }

        for (; i < values.Length; i++) to[i] = (sbyte)(Scalar.RoundToInt32(Math.Min(Math.Max(values[i] / scale, -128f - zero), 127f - zero)) + zero);
    }

    /// <summary>Real numbers to uint8: value ÷ scale, round to nearest even, add the zero point, saturate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(ReadOnlySpan<float> values, byte* to, float scale, int zero)
    {
        int i = 0;
        fixed (float* from = values)
        {
            for (; i <= values.Length - 4; i += 4)
                Simd128.StoreBytes(to + i, Simd128.RoundToInt32(Simd128.Clamp(Vector128.Load(from + i) / Vector128.Create(scale), Vector128.Create(0f - zero),
                    Vector128.Create(255f - zero))) + Vector128.Create(zero));
        }

        for (; i < values.Length; i++) to[i] = (byte)(Scalar.RoundToInt32(Math.Min(Math.Max(values[i] / scale, 0f - zero), 255f - zero)) + zero);
    }

    /// <summary>Real numbers to int16: value ÷ scale, round to nearest even, add the zero point, saturate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(ReadOnlySpan<float> values, short* to, float scale, int zero)
    {
        for (int i = 0; i < values.Length; i++)
            to[i] = (short)(Scalar.RoundToInt32(Math.Min(Math.Max(values[i] / scale, -32768f - zero), 32767f - zero)) + zero);
    }

    /// <summary>Real numbers to int32: value ÷ scale, round to nearest even, add the zero point, saturate.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(ReadOnlySpan<float> values, int* to, float scale, int zero)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double steps = MathF.Round(values[i] / scale);
            to[i] = double.IsNaN(steps) ? zero : (int)Math.Min(Math.Max(steps + zero, int.MinValue), int.MaxValue);
        }
    }

    /// <summary>Integers to the real numbers they stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(sbyte* from, Span<float> values, float scale, int zero)
    {
        for (int i = 0; i < values.Length; i++) values[i] = (from[i] - zero) * scale;
    }

    /// <summary>Integers to the real numbers they stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(byte* from, Span<float> values, float scale, int zero)
    {
        for (int i = 0; i < values.Length; i++) values[i] = (from[i] - zero) * scale;
    }

    /// <summary>Integers to the real numbers they stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(short* from, Span<float> values, float scale, int zero)
    {
        for (int i = 0; i < values.Length; i++) values[i] = (from[i] - zero) * scale;
    }

    /// <summary>Integers to the real numbers they stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dequantize(int* from, Span<float> values, float scale, int zero)
    {
        for (int i = 0; i < values.Length; i++) values[i] = (from[i] - zero) * scale;
    }

    /// <summary>Fills with the self-test's pseudo-random bytes.</summary>
    public static void FillRandom(Span<byte> values, ref ulong state)
    {
        for (int i = 0; i < values.Length; i++) values[i] = (byte)(Random(ref state) >> 56);
    }

    /// <summary>Fills with the self-test's pseudo-random numbers in [−1, 1).</summary>
    public static void FillRandom(Span<float> values, ref ulong state)
    {
        for (int i = 0; i < values.Length; i++) values[i] = (Random(ref state) >> 40) / 8388608f - 1;
    }

    /// <summary>The next bits of xorshift64* (Marsaglia, "Xorshift RNGs", 2003; Vigna, 2016).</summary>
    public static ulong Random(ref ulong state)
    {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        return unchecked(state * 0x2545f4914f6cdd1d);
    }

    /// <summary>FNV-1a, where all that is not a number counts as the same: frameworks differ in its bits.</summary>
    public static void HashNumbers<T>(ReadOnlySpan<T> values, ref ulong hash)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        foreach (T value in values)
        {
            T number = T.IsNaN(value) ? T.NaN : value;
            Hash(new ReadOnlySpan<byte>(&number, sizeof(T)), ref hash);
        }
    }

    /// <summary>FNV-1a.</summary>
    public static void Hash(ReadOnlySpan<byte> values, ref ulong hash)
    {
        foreach (byte value in values) hash = unchecked((hash ^ value) * 0x100000001b3);
    }
}
