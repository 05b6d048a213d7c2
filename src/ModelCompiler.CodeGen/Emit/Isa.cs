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
/// <param name="Tile">Width of the vectors in register-tiled matrix products, in bits, where it differs.</param>
public sealed record Isa(string Name, int Bits, string Guard, int Tile = 0)
{
    /// <summary>Plain C# loops without vectors.</summary>
    public static Isa Scalar { get; } = new("Scalar", 0, "");

    /// <summary>128-bit vectors that every platform has or emulates: SSE, AdvSimd, WebAssembly.</summary>
    public static Isa Vector128 { get; } = new("Vector128", 128, "");

    /// <summary>The 128-bit vectors that every x64 processor has that .NET runs on.</summary>
    public static Isa Ssse3 { get; } = new("Ssse3", 128, "");

    /// <summary>256-bit vectors of x64 with AVX2 and FMA.</summary>
    public static Isa Avx2 { get; } = new("Avx2", 256, "Avx2.IsSupported && Fma.IsSupported");

    /// <summary>
    /// x64 with the 512-bit vectors and 32 registers of AVX-512 F, BW and VL. Matrix products use them; all else runs as fast on 256 bits,
    /// which avoids accesses that cross cache lines.
    /// </summary>
    public static Isa Avx512 { get; } = new("Avx512", 256, "Avx512BW.VL.IsSupported && Fma.IsSupported", 512);

    private static readonly Dictionary<string, Isa[]> Targets = new(StringComparer.Ordinal)
    {
        ["portable"] = [Avx2, Vector128],
        ["x64"] = [Avx2, Ssse3],
        ["x64-v2"] = [Ssse3],
        ["x64-v3"] = [Avx2],
        ["x64-v4"] = [Avx512],
        ["arm64"] = [Vector128],
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

    /// <summary>True where uint8 × int8 products summed in pairs are one instruction.</summary>
    public bool HasByteProducts => this == Ssse3 || this == Avx2 || this == Avx512;

    /// <summary>The same instruction set at the width of its register-tiled matrix products.</summary>
    public Isa Wide => Tile == 0 ? this : new Isa(Name, Tile, Guard);

    /// <summary>The same instruction set with vectors of at most so many bits.</summary>
    public Isa Narrowed(int bits) => Wide.Bits <= bits ? Wide : new Isa(Name, bits, Guard);

    /// <summary>Accumulators that fit the registers beside as many temporaries and the operands: 14 of 32, or 6 of 16.</summary>
    public int TileSums => Name == Avx512.Name ? 14 : 6;

    /// <summary>32-bit lanes of a vector.</summary>
    public int Lanes => Bits / 32;

    /// <summary>Name of the BCL vector type.</summary>
    public string Vector => "Vector" + Literals.Int(Bits);

    /// <summary>Name of the helper class that holds this instruction set's vocabulary.</summary>
    public string Simd => IsScalar ? "Scalar" : "Simd" + Literals.Int(Bits);
}
