using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Vector operations the kernels need, 128 bits wide, on any platform.</summary>
internal static unsafe partial class Simd128
{
    /// <summary>The pair of int16 at the address, in every pair of lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> BroadcastPair(short* p) => Vector128.Create(*(int*)p).AsInt16();

    /// <summary>Int32 sums to 8-bit integers: scale, clamp, round to nearest even, add the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Requantize(Vector128<int> sum, Vector128<float> scale, float min, float max, int zero) =>
        RoundToInt32(Clamp(Vector128.ConvertToSingle(sum) * scale, Vector128.Create(min), Vector128.Create(max))) + Vector128.Create(zero);

    /// <summary>Int32 sums to 8-bit integers by integer arithmetic alone: multiplier in Q31, shift (left when positive), clamp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RequantizeFixed(Vector128<int> sum, Vector128<int> multiplier, Vector128<int> shift, int min, int max, int zero) =>
        Vector128.Min(Vector128.Max(MultiplyByQuantizedMultiplier(sum, multiplier, shift) + Vector128.Create(zero), Vector128.Create(min)),
            Vector128.Create(max));

    /// <summary>Bytes of a table of 32 by their index; 0 for indices beyond it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LookUp(Vector128<byte> a, Vector128<byte> b, Vector128<byte> indices) =>
        LookUp(a, indices) | LookUp(b, indices - Vector128.Create((byte)16));

    /// <summary>Bytes of a table of 64 by their index; 0 for indices beyond it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LookUp(Vector128<byte> a, Vector128<byte> b, Vector128<byte> c, Vector128<byte> d, Vector128<byte> indices) =>
        LookUp(a, b, indices) | LookUp(c, d, indices - Vector128.Create((byte)32));

    /// <summary>Stores the low bytes of the first <paramref name="count"/> lanes.</summary>
    public static void StoreBytes(byte* p, Vector128<int> values, int count)
    {
        for (int i = 0; i < count; i++) p[i] = (byte)values.GetElement(i);
    }

    /// <summary>Stores the first <paramref name="count"/> lanes; a constant count costs a few moves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFloats(float* p, Vector128<float> values, int count) => new ReadOnlySpan<float>(&values, count).CopyTo(new Span<float>(p, count));

    /// <summary>Copies int8 numbers as int16, less the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenInt8(sbyte* from, short* to, int count, int zero)
    {
        Vector128<short> offset = Vector128.Create((short)zero);
        int i = 0;
        for (; i <= count - Vector128<short>.Count; i += Vector128<short>.Count) (LoadInt8(from + i) - offset).Store(to + i);
        for (; i < count; i++) to[i] = (short)(from[i] - zero);
    }

    /// <summary>Copies uint8 numbers as int16, less the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenUInt8(byte* from, short* to, int count, int zero)
    {
        Vector128<short> offset = Vector128.Create((short)zero);
        int i = 0;
        for (; i <= count - Vector128<short>.Count; i += Vector128<short>.Count) (LoadUInt8(from + i) - offset).Store(to + i);
        for (; i < count; i++) to[i] = (short)(from[i] - zero);
    }

    /// <summary>
    /// Loads IEEE 754 binary16 numbers as float32, exactly: exponent and fraction move to their places, the exponent's bias grows by 112; subnormal numbers
    /// get an exponent for the time of a subtraction. None is infinite or not a number.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadHalves(ushort* p)
    {
        Vector128<int> bits = LoadUInt16AsInt32(p), magnitude = Vector128.ShiftLeft(bits & Vector128.Create(0x7FFF), 13);
        Vector128<float> small = (magnitude + Vector128.Create(113 << 23)).AsSingle() - Vector128.Create(113 << 23).AsSingle();
        Vector128<int> wide = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(1 << 23)), small.AsInt32(),
            magnitude + Vector128.Create(112 << 23));
        return (wide | Vector128.ShiftLeft(bits & Vector128.Create(0x8000), 16)).AsSingle();
    }

    /// <summary>Copies IEEE 754 binary16 numbers, none of them infinite or not a number, as float32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void WidenHalves(ushort* from, float* to, int count)
    {
        int i = 0;
        for (; i <= count - Vector128<float>.Count; i += Vector128<float>.Count) LoadHalves(from + i).Store(to + i);
        for (; i < count; i++) to[i] = (float)BitConverter.UInt16BitsToHalf(from[i]);
    }

    /// <summary>Real numbers within bounds; what is not a number stays none: of two operands of which one is none, .NET 8 takes the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Clamp(Vector128<float> values, Vector128<float> min, Vector128<float> max) => Vector128.Min(max, Vector128.Max(min, values));

    /// <summary>The larger of each two numbers, and none where one of them is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Larger(Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.Equals(a, a), Vector128.Max(a, b), a);

    /// <summary>Real numbers in steps of the output to 8-bit integers: clamp, round to nearest even, add the zero point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ClampRound(Vector128<float> values, float min, float max, int zero) =>
        RoundToInt32(Clamp(values, Vector128.Create(min), Vector128.Create(max))) + Vector128.Create(zero);

    /// <summary>Like ClampRound, with ties away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> ClampRoundAway(Vector128<float> values, float min, float max, int zero)
    {
        Vector128<float> clamped = Clamp(values, Vector128.Create(min), Vector128.Create(max));
        Vector128<float> half = Vector128.Create(0.49999997f) | (clamped & Vector128.Create(-0f));
        return TruncateInRange(clamped + half) + Vector128.Create(zero);
    }

    /// <summary>Int32 sums ÷ count, rounded half away from zero; exact for sums of at most 65536 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> DivideRounded(Vector128<int> sums, int count)
    {
        Vector128<int> half = Vector128.ConditionalSelect(Vector128.GreaterThan(sums, Vector128<int>.Zero), Vector128.Create(count / 2),
            Vector128.Create(-(count / 2)));
        return TruncateInRange(Vector128.ConvertToSingle(sums + half) / Vector128.Create((float)count));
    }

    /// <summary>Sum of int8 numbers.</summary>
    public static int SumInt8(sbyte* p, int count)
    {
        Vector128<int> sums = Vector128<int>.Zero;
        int i = 0;
        for (; i <= count - Vector128<short>.Count; i += Vector128<short>.Count) sums += MultiplyAddPairs(LoadInt8(p + i), Vector128<short>.One);
        int sum = Vector128.Sum(sums);
        for (; i < count; i++) sum += p[i];
        return sum;
    }

    /// <summary>Sum of uint8 numbers.</summary>
    public static int SumUInt8(byte* p, int count)
    {
        Vector128<int> sums = Vector128<int>.Zero;
        int i = 0;
        for (; i <= count - Vector128<short>.Count; i += Vector128<short>.Count) sums += MultiplyAddPairs(LoadUInt8(p + i), Vector128<short>.One);
        int sum = Vector128.Sum(sums);
        for (; i < count; i++) sum += p[i];
        return sum;
    }

    /// <summary>Largest of some numbers.</summary>
    public static sbyte MaxInt8(sbyte* p, int count)
    {
        sbyte max = p[0];
        int i = 0;
        if (count >= Vector128<byte>.Count)
        {
            Vector128<sbyte> largest = Vector128.Load(p);
            for (i = Vector128<byte>.Count; i <= count - Vector128<byte>.Count; i += Vector128<byte>.Count)
                largest = Vector128.Max(largest, Vector128.Load(p + i));
            for (int lane = 0; lane < Vector128<byte>.Count; lane++) max = Math.Max(max, largest.GetElement(lane));
        }
        for (; i < count; i++) max = Math.Max(max, p[i]);
        return max;
    }

    /// <summary>Largest of some numbers.</summary>
    public static byte MaxUInt8(byte* p, int count)
    {
        byte max = p[0];
        int i = 0;
        if (count >= Vector128<byte>.Count)
        {
            Vector128<byte> largest = Vector128.Load(p);
            for (i = Vector128<byte>.Count; i <= count - Vector128<byte>.Count; i += Vector128<byte>.Count)
                largest = Vector128.Max(largest, Vector128.Load(p + i));
            for (int lane = 0; lane < Vector128<byte>.Count; lane++) max = Math.Max(max, largest.GetElement(lane));
        }
        for (; i < count; i++) max = Math.Max(max, p[i]);
        return max;
    }

    /// <summary>Largest of some numbers.</summary>
    public static float MaxFloat32(float* p, int count)
    {
        float max = p[0];
        int i = 0;
        if (count >= Vector128<int>.Count)
        {
            Vector128<float> largest = Vector128.Load(p);
            for (i = Vector128<int>.Count; i <= count - Vector128<int>.Count; i += Vector128<int>.Count)
                largest = Vector128.Max(largest, Vector128.Load(p + i));
            for (int lane = 0; lane < Vector128<int>.Count; lane++) max = Math.Max(max, largest.GetElement(lane));
        }
        for (; i < count; i++) max = Math.Max(max, p[i]);
        return max;
    }
}
