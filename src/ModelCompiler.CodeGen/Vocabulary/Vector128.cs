using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Vector operations the kernels need, 128 bits wide, on any platform.</summary>
internal static unsafe partial class Simd128
{
    /// <summary>Loads 8 int8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> LoadInt8(sbyte* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)p).AsSByte());

    /// <summary>Loads 8 uint8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> LoadUInt8(byte* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)p).AsByte()).AsInt16();

    /// <summary>Loads 4 int8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadInt8AsInt32(sbyte* p) => Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)p).AsSByte()));

    /// <summary>Loads 4 uint16 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadUInt16AsInt32(ushort* p) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)p).AsUInt16()).AsInt32();

    /// <summary>Loads 4 uint8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadUInt8AsInt32(byte* p) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)p).AsByte())).AsInt32();

    /// <summary>Products of int16, each two neighbours summed in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported) return Sse2.MultiplyAddAdjacent(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.AddPairwise(AdvSimd.MultiplyWideningLower(a.GetLower(), b.GetLower()), AdvSimd.MultiplyWideningUpper(a, b));
        Vector128<int> even = ((a.AsInt32() << 16) >> 16) * ((b.AsInt32() << 16) >> 16);
        Vector128<int> odd = (a.AsInt32() >> 16) * (b.AsInt32() >> 16);
        return even + odd;
    }

    /// <summary>a·b + c, with one rounding where the processor has the instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Fma.IsSupported ? Fma.MultiplyAdd(a, b, c) : AdvSimd.IsSupported ? AdvSimd.FusedMultiplyAdd(c, a, b) : (a * b) + c;

    /// <summary>The nearest integers, ties to even, of numbers below 2²² in size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RoundToInt32(Vector128<float> values)
    {
        if (Sse2.IsSupported) return Sse2.ConvertToVector128Int32(values);
        if (AdvSimd.IsSupported) return AdvSimd.ConvertToInt32RoundToEven(values);
        Vector128<float> magic = Vector128.Create(12582912f); // 1.5 · 2²³: the sum's last bit weighs one
        return (values + magic).AsInt32() - magic.AsInt32();
    }

    /// <summary>The integers towards zero, of numbers within the range of int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TruncateInRange(Vector128<float> values) =>
        Sse2.IsSupported ? Sse2.ConvertToVector128Int32WithTruncation(values) : Vector128.ConvertToInt32(values);

    /// <summary>Stores the low bytes of 4 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* p, Vector128<int> values)
    {
        Vector128<short> words = Vector128.Narrow(values, values);
        *(int*)p = Vector128.Narrow(words, words).AsInt32().ToScalar();
    }

    /// <summary>Interleaves int16 lanes of a and b: pairs of the first four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> ZipLower(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a, b);
        return ((Vector128.WidenLower(a) & Vector128.Create(0xFFFF)) | (Vector128.WidenLower(b) << 16)).AsInt16();
    }

    /// <summary>Interleaves int16 lanes of a and b: pairs of the last four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> ZipUpper(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a, b);
        return ((Vector128.WidenUpper(a) & Vector128.Create(0xFFFF)) | (Vector128.WidenUpper(b) << 16)).AsInt16();
    }

    /// <summary>The table entries that belong to the channels of <see cref="ZipLower"/>, of 8 neighbouring channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadZipLower(int* p) => Vector128.Load(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadZipLower(float* p) => Vector128.Load(p);

    /// <summary>The table entries that belong to the channels of <see cref="ZipUpper"/>, of 8 neighbouring channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadZipUpper(int* p) => Vector128.Load(p + 4);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadZipUpper(float* p) => Vector128.Load(p + 4);

    /// <summary>Stores 8 bytes from the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreZippedBytes(byte* p, Vector128<int> lower, Vector128<int> upper)
    {
        Vector128<short> words = Vector128.Narrow(lower, upper);
        *(long*)p = Vector128.Narrow(words, words).AsInt64().ToScalar();
    }

    /// <summary>Stores the first bytes of the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
    public static void StoreZippedBytes(byte* p, Vector128<int> lower, Vector128<int> upper, int count)
    {
        byte* all = stackalloc byte[8];
        StoreZippedBytes(all, lower, upper);
        for (int i = 0; i < count; i++) p[i] = all[i];
    }

    /// <summary>The sixteen bytes at the address, in every 128-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Repeat16(byte* p) => Vector128.Load(p);

    /// <summary>Bytes of a table of sixteen, which lies in every 128-bit lane, by their index; 0 for indices beyond it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> LookUp(Vector128<byte> table, Vector128<byte> indices)
    {
        if (Ssse3.IsSupported) return Ssse3.Shuffle(table, Sse2.AddSaturate(indices, Vector128.Create((byte)112)));
        return AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(table, indices) : Vector128.Shuffle(table, indices);
    }

    /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
    public static Vector128<int> MultiplyByQuantizedMultiplier(Vector128<int> sum, Vector128<int> multiplier, Vector128<int> shift)
    {
        return Vector128.Create(
            Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(0), multiplier.GetElement(0), shift.GetElement(0)),
            Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(1), multiplier.GetElement(1), shift.GetElement(1)),
            Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(2), multiplier.GetElement(2), shift.GetElement(2)),
            Scalar.MultiplyByQuantizedMultiplier(sum.GetElement(3), multiplier.GetElement(3), shift.GetElement(3)));
    }

    /// <summary>Sixteen bytes from the address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadLanes(byte* a) => Vector128.Load((int*)a);

    /// <summary>Sixteen bytes from every so many bytes on, in the order of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadLanes(byte* a, nint step) => Vector128.Load((int*)a);

    /// <summary>Stores the lanes so many bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLanes(Vector128<byte> lanes, byte* to, nint step) => lanes.Store(to);

    /// <summary>Interleaves bytes of four sources, as quads a, b, c, d.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Interleave4(byte* a, byte* b, byte* c, byte* d, byte* to, int count)
    {
        int i = 0;
        for (; Sse2.IsSupported && i <= count - 16; i += 16)
        {
            Vector128<byte> va = Vector128.Load(a + i), vb = Vector128.Load(b + i), vc = Vector128.Load(c + i), vd = Vector128.Load(d + i);
            Vector128<short> lowerAb = Sse2.UnpackLow(va, vb).AsInt16(), upperAb = Sse2.UnpackHigh(va, vb).AsInt16();
            Vector128<short> lowerCd = Sse2.UnpackLow(vc, vd).AsInt16(), upperCd = Sse2.UnpackHigh(vc, vd).AsInt16();
            Sse2.UnpackLow(lowerAb, lowerCd).Store((short*)(to + i * 4));
            Sse2.UnpackHigh(lowerAb, lowerCd).Store((short*)(to + i * 4 + 16));
            Sse2.UnpackLow(upperAb, upperCd).Store((short*)(to + i * 4 + 32));
            Sse2.UnpackHigh(upperAb, upperCd).Store((short*)(to + i * 4 + 48));
        }

        for (; i < count; i++) *(uint*)(to + i * 4) = (uint)(a[i] | b[i] << 8 | c[i] << 16 | d[i] << 24);
    }

    /// <summary>Products of uint8 and int8, each two neighbours summed in int16; weights must exclude saturation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> MultiplyAddBytes(Vector128<byte> a, Vector128<sbyte> b)
    {
        if (Ssse3.IsSupported) return Ssse3.MultiplyAddAdjacent(a, b);
        Vector128<short> even = (a.AsInt16() & Vector128.Create((short)0xFF)) * ((b.AsInt16() << 8) >> 8);
        return even + ((a.AsUInt16() >> 8).AsInt16() * (b.AsInt16() >> 8));
    }

    /// <summary>The nearest integers, ties to even, of numbers within the range of int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RoundInRange(Vector128<float> values)
    {
        if (Sse2.IsSupported) return Sse2.ConvertToVector128Int32(values);
        if (AdvSimd.IsSupported) return AdvSimd.ConvertToInt32RoundToEven(values);
        // 2²³, from where on floats are integers, with the number's sign
        Vector128<float> magic = Vector128.Create(8388608f) | (values & Vector128.Create(-0f));
        return Vector128.ConvertToInt32(Vector128.ConditionalSelect(Vector128.LessThan(Vector128.Abs(values), Vector128.Create(8388608f)),
            values + magic - magic, values));
    }

    /// <summary>Four pixels' integers plus the zero point as uint8, pixel after pixel; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PackUInt8(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero)
    {
        Vector128<int> offset = Vector128.WidenLower(zero);
        return Vector128.Narrow(PackWords(a, b, offset, 0, 255), PackWords(c, d, offset, 0, 255)).AsByte();
    }

    /// <summary>Four pixels' integers plus the zero point as int8, pixel after pixel; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> PackInt8(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero)
    {
        Vector128<int> offset = Vector128.WidenLower(zero);
        return Vector128.Narrow(PackWords(a, b, offset, -128, 127), PackWords(c, d, offset, -128, 127));
    }

    /// <summary>Two vectors of int32 plus an offset, within bounds, as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> PackWords(Vector128<int> a, Vector128<int> b, Vector128<int> offset, int min, int max) => Vector128.Narrow(
        Vector128.Min(Vector128.Max(a, Vector128.Create(min) - offset), Vector128.Create(max) - offset) + offset,
        Vector128.Min(Vector128.Max(b, Vector128.Create(min) - offset), Vector128.Create(max) - offset) + offset);

    /// <summary>Interleaves the bytes of the first halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> ZipLowerBytes(Vector128<byte> a, Vector128<byte> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b).AsInt16() : (Vector128.WidenLower(a) | (Vector128.WidenLower(b) << 8)).AsInt16();

    /// <summary>Interleaves the bytes of the second halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> ZipUpperBytes(Vector128<byte> a, Vector128<byte> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b).AsInt16() : (Vector128.WidenUpper(a) | (Vector128.WidenUpper(b) << 8)).AsInt16();

    /// <summary>Interleaves the pairs of bytes of the first halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ZipLowerWords(Vector128<short> a, Vector128<short> b) =>
        Sse2.IsSupported ? Sse2.UnpackLow(a, b).AsByte() : (Vector128.WidenLower(a.AsUInt16()) | (Vector128.WidenLower(b.AsUInt16()) << 16)).AsByte();

    /// <summary>Interleaves the pairs of bytes of the second halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> ZipUpperWords(Vector128<short> a, Vector128<short> b) =>
        Sse2.IsSupported ? Sse2.UnpackHigh(a, b).AsByte() : (Vector128.WidenUpper(a.AsUInt16()) | (Vector128.WidenUpper(b.AsUInt16()) << 16)).AsByte();

    /// <summary>Four vectors of integers plus the zero point as uint8, one after the other; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PackUInt8InLanes(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero) =>
        PackUInt8(a, b, c, d, zero);

    /// <summary>Four vectors of integers plus the zero point as int8, one after the other; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> PackInt8InLanes(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, Vector128<short> zero) =>
        PackInt8(a, b, c, d, zero);

    /// <summary>Stores the 4 bytes of one pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(byte* p, Vector128<byte> packed, int part) => *(int*)p = packed.AsInt32().GetElement(part);
}
