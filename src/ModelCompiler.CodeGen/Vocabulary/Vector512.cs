using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Vector operations the kernels need, 512 bits wide, on x64 with AVX-512.</summary>
internal static unsafe partial class Simd512
{
    /// <summary>Loads 32 int8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> LoadInt8(sbyte* p) => Avx512BW.ConvertToVector512Int16(Vector256.Load(p));

    /// <summary>Loads 32 uint8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> LoadUInt8(byte* p) => Avx512BW.ConvertToVector512Int16(Vector256.Load(p));

    /// <summary>Loads 16 int8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadInt8AsInt32(sbyte* p) => Avx512F.ConvertToVector512Int32(Vector128.Load(p));

    /// <summary>Loads 16 uint16 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadUInt16AsInt32(ushort* p) => Avx512F.ConvertToVector512Int32(Vector256.Load(p));

    /// <summary>Loads 16 uint8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadUInt8AsInt32(byte* p) => Avx512F.ConvertToVector512Int32(Vector128.Load(p));

    /// <summary>a·b + c with one rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Avx512F.FusedMultiplyAdd(a, b, c);

    /// <summary>The nearest integers, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> RoundToInt32(Vector512<float> values) => Avx512F.ConvertToVector512Int32(values);

    /// <summary>The integers towards zero, of numbers within the range of int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> TruncateInRange(Vector512<float> values) => Avx512F.ConvertToVector512Int32WithTruncation(values);

    /// <summary>Stores the low bytes of 16 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* p, Vector512<int> values) => Avx512F.ConvertToVector128Byte(values).Store(p);

    /// <summary>Interleaves int16 lanes of a and b, as pairs of the first and of the second half of every 128-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> ZipLower(Vector512<short> a, Vector512<short> b) => Avx512BW.UnpackLow(a, b);

    /// <summary>The other half of <see cref="ZipLower"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> ZipUpper(Vector512<short> a, Vector512<short> b) => Avx512BW.UnpackHigh(a, b);

    /// <summary>The table entries that belong to the channels of <see cref="ZipLower"/>, of 32 neighbouring channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadZipLower(int* p) => LoadLanes((byte*)p, (byte*)(p + 8), (byte*)(p + 16), (byte*)(p + 24));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadZipLower(float* p) => LoadZipLower((int*)p).AsSingle();

    /// <summary>The table entries that belong to the channels of <see cref="ZipUpper"/>, of 32 neighbouring channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadZipUpper(int* p) => LoadZipLower(p + 4);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadZipUpper(float* p) => LoadZipLower(p + 4);

    /// <summary>Stores 32 bytes from the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreZippedBytes(byte* p, Vector512<int> lower, Vector512<int> upper) =>
        Avx512BW.ConvertToVector256Byte(Avx512BW.PackSignedSaturate(lower, upper)).Store(p);

    /// <summary>Stores the first bytes of the two halves that <see cref="ZipLower"/> and <see cref="ZipUpper"/> made, in channel order.</summary>
    public static void StoreZippedBytes(byte* p, Vector512<int> lower, Vector512<int> upper, int count)
    {
        byte* all = stackalloc byte[32];
        StoreZippedBytes(all, lower, upper);
        for (int i = 0; i < count; i++) p[i] = all[i];
    }

    /// <summary>The sixteen bytes at the address, in every 128-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Repeat16(byte* p) => Avx512F.BroadcastVector128ToVector512((int*)p).AsByte();

    /// <summary>Bytes of a table of sixteen, which lies in every 128-bit lane, by their index; 0 for indices beyond it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> LookUp(Vector512<byte> table, Vector512<byte> indices) =>
        Avx512BW.Shuffle(table, Avx512BW.AddSaturate(indices, Vector512.Create((byte)112)));

    /// <summary>Sixteen bytes from each address, in the order of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadLanes(byte* a, byte* b, byte* c, byte* d) =>
        Vector512.Create(Vector256.Create(Vector128.Load((int*)a), Vector128.Load((int*)b)),
            Vector256.Create(Vector128.Load((int*)c), Vector128.Load((int*)d)));

    /// <summary>Sixteen bytes from every so many bytes on, in the order of the lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> LoadLanes(byte* a, nint step)
    {
        byte* c = a + step + step;
        return LoadLanes(a, a + step, c, c + step);
    }

    /// <summary>Stores the lanes so many bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLanes(Vector512<byte> lanes, byte* to, nint step)
    {
        Avx512F.ExtractVector128(lanes, 0).Store(to);
        Avx512F.ExtractVector128(lanes, 1).Store(to + step);
        to += step + step;
        Avx512F.ExtractVector128(lanes, 2).Store(to);
        Avx512F.ExtractVector128(lanes, 3).Store(to + step);
    }

    /// <summary>Interleaves bytes of four sources, as quads a, b, c, d.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Interleave4(byte* a, byte* b, byte* c, byte* d, byte* to, int count)
    {
        // Interleaving works within 128-bit lanes: the order beforehand makes the order afterwards natural.
        Vector512<int> order = Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        int i = 0;
        for (; i <= count - 64; i += 64)
        {
            Vector512<byte> va = Avx512F.PermuteVar16x32(Vector512.Load((int*)(a + i)), order).AsByte(),
                vb = Avx512F.PermuteVar16x32(Vector512.Load((int*)(b + i)), order).AsByte();
            Vector512<byte> vc = Avx512F.PermuteVar16x32(Vector512.Load((int*)(c + i)), order).AsByte(),
                vd = Avx512F.PermuteVar16x32(Vector512.Load((int*)(d + i)), order).AsByte();
            Vector512<short> lowerAb = Avx512BW.UnpackLow(va, vb).AsInt16(), upperAb = Avx512BW.UnpackHigh(va, vb).AsInt16();
            Vector512<short> lowerCd = Avx512BW.UnpackLow(vc, vd).AsInt16(), upperCd = Avx512BW.UnpackHigh(vc, vd).AsInt16();
            Avx512BW.UnpackLow(lowerAb, lowerCd).Store((short*)(to + i * 4));
            Avx512BW.UnpackHigh(lowerAb, lowerCd).Store((short*)(to + i * 4 + 64));
            Avx512BW.UnpackLow(upperAb, upperCd).Store((short*)(to + i * 4 + 128));
            Avx512BW.UnpackHigh(upperAb, upperCd).Store((short*)(to + i * 4 + 192));
        }

        Simd128.Interleave4(a + i, b + i, c + i, d + i, to + i * 4, count - i);
    }

    /// <summary>Products of uint8 and int8, each two neighbours summed in int16; weights must exclude saturation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> MultiplyAddBytes(Vector512<byte> a, Vector512<sbyte> b) => Avx512BW.MultiplyAddAdjacent(a, b);

    /// <summary>Products of int16, each two neighbours summed in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAddPairs(Vector512<short> a, Vector512<short> b) => Avx512BW.MultiplyAddAdjacent(a, b);

    /// <summary>The nearest integers, ties to even, of numbers within the range of int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> RoundInRange(Vector512<float> values) => Avx512F.ConvertToVector512Int32(values);

    /// <summary>Four pixels' integers plus the zero point as uint8, pixel after pixel; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> PackUInt8(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
        GatherPixels(PackUInt8InLanes(a, b, c, d, zero).AsInt32()).AsByte();

    /// <summary>Four vectors of integers plus the zero point as byte, side by side within each 128-bit lane; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> PackUInt8InLanes(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
        Avx512BW.PackUnsignedSaturate(Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(a, b), zero),
            Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(c, d), zero));

    /// <summary>Four pixels' integers plus the zero point as int8, pixel after pixel; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> PackInt8(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
        GatherPixels(PackInt8InLanes(a, b, c, d, zero).AsInt32()).AsSByte();

    /// <summary>Four vectors of integers plus the zero point as sbyte, side by side within each 128-bit lane; what is out of range saturates.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> PackInt8InLanes(Vector512<int> a, Vector512<int> b, Vector512<int> c, Vector512<int> d, Vector512<short> zero) =>
        Avx512BW.PackSignedSaturate(Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(a, b), zero),
            Avx512BW.AddSaturate(Avx512BW.PackSignedSaturate(c, d), zero));

    /// <summary>Packing works within 128-bit lanes: puts the four parts of each pixel side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> GatherPixels(Vector512<int> packed) =>
        Avx512F.PermuteVar16x32(packed, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));

    /// <summary>Interleaves the bytes of the first halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> ZipLowerBytes(Vector512<byte> a, Vector512<byte> b) => Avx512BW.UnpackLow(a, b).AsInt16();

    /// <summary>Interleaves the bytes of the second halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> ZipUpperBytes(Vector512<byte> a, Vector512<byte> b) => Avx512BW.UnpackHigh(a, b).AsInt16();

    /// <summary>Interleaves the pairs of bytes of the first halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> ZipLowerWords(Vector512<short> a, Vector512<short> b) => Avx512BW.UnpackLow(a, b).AsByte();

    /// <summary>Interleaves the pairs of bytes of the second halves of the 128-bit lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> ZipUpperWords(Vector512<short> a, Vector512<short> b) => Avx512BW.UnpackHigh(a, b).AsByte();

    /// <summary>Stores the 16 bytes of one pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePart(byte* p, Vector512<byte> packed, int part) => Avx512F.ExtractVector128(packed, (byte)part).Store(p);

    /// <summary>sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels.</summary>
    public static Vector512<int> MultiplyByQuantizedMultiplier(Vector512<int> sum, Vector512<int> multiplier, Vector512<int> shift)
    {
        sum = Avx512F.ShiftLeftLogicalVariable(sum, Vector512.Max(shift, Vector512<int>.Zero).AsUInt32());
        Vector512<long> nudge = Vector512.Create(1L << 30);
        Vector512<long> even = Avx512F.Multiply(sum, multiplier) + nudge;
        Vector512<long> odd = Avx512F.Multiply((sum.AsInt64() >>> 32).AsInt32(), (multiplier.AsInt64() >>> 32).AsInt32()) + nudge;
        Vector512<int> high = Vector512.ConditionalSelect(Vector512.Create(0xFFFFFFFFL).AsInt32(), (even >>> 31).AsInt32(), (odd << 1).AsInt32());
        Vector512<int> exponent = Vector512.Max(-shift, Vector512<int>.Zero);
        Vector512<int> mask = Avx512F.ShiftLeftLogicalVariable(Vector512<int>.One, exponent.AsUInt32()) - Vector512<int>.One;
        Vector512<int> threshold = (mask >> 1) - (high >> 31);
        return Avx512F.ShiftRightArithmeticVariable(high, exponent.AsUInt32()) - Vector512.GreaterThan(high & mask, threshold);
    }
}
