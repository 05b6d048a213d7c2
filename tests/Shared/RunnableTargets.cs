using System.Runtime.Intrinsics.X86;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.Testing;

/// <summary>The targets whose code this machine can run.</summary>
internal static class RunnableTargets
{
    /// <summary>Their names, in a stable order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Isa.TargetNames.Where(IsRunnable)];

    /// <summary>Those for one instruction set, of which the others are made up.</summary>
    public static IReadOnlyList<string> Single { get; } = [.. All.Where(t => Isa.ForTarget(t).Count == 1)];

    private static bool IsRunnable(string target) => target switch
    {
        _ when Isa.ForTarget(target).Any(i => i.IsArm64) => System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported,
        "x64-v4" => Avx512BW.VL.IsSupported,
        "x64-v3" => Avx2.IsSupported && Fma.IsSupported,
        _ when target.StartsWith("x64", StringComparison.Ordinal) => Ssse3.IsSupported,
        _ => true,
    };
}
