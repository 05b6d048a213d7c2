using System;
using System.Collections.Generic;
using System.Linq;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// An instruction set that kernels are written for. Vector kernels are written once against the vocabulary of the
/// <c>Simd128</c>/<c>Simd256</c> helper classes, whose members have the same names and differ in width.
/// </summary>
/// <param name="Name">Suffix of emitted methods.</param>
/// <param name="Bits">Vector width, 0 for scalar code.</param>
/// <param name="Guard">C# expression that is true where the code may run; empty when it may run anywhere.</param>
public sealed record Isa(string Name, int Bits, string Guard)
{
    /// <summary>Plain C# loops without vectors.</summary>
    public static Isa Scalar { get; } = new("Scalar", 0, "");

    /// <summary>128-bit vectors that every platform has or emulates: SSE, AdvSimd, WebAssembly.</summary>
    public static Isa Vector128 { get; } = new("Vector128", 128, "");

    /// <summary>256-bit vectors of x64 with AVX2 and FMA.</summary>
    public static Isa Avx2 { get; } = new("Avx2", 256, "Avx2.IsSupported && Fma.IsSupported");

    /// <summary>128-bit vectors of 64-bit Arm.</summary>
    public static Isa AdvSimd { get; } = new("AdvSimd", 128, "AdvSimd.Arm64.IsSupported") { Simd = SimdArm64.Name };

    private static readonly Dictionary<string, Isa[]> Targets = new(StringComparer.Ordinal)
    {
        ["portable"] = [Avx2, Vector128],
        ["x64"] = [Avx2, Vector128],
        ["x64-v2"] = [Vector128],
        ["x64-v3"] = [Avx2],
        ["arm64"] = [AdvSimd],
        ["vector128"] = [Vector128],
        ["scalar"] = [Scalar],
    };

    /// <summary>Names of all targets, in ordinal order.</summary>
    public static IEnumerable<string> TargetNames => Targets.Keys.OrderBy(k => k, StringComparer.Ordinal);

    /// <summary>The instruction sets a target's code is written for, best first; all but the last are guarded by a run-time test.</summary>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    public static IReadOnlyList<Isa> ForTarget(string target) =>
        Targets.TryGetValue(target, out Isa[]? isas) ? isas : throw new ArgumentException($"There is no target '{target}'; targets are {string.Join(", ", TargetNames)}.");

    /// <summary>True for scalar code.</summary>
    public bool IsScalar => Bits == 0;

    /// <summary>32-bit lanes of a vector.</summary>
    public int Lanes => Bits / 32;

    /// <summary>Name of the BCL vector type.</summary>
    public string Vector => "Vector" + Literals.Int(Bits);

    /// <summary>Name of the helper class that holds this instruction set's vocabulary.</summary>
    public string Simd
    {
        get => field ?? (IsScalar ? "Scalar" : "Simd" + Literals.Int(Bits));
        init;
    }

    /// <summary>True where int16 products are added lane by lane (SMLAL), rather than in pairs of neighbours (PMADDWD).</summary>
    public bool AddsProductsByLane => Simd == SimdArm64.Name;
}
