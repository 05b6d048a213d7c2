using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.Tool.Measuring;

/// <summary>Fused multiply-adds of floats, on registers alone.</summary>
internal static class FloatPattern
{
    /// <summary>For people, and what tells these patterns from those on integers.</summary>
    public const string Name = "float FMA";
}

/// <inheritdoc cref="FloatPattern"/>
internal readonly struct Fma128 : IPattern<Vector128<float>>
{
    public static string Name => FloatPattern.Name;

    public static int Macs => 4;

    public static int Bits => 128;

    public static bool IsSupported => AdvSimd.IsSupported;

    public static unsafe Vector128<float> Step(Vector128<float> sum, Vector128<float> x0, Vector128<float> x1, Vector128<float> x2, Vector128<float> x3,
        sbyte* weights) =>
        AdvSimd.FusedMultiplyAdd(sum, x0, Vector128<float>.One);
}

/// <inheritdoc cref="FloatPattern"/>
internal readonly struct Fma256 : IPattern<Vector256<float>>
{
    public static string Name => FloatPattern.Name;

    public static int Macs => 8;

    public static int Bits => 256;

    public static bool IsSupported => Fma.IsSupported;

    public static unsafe Vector256<float> Step(Vector256<float> sum, Vector256<float> x0, Vector256<float> x1, Vector256<float> x2, Vector256<float> x3,
        sbyte* weights) =>
        Fma.MultiplyAdd(x0, Vector256<float>.One, sum);
}

/// <inheritdoc cref="FloatPattern"/>
internal readonly struct Fma512 : IPattern<Vector512<float>>
{
    public static string Name => FloatPattern.Name;

    public static int Macs => 16;

    public static int Bits => 512;

    public static bool IsSupported => Avx512F.IsSupported;

    public static unsafe Vector512<float> Step(Vector512<float> sum, Vector512<float> x0, Vector512<float> x1, Vector512<float> x2, Vector512<float> x3,
        sbyte* weights) =>
        Avx512F.FusedMultiplyAdd(x0, Vector512<float>.One, sum);
}
