using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Vector operations the kernels need, 128 bits wide, on 64-bit Arm.</summary>
internal static unsafe partial class SimdArm64
{
    /// <summary>Loads 8 int8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> LoadInt8(sbyte* p) => AdvSimd.SignExtendWideningLower(AdvSimd.LoadVector64(p));

    /// <summary>Loads 8 uint8 as int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> LoadUInt8(byte* p) => AdvSimd.ZeroExtendWideningLower(AdvSimd.LoadVector64(p)).AsInt16();

    /// <summary>Loads 4 int8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadInt8AsInt32(sbyte* p) =>
        AdvSimd.SignExtendWideningLower(AdvSimd.SignExtendWideningLower(Vector64.CreateScalarUnsafe(*(int*)p).AsSByte()).GetLower());

    /// <summary>Loads 4 uint16 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadUInt16AsInt32(ushort* p) => AdvSimd.ZeroExtendWideningLower(AdvSimd.LoadVector64(p)).AsInt32();

    /// <summary>Loads 4 uint8 as int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadUInt8AsInt32(byte* p) =>
        AdvSimd.ZeroExtendWideningLower(AdvSimd.ZeroExtendWideningLower(Vector64.CreateScalarUnsafe(*(int*)p).AsByte()).GetLower()).AsInt32();

    /// <summary>Products of int16, each two neighbours summed in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<short> a, Vector128<short> b) =>
        AdvSimd.Arm64.AddPairwise(AdvSimd.MultiplyWideningLower(a.GetLower(), b.GetLower()), AdvSimd.MultiplyWideningUpper(a, b));

    /// <summary>Sums plus the products of the lower four int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddLower(Vector128<int> sums, Vector128<short> a, Vector128<short> b) =>
        AdvSimd.MultiplyWideningLowerAndAdd(sums, a.GetLower(), b.GetLower());

    /// <summary>Sums plus the products of the upper four int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddUpper(Vector128<int> sums, Vector128<short> a, Vector128<short> b) =>
        AdvSimd.MultiplyWideningUpperAndAdd(sums, a, b);

    /// <summary>Sums plus the products of the lower eight int8, each two neighbours added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddPairsLower(Vector128<int> sums, Vector128<sbyte> a, Vector128<sbyte> b) =>
        AdvSimd.AddPairwiseWideningAndAdd(sums, AdvSimd.MultiplyWideningLower(a.GetLower(), b.GetLower()));

    /// <summary>Sums plus the products of the upper eight int8, each two neighbours added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddPairsUpper(Vector128<int> sums, Vector128<sbyte> a, Vector128<sbyte> b) =>
        AdvSimd.AddPairwiseWideningAndAdd(sums, AdvSimd.MultiplyWideningUpper(a, b));

    /// <summary>Sums plus a·b + c·d of the lower eight int8, each two neighbours added; a·b + c·d must fit int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddTwoPairsLower(Vector128<int> sums, Vector128<sbyte> a, Vector128<sbyte> b, Vector128<sbyte> c, Vector128<sbyte> d) =>
        AdvSimd.AddPairwiseWideningAndAdd(sums, AdvSimd.MultiplyWideningLowerAndAdd(AdvSimd.MultiplyWideningLower(a.GetLower(), b.GetLower()), c.GetLower(),
            d.GetLower()));

    /// <summary>Sums plus a·b + c·d of the upper eight int8, each two neighbours added; a·b + c·d must fit int16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> AddTwoPairsUpper(Vector128<int> sums, Vector128<sbyte> a, Vector128<sbyte> b, Vector128<sbyte> c, Vector128<sbyte> d) =>
        AdvSimd.AddPairwiseWideningAndAdd(sums, AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningUpper(a, b), c, d));

    /// <summary>The four int8 at the address, in every 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> BroadcastQuad(sbyte* p) => AdvSimd.LoadAndReplicateToVector128((int*)p).AsSByte();

    /// <summary>Copies uint8 numbers as int8, less 128.</summary>
    public static void CopyLowered(byte* from, sbyte* to, int count)
    {
        int i = 0;
        for (; i <= count - 16; i += 16) (Vector128.Load(from + i) ^ Vector128.Create((byte)0x80)).AsSByte().Store(to + i);
        for (; i < count; i++) to[i] = (sbyte)(from[i] - 128);
    }

    /// <summary>a·b + c with one rounding.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) => AdvSimd.FusedMultiplyAdd(c, a, b);

    /// <summary>The nearest integers, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> RoundToInt32(Vector128<float> values) => AdvSimd.ConvertToInt32RoundToEven(values);

    /// <summary>The integers towards zero, of numbers within the range of int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> TruncateInRange(Vector128<float> values) => AdvSimd.ConvertToInt32RoundToZero(values);

    /// <summary>Stores the low bytes of 4 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* p, Vector128<int> values)
    {
        Vector64<short> words = AdvSimd.ExtractNarrowingLower(values);
        *(int*)p = AdvSimd.ExtractNarrowingLower(Vector128.Create(words, words)).AsInt32().ToScalar();
    }

    /// <summary>Interleaves int16 lanes of a and b: pairs of the first four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> ZipLower(Vector128<short> a, Vector128<short> b) => AdvSimd.Arm64.ZipLow(a, b);

    /// <summary>Interleaves int16 lanes of a and b: pairs of the last four lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<short> ZipUpper(Vector128<short> a, Vector128<short> b) => AdvSimd.Arm64.ZipHigh(a, b);

    /// <summary>The first four of 8 table entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadZipLower(int* p) => Vector128.Load(p);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadZipLower(float* p) => Vector128.Load(p);

    /// <summary>The last four of 8 table entries.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> LoadZipUpper(int* p) => Vector128.Load(p + 4);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> LoadZipUpper(float* p) => Vector128.Load(p + 4);

    /// <summary>Stores the low bytes of 8 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreZippedBytes(byte* p, Vector128<int> lower, Vector128<int> upper) =>
        AdvSimd.ExtractNarrowingLower(AdvSimd.ExtractNarrowingUpper(AdvSimd.ExtractNarrowingLower(lower), upper)).AsByte().Store(p);

    /// <summary>Stores the low bytes of the first lanes of 8.</summary>
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
    public static Vector128<byte> LookUp(Vector128<byte> table, Vector128<byte> indices) => AdvSimd.Arm64.VectorTableLookup(table, indices);

    /// <summary>
    /// sum × multiplier ÷ 2³¹ × 2^shift with the double rounding of the TFLite reference kernels: SQRDMULH, then SRSHL, which rounds ties up and
    /// therefore gets negative numbers less one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyByQuantizedMultiplier(Vector128<int> sum, Vector128<int> multiplier, Vector128<int> shift)
    {
        Vector128<int> right = Vector128.Min(shift, Vector128<int>.Zero);
        Vector128<int> high = AdvSimd.MultiplyRoundedDoublingSaturateHigh(AdvSimd.ShiftLogical(sum, Vector128.Max(shift, Vector128<int>.Zero)), multiplier);
        Vector128<int> negative = AdvSimd.ShiftRightArithmetic(high & right, 31);
        return AdvSimd.ShiftArithmeticRounded(AdvSimd.AddSaturate(high, negative), right);
    }
}
