using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.Tool.Measuring;

/// <summary>One way to multiply and to accumulate the products (of bytes: exactly, in int32), on registers and the first cache alone.</summary>
/// <typeparam name="TVector">The vector.</typeparam>
internal interface IPattern<TVector>
{
    /// <summary>For people.</summary>
    static abstract string Name { get; }

    /// <summary>Multiply-accumulates of a step; it reads at most as many bytes of weights.</summary>
    static abstract int Macs { get; }

    /// <summary>Bits of the vector.</summary>
    static abstract int Bits { get; }

    /// <summary>True where the machine can do it.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Adds products of activations and weights.</summary>
    static abstract unsafe TVector Step(TVector sum, TVector x0, TVector x1, TVector x2, TVector x3, sbyte* weights);
}

/// <summary>VPMADDUBSW, VPMADDWD, VPADDD for each group of four bytes.</summary>
internal readonly struct Maddubs256 : IPattern<Vector256<int>>
{
    public static string Name => "maddubs, maddwd";

    public static int Macs => 32;

    public static int Bits => 256;

    public static bool IsSupported => Avx2.IsSupported;

    public static unsafe Vector256<int> Step(Vector256<int> sum, Vector256<int> x0, Vector256<int> x1, Vector256<int> x2, Vector256<int> x3, sbyte* weights) =>
        Avx2.Add(sum, Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(x0.AsByte(), Avx.LoadVector256(weights)), x1.AsInt16()));
}

/// <inheritdoc cref="Maddubs256"/>
internal readonly struct Maddubs512 : IPattern<Vector512<int>>
{
    public static string Name => Maddubs256.Name;

    public static int Macs => 64;

    public static int Bits => 512;

    public static bool IsSupported => Avx512BW.IsSupported;

    public static unsafe Vector512<int> Step(Vector512<int> sum, Vector512<int> x0, Vector512<int> x1, Vector512<int> x2, Vector512<int> x3, sbyte* weights) =>
        Avx512F.Add(sum, Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(x0.AsByte(), Avx512BW.LoadVector512(weights)), x1.AsInt16()));
}

/// <summary>Four VPMADDUBSW summed in 16 bits, which is exact when the weights are small enough, then one VPMADDWD.</summary>
internal readonly struct FourMaddubs256 : IPattern<Vector256<int>>
{
    public static string Name => "4 maddubs, maddwd";

    public static int Macs => 128;

    public static int Bits => 256;

    public static bool IsSupported => Avx2.IsSupported;

    public static unsafe Vector256<int> Step(Vector256<int> sum, Vector256<int> x0, Vector256<int> x1, Vector256<int> x2, Vector256<int> x3, sbyte* weights)
    {
        Vector256<short> low = Avx2.Add(Avx2.MultiplyAddAdjacent(x0.AsByte(), Avx.LoadVector256(weights)),
            Avx2.MultiplyAddAdjacent(x1.AsByte(), Avx.LoadVector256(weights + 32)));
        Vector256<short> high = Avx2.Add(Avx2.MultiplyAddAdjacent(x2.AsByte(), Avx.LoadVector256(weights + 64)),
            Avx2.MultiplyAddAdjacent(x3.AsByte(), Avx.LoadVector256(weights + 96)));
        return Avx2.Add(sum, Avx2.MultiplyAddAdjacent(Avx2.Add(low, high), x0.AsInt16()));
    }
}

/// <inheritdoc cref="FourMaddubs256"/>
internal readonly struct FourMaddubs512 : IPattern<Vector512<int>>
{
    public static string Name => FourMaddubs256.Name;

    public static int Macs => 256;

    public static int Bits => 512;

    public static bool IsSupported => Avx512BW.IsSupported;

    public static unsafe Vector512<int> Step(Vector512<int> sum, Vector512<int> x0, Vector512<int> x1, Vector512<int> x2, Vector512<int> x3, sbyte* weights)
    {
        Vector512<short> low = Avx512BW.Add(Avx512BW.MultiplyAddAdjacent(x0.AsByte(), Avx512BW.LoadVector512(weights)),
            Avx512BW.MultiplyAddAdjacent(x1.AsByte(), Avx512BW.LoadVector512(weights + 64)));
        Vector512<short> high = Avx512BW.Add(Avx512BW.MultiplyAddAdjacent(x2.AsByte(), Avx512BW.LoadVector512(weights + 128)),
            Avx512BW.MultiplyAddAdjacent(x3.AsByte(), Avx512BW.LoadVector512(weights + 192)));
        return Avx512F.Add(sum, Avx512BW.MultiplyAddAdjacent(Avx512BW.Add(low, high), x0.AsInt16()));
    }
}

/// <summary>VPMADDWD on 16-bit numbers: exact for anything.</summary>
internal readonly struct Words256 : IPattern<Vector256<int>>
{
    public static string Name => "16-bit maddwd";

    public static int Macs => 16;

    public static int Bits => 256;

    public static bool IsSupported => Avx2.IsSupported;

    public static unsafe Vector256<int> Step(Vector256<int> sum, Vector256<int> x0, Vector256<int> x1, Vector256<int> x2, Vector256<int> x3, sbyte* weights) =>
        Avx2.Add(sum, Avx2.MultiplyAddAdjacent(x0.AsInt16(), Avx.LoadVector256((short*)weights)));
}

/// <summary>VPDPBUSD.</summary>
internal readonly struct Vnni256 : IPattern<Vector256<int>>
{
    public static string Name => "VNNI";

    public static int Macs => 32;

    public static int Bits => 256;

    public static bool IsSupported => AvxVnni.IsSupported;

    public static unsafe Vector256<int> Step(Vector256<int> sum, Vector256<int> x0, Vector256<int> x1, Vector256<int> x2, Vector256<int> x3, sbyte* weights) =>
        AvxVnni.MultiplyWideningAndAdd(sum, x0.AsByte(), Avx.LoadVector256(weights));
}

/// <summary>SDOT.</summary>
internal readonly struct Dot128 : IPattern<Vector128<int>>
{
    public static string Name => "SDOT";

    public static int Macs => 16;

    public static int Bits => 128;

    public static bool IsSupported => Dp.IsSupported;

    public static unsafe Vector128<int> Step(Vector128<int> sum, Vector128<int> x0, Vector128<int> x1, Vector128<int> x2, Vector128<int> x3, sbyte* weights) =>
        Dp.DotProduct(sum, x0.AsSByte(), AdvSimd.LoadVector128(weights));
}

/// <summary>SMULL, SMLAL2, SADALP.</summary>
internal readonly struct Widening128 : IPattern<Vector128<int>>
{
    public static string Name => "SMULL, SMLAL, SADALP";

    public static int Macs => 16;

    public static int Bits => 128;

    public static bool IsSupported => AdvSimd.IsSupported;

    public static unsafe Vector128<int> Step(Vector128<int> sum, Vector128<int> x0, Vector128<int> x1, Vector128<int> x2, Vector128<int> x3, sbyte* weights)
    {
        Vector128<sbyte> w = AdvSimd.LoadVector128(weights);
        Vector128<short> products = AdvSimd.MultiplyWideningUpperAndAdd(AdvSimd.MultiplyWideningLower(x0.AsSByte().GetLower(), w.GetLower()), x0.AsSByte(), w);
        return AdvSimd.AddPairwiseWideningAndAdd(sum, products);
    }
}
