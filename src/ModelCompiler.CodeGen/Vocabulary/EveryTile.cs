using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Vocabulary;

/// <summary>Vector operations the kernels need, 128 bits wide, on any platform.</summary>
internal static unsafe partial class Simd128
{
    /// <summary>The four bytes at the address, in every 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Broadcast4(byte* p) => Vector128.Create(*(int*)p).AsByte();

    /// <summary>Int32 sums times their scale, to the nearest integer, ties to even.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Scaled(Vector128<int> sum, Vector128<float> scale) => RoundInRange(Vector128.ConvertToSingle(sum) * scale);

    /// <summary>Stores the first <paramref name="count"/> of the bytes of one pixel.</summary>
    public static void StorePart(byte* p, Vector128<byte> packed, int part, int count)
    {
        for (int i = 0; i < count; i++) p[i] = packed.GetElement(part * (Vector128<byte>.Count / 4) + i);
    }

    /// <summary>Transposes four by four groups of four bytes within every 128-bit lane, and stores one row after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(Vector128<int> a, Vector128<int> b, Vector128<int> c, Vector128<int> d, byte* to, int pitch)
    {
        Vector128<long> lowerAb = Sse2.UnpackLow(a, b).AsInt64(), upperAb = Sse2.UnpackHigh(a, b).AsInt64();
        Vector128<long> lowerCd = Sse2.UnpackLow(c, d).AsInt64(), upperCd = Sse2.UnpackHigh(c, d).AsInt64();
        Sse2.UnpackLow(lowerAb, lowerCd).Store((long*)to);
        Sse2.UnpackHigh(lowerAb, lowerCd).Store((long*)(to + pitch));
        Sse2.UnpackLow(upperAb, upperCd).Store((long*)(to + 2 * pitch));
        Sse2.UnpackHigh(upperAb, upperCd).Store((long*)(to + 3 * pitch));
    }

    /// <summary>Stores the first <paramref name="count"/> bytes of a 128-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLane(byte* p, Vector128<byte> bytes, int lane, int count)
    {
        int i = 0;
        if (count >= 8) *(long*)p = bytes.AsInt64().GetElement(lane * 2);
        if (count >= 8) i = 8;
        if (count - i >= 4) *(int*)(p + i) = bytes.AsInt32().GetElement(lane * 4 + i / 4);
        if (count - i >= 4) i += 4;
        for (; i < count; i++) p[i] = bytes.GetElement(lane * 16 + i);
    }

    /// <summary>Copies int8 numbers as uint8 numbers 128 higher.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void CopyRaised(sbyte* from, byte* to, int count)
    {
        int i = 0;
        for (; i <= count - Vector128<byte>.Count; i += Vector128<byte>.Count) (Vector128.Load((byte*)from + i) ^ Vector128.Create((byte)0x80)).Store(to + i);
        for (; i < count; i++) to[i] = (byte)(from[i] + 128);
    }
}
