using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Scalar products of rows.</summary>
internal static unsafe partial class Routine
{
    /// <summary>Σ (a − zero) · b of int8 numbers, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int DotInt8(sbyte* a, sbyte* b, int count, int zero)
    {
        int sum = 0, i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            Vector128<int> sums = Vector128<int>.Zero;
            Vector128<short> zeros = Vector128.Create((short)zero);
            for (; i <= count - 16; i += 16)
            {
                (Vector128<short> a0, Vector128<short> a1) = Vector128.Widen(Vector128.Load(a + i));
                (Vector128<short> b0, Vector128<short> b1) = Vector128.Widen(Vector128.Load(b + i));
                sums += MultiplyAddPairs(a0 - zeros, b0) + MultiplyAddPairs(a1 - zeros, b1);
            }

            sum = Vector128.Sum(sums);
        }

        for (; i < count; i++) sum += (a[i] - zero) * b[i];
        return sum;
    }

    /// <summary>Σ a · b of int16 and int8 numbers, exactly: products of 23 bits are summed in 32 bits as long as these suffice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long DotInt16(short* a, sbyte* b, int count)
    {
        long sum = 0;
        int i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            while (i <= count - 16)
            {
                Vector128<int> sums = Vector128<int>.Zero;
                for (int end = Math.Min(count - 15, i + 1024); i < end; i += 16)
                {
                    (Vector128<short> b0, Vector128<short> b1) = Vector128.Widen(Vector128.Load(b + i));
                    sums += MultiplyAddPairs(Vector128.Load(a + i), b0) + MultiplyAddPairs(Vector128.Load(a + i + 8), b1);
                }

                (Vector128<long> low, Vector128<long> high) = Vector128.Widen(sums);
                sum += Vector128.Sum(low + high);
            }
        }

        for (; i < count; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>Products of int16, each two neighbours summed in int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<short> a, Vector128<short> b)
    {
        if (Sse2.IsSupported) return Sse2.MultiplyAddAdjacent(a, b);
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.AddPairwise(AdvSimd.MultiplyWideningLower(a.GetLower(), b.GetLower()), AdvSimd.MultiplyWideningUpper(a, b));
        Vector128<int> even = ((a.AsInt32() << 16) >> 16) * ((b.AsInt32() << 16) >> 16);
        return even + ((a.AsInt32() >> 16) * (b.AsInt32() >> 16));
    }

    /// <summary>Σ a · b of floats: four running sums of fused multiply-adds, added in pairs, then the rest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float DotFloat(float* a, float* b, int count)
    {
        Vector128<float> sums = Vector128<float>.Zero;
        int i = 0;
        for (; i <= count - 4; i += 4) sums = MultiplyAdd(Vector128.Load(a + i), Vector128.Load(b + i), sums);
        float sum = sums[0] + sums[2] + (sums[1] + sums[3]);
        for (; i < count; i++) sum = MultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    /// <summary>a·b + c, with one rounding where the processor has the instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        Fma.IsSupported ? Fma.MultiplyAdd(a, b, c) : AdvSimd.IsSupported ? AdvSimd.FusedMultiplyAdd(c, a, b) : (a * b) + c;

    /// <summary>a·b + c, with one rounding where the processor has the instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MultiplyAdd(float a, float b, float c) => Fma.IsSupported || AdvSimd.IsSupported ? MathF.FusedMultiplyAdd(a, b, c) : (a * b) + c;
}
