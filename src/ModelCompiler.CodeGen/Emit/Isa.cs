using System;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Ways of multiplying and adding that an instruction set has beside those of plain vectors; each is a set of members of its vocabulary.</summary>
[Flags]
internal enum Products
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>int16 × int16, each two neighbours summed in int32 (PMADDWD).</summary>
    Pairs = 1,

    /// <summary>uint8 × int8, each two neighbours summed in int16 (PMADDUBSW).</summary>
    Bytes = 2,

    /// <summary>Products of one half of the lanes added to wider lanes (SMLAL, SADALP).</summary>
    Lanes = 4,

    /// <summary>int8 × int8, each four neighbours added in int32 (SDOT).</summary>
    Dots = 8,

    /// <summary>uint8 × int8, each four neighbours added in int32 (VPDPBUSD).</summary>
    Quads = 16,
}

/// <summary>
/// An instruction set that kernels are written for. Vector kernels are written once against a vocabulary,
/// helper classes whose members have the same names and differ in width and instructions. What kernels must know of it beside stands here as data,
/// so that a new one is a row here and a vocabulary.
/// </summary>
/// <param name="Name">Suffix of emitted methods.</param>
/// <param name="Bits">Width of vectors, 0 for scalar code.</param>
/// <param name="Guard">C# expression that is true where the code may run; empty when every processor of the architecture runs it.</param>
internal sealed record Isa(string Name, int Bits, string Guard)
{
    /// <summary>Plain C# loops without vectors.</summary>
    public static Isa Scalar { get; } = new("Scalar", 0, "");

    /// <summary>128-bit vectors that every platform has or emulates: SSE, AdvSimd, WebAssembly.</summary>
    public static Isa Vector128 { get; } = new("Vector128", 128, "") { Products = Products.Pairs };

    /// <summary>The 128-bit vectors that every x64 processor has that .NET runs on.</summary>
    public static Isa Ssse3 { get; } = new("Ssse3", 128, "") { Products = Products.Pairs | Products.Bytes };

    /// <summary>256-bit vectors of x64 with AVX2 and FMA.</summary>
    public static Isa Avx2 { get; } = new("Avx2", 256, "Avx2.IsSupported && Fma.IsSupported") { Products = Products.Pairs | Products.Bytes };

    /// <summary>
    /// x64 with the 512-bit vectors and 32 registers of AVX-512 F, BW and VL. Matrix products use them; all else runs as fast on 256 bits,
    /// which avoids accesses that cross cache lines.
    /// </summary>
    public static Isa Avx512 { get; } = new("Avx512", 256, "Avx512BW.VL.IsSupported && Fma.IsSupported") { TileBits = 512, Registers = 32,
        Products = Products.Pairs | Products.Bytes };

    /// <summary>256-bit vectors of x64 with AVX-VNNI.</summary>
    public static Isa AvxVnni { get; } = new("AvxVnni", 256,
        "AvxVnni.IsSupported && Avx2.IsSupported && Fma.IsSupported") { Products = Products.Pairs | Products.Bytes | Products.Quads, Vnni = "Vnni256" };

    /// <summary>AVX-512 with VNNI, which .NET 11 has for 512 bits.</summary>
    public static Isa Avx512Vnni { get; } = Avx512 with { Name = "Avx512Vnni", Guard = "AvxVnni.V512.IsSupported && " + Avx512.Guard,
        Products = Avx512.Products | Products.Quads, Vnni = "Vnni512", Framework = 11 };

    /// <summary>128-bit vectors of 64-bit Arm; where kernels profit from dot products of bytes, they ask the processor for them.</summary>
    public static Isa AdvSimd { get; } = new("AdvSimd", 128, "AdvSimd.Arm64.IsSupported") { Simd = "SimdArm64", Registers = 32, Products = Products.Lanes };

    /// <summary>128-bit vectors of 64-bit Arm with dot products of bytes (SDOT).</summary>
    public static Isa Dp { get; } = new("Dp", 128, "Dp.IsSupported") { Simd = "SimdArm64", Registers = 32, Products = Products.Lanes | Products.Dots };

    /// <summary>Width of the vectors in register-tiled matrix products, in bits.</summary>
    public int TileBits { get; init; } = Bits;

    /// <summary>Vector registers.</summary>
    public int Registers { get; init; } = 16;

    /// <summary>The first version of .NET that has its instructions.</summary>
    public int Framework { get; init; } = 8;

    /// <summary>Its ways of multiplying.</summary>
    public Products Products { get; init; }

    /// <summary>True for scalar code.</summary>
    public bool IsScalar => Bits == 0;

    /// <summary>The same instruction set at the width of its register-tiled matrix products.</summary>
    public Isa Wide => Narrowed(TileBits);

    /// <summary>The same instruction set with tiles of at most so many bits.</summary>
    public Isa Narrowed(int bits) => this with { Bits = Math.Min(bits, TileBits), TileBits = Math.Min(bits, TileBits) };

    /// <summary>Accumulators that fit the registers beside as many temporaries and the operands: 14 of 32, or 6 of 16.</summary>
    public int TileSums => (Registers / 2) - 2;

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

    /// <summary>Name of the helper class with its products of four, whatever the width; empty where it has none.</summary>
    public string Vnni { get; init; } = "";

    /// <summary>True if it has one of the ways of multiplying.</summary>
    public bool Has(Products products) => (Products & products) != 0;
}
