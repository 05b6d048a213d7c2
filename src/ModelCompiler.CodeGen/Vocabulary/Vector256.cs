using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Vector operations the kernels need, 256 bits wide, on x64 with AVX2.</summary>
internal static unsafe partial class Simd256
{
    /// <summary>Loads 16 int8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> LoadInt8(sbyte* p) => Avx2.ConvertToVector256Int16(p);

    /// <summary>Loads 16 uint8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> LoadUInt8(byte* p) => Avx2.ConvertToVector256Int16(p);

    /// <summary>Loads 8 int8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadInt8AsInt32(sbyte* p) => Avx2.ConvertToVector256Int32(p);

    /// <summary>Loads 8 uint16 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadUInt16AsInt32(ushort* p) => Avx2.ConvertToVector256Int32(p);

    /// <summary>Loads 8 uint8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadUInt8AsInt32(byte* p) => Avx2.ConvertToVector256Int32(p);

    /// <summary>Products of int16, each two neighbours summed in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddPairs(Vector256<short> a, Vector256<short> b) => Avx2.MultiplyAddAdjacent(a, b);

    /// <summary>a·b + c with one rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Fma.MultiplyAdd(a, b, c);

    /// <summary>The nearest integers, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> RoundToInt32(Vector256<float> values) => Avx.ConvertToVector256Int32(values);

    /// <summary>The integers towards zero, of numbers within the range of int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> TruncateInRange(Vector256<float> values) => Avx.ConvertToVector256Int32WithTruncation(values);

    /// <summary>Stores the low bytes of 8 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* p, Vector256<int> values)
    {
        Vector128<short> words = Sse2.PackSignedSaturate(values.GetLower(), values.GetUpper()) & Vector128.Create((short)0xFF);
        *(long*)p = Sse2.PackUnsignedSaturate(words, words).AsInt64().ToScalar();
    }

    /// <summary>Interleaves int16 lanes of a and b, as pairs of the first and of the second half of every 128-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> ZipLower(Vector256<short> a, Vector256<short> b) => Avx2.UnpackLow(a, b);

    /// <summary>The other half of <see cref="ZipLower"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> ZipUpper(Vector256<short> a, Vector256<short> b) => Avx2.UnpackHigh(a, b);

    /// <summary>The table entries that belong to the channels of <see cref="ZipLower"/>, of 16 neighbouring channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadZipLower(int* p) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + 8));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadZipLower(float* p) => Vector256.Create(Vector128.Load(p), Vector128.Load(p + 8));

    /// <summary>The table entries that belong to the channels of <see cref="ZipUpper"/>, of 16 neighbouring channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadZipUpper(int* p) => Vector256.Create(Vector128.Load(p + 4), Vector128.Load(p + 12));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadZipUpper(float* p) => Vector256.Create(Vector128.Load(p + 4), Vector128.Load(p + 12));

    /// <summary>Stores 16 bytes from the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreZippedBytes(byte* p, Vector256<int> lower, Vector256<int> upper)
    {
        Vector256<short> words = Avx2.PackSignedSaturate(lower, upper) & Vector256.Create((short)0xFF);
        Sse2.PackUnsignedSaturate(words.GetLower(), words.GetUpper()).Store(p);
    }

    /// <summary>Stores the first bytes of the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
    public static void StoreZippedBytes(byte* p, Vector256<int> lower, Vector256<int> upper, int count)
    {
        byte* all = stackalloc byte[16];
        StoreZippedBytes(all, lower, upper);
        for (int i = 0; i < count; i++) p[i] = all[i];
    }

    /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
    public static Vector256<int> MultiplyByQuantizedMultiplier(Vector256<int> sum, Vector256<int> multiplier, Vector256<int> shift)
    {
        sum = Avx2.ShiftLeftLogicalVariable(sum, Vector256.Max(shift, Vector256<int>.Zero).AsUInt32());
        Vector256<long> nudge = Vector256.Create(1L << 30);
        Vector256<long> even = Avx2.Multiply(sum, multiplier) + nudge;
        Vector256<long> odd = Avx2.Multiply((sum.AsInt64() >>> 32).AsInt32(), (multiplier.AsInt64() >>> 32).AsInt32()) + nudge;
        Vector256<int> high = Avx2.Blend((even >>> 31).AsInt32(), (odd << 1).AsInt32(), 0b10101010);
        Vector256<int> exponent = Vector256.Max(-shift, Vector256<int>.Zero);
        Vector256<int> mask = Avx2.ShiftLeftLogicalVariable(Vector256<int>.One, exponent.AsUInt32()) - Vector256<int>.One;
        Vector256<int> threshold = (mask >> 1) - (high >> 31);
        return Avx2.ShiftRightArithmeticVariable(high, exponent.AsUInt32()) - Vector256.GreaterThan(high & mask, threshold);
    }

    /// <summary>The sixteen bytes at the address, in every 128-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Repeat16(byte* p) => Avx2.BroadcastVector128ToVector256(p);

    /// <summary>Bytes of a table of sixteen, which lies in every 128-bit lane, by their index; 0 for indices beyond it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> LookUp(Vector256<byte> table, Vector256<byte> indices) =>
        Avx2.Shuffle(table, Avx2.AddSaturate(indices, Vector256.Create((byte)112)));

    /// <summary>Sixteen bytes from each address, in the order of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadLanes(byte* a, byte* b) => Vector256.Create(Vector128.Load((int*)a), Vector128.Load((int*)b));

    /// <summary>Sixteen bytes from every so many bytes on, in the order of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> LoadLanes(byte* a, nint step) => LoadLanes(a, a + step);

    /// <summary>Stores the lanes so many bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLanes(Vector256<byte> lanes, byte* to, nint step)
    {
        lanes.GetLower().Store(to);
        lanes.GetUpper().Store(to + step);
    }

    /// <summary>Interleaves bytes of four sources, as quads a, b, c, d.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Interleave4(byte* a, byte* b, byte* c, byte* d, byte* to, int count)
    {
        // Interleaving works within 128-bit lanes: the order beforehand makes the order afterwards natural.
        Vector256<int> order = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7);
        int i = 0;
        for (; i <= count - 32; i += 32)
        {
            Vector256<byte> va = Avx2.PermuteVar8x32(Vector256.Load((int*)(a + i)), order).AsByte(),
                vb = Avx2.PermuteVar8x32(Vector256.Load((int*)(b + i)), order).AsByte();
            Vector256<byte> vc = Avx2.PermuteVar8x32(Vector256.Load((int*)(c + i)), order).AsByte(),
                vd = Avx2.PermuteVar8x32(Vector256.Load((int*)(d + i)), order).AsByte();
            Vector256<short> lowerAb = Avx2.UnpackLow(va, vb).AsInt16(), upperAb = Avx2.UnpackHigh(va, vb).AsInt16();
            Vector256<short> lowerCd = Avx2.UnpackLow(vc, vd).AsInt16(), upperCd = Avx2.UnpackHigh(vc, vd).AsInt16();
            Avx2.UnpackLow(lowerAb, lowerCd).Store((short*)(to + i * 4));
            Avx2.UnpackHigh(lowerAb, lowerCd).Store((short*)(to + i * 4 + 32));
            Avx2.UnpackLow(upperAb, upperCd).Store((short*)(to + i * 4 + 64));
            Avx2.UnpackHigh(upperAb, upperCd).Store((short*)(to + i * 4 + 96));
        }

        Simd128.Interleave4(a + i, b + i, c + i, d + i, to + i * 4, count - i);
    }

    /// <summary>Products of uint8 and int8, each two neighbours summed in int16; weights must exclude saturation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MultiplyAddBytes(Vector256<byte> a, Vector256<sbyte> b) => Avx2.MultiplyAddAdjacent(a, b);

    /// <summary>The nearest integers, ties to even, of numbers within the range of int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> RoundInRange(Vector256<float> values) => Avx.ConvertToVector256Int32(values);

    /// <summary>Four pixels' integers plus the zero point as uint8, pixel after pixel; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PackUInt8(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
        GatherPixels(PackUInt8InLanes(a, b, c, d, zero).AsInt32()).AsByte();

    /// <summary>Four vectors of integers plus the zero point as byte, side by side within each 128-bit lane; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> PackUInt8InLanes(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
        Avx2.PackUnsignedSaturate(Avx2.AddSaturate(Avx2.PackSignedSaturate(a, b), zero), Avx2.AddSaturate(Avx2.PackSignedSaturate(c, d), zero));

    /// <summary>Four pixels' integers plus the zero point as int8, pixel after pixel; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> PackInt8(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
        GatherPixels(PackInt8InLanes(a, b, c, d, zero).AsInt32()).AsSByte();

    /// <summary>Four vectors of integers plus the zero point as sbyte, side by side within each 128-bit lane; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> PackInt8InLanes(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d, Vector256<short> zero) =>
        Avx2.PackSignedSaturate(Avx2.AddSaturate(Avx2.PackSignedSaturate(a, b), zero), Avx2.AddSaturate(Avx2.PackSignedSaturate(c, d), zero));

    /// <summary>Packing works within 128-bit lanes: puts the two parts of each pixel side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> GatherPixels(Vector256<int> packed) => Avx2.PermuteVar8x32(packed, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));

    /// <summary>Interleaves the bytes of the first halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> ZipLowerBytes(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackLow(a, b).AsInt16();

    /// <summary>Interleaves the bytes of the second halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> ZipUpperBytes(Vector256<byte> a, Vector256<byte> b) => Avx2.UnpackHigh(a, b).AsInt16();

    /// <summary>Interleaves the pairs of bytes of the first halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ZipLowerWords(Vector256<short> a, Vector256<short> b) => Avx2.UnpackLow(a, b).AsByte();

    /// <summary>Interleaves the pairs of bytes of the second halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> ZipUpperWords(Vector256<short> a, Vector256<short> b) => Avx2.UnpackHigh(a, b).AsByte();

    /// <summary>Stores the 8 bytes of one pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(byte* p, Vector256<byte> packed, int part) => *(long*)p = packed.AsInt64().GetElement(part);
}
