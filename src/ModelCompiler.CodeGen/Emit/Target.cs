using System;
using System.Collections.Generic;
using System.Linq;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// A kind of machine that models are compiled for. The table of all is the one place that knows them: options, documentation, the build's properties,
/// run-time checks and tests follow it.
/// </summary>
internal sealed class Target
{
    /// <summary>All targets, from the general to the special.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new("portable", "any processor, with AVX2 where there is", Isa.Avx2, Isa.Vector128),
        new("x64", "every x64 processor, with AVX2 where there is", Isa.Avx2, Isa.Ssse3) { Architecture = "x64" },
        new("x64-v2", "x64 with SSE 4.2 (2009)", Isa.Ssse3) { Architecture = "x64", NativeInstructionSet = "x86-64-v2", IsNativeDefault = true },
        new("x64-v3", "x64 with AVX2 and FMA (Intel 2013, AMD 2015)", Isa.Avx2) { Architecture = "x64", NativeInstructionSet = "x86-64-v3" },
        new("x64-v4", "x64 with AVX-512 F, BW and VL (Intel servers 2017, AMD 2022)", Isa.Avx512) { Architecture = "x64", NativeInstructionSet = "x86-64-v4" },
        new("x64-avxvnni", "x64 with AVX-VNNI (Intel 2021, AMD 2024)", Isa.AvxVnni) { Architecture = "x64", NativeInstructionSet = "x86-64-v3,avxvnni" },
        new("x64-v4-vnni", "x64 with AVX-512 and VNNI (Intel servers 2019, AMD 2022), .NET 11", Isa.Avx512Vnni) { Architecture = "x64",
            NativeInstructionSet = "x86-64-v4" },
        new("arm64", "every 64-bit Arm processor", Isa.AdvSimd) { Architecture = "arm64" },
        new("arm64-dotprod", "64-bit Arm with dot products (2018)", Isa.Dp) { Architecture = "arm64", NativeInstructionSet = "armv8.2-a,dotprod" },
        new("vector128", "any processor, with vectors of 128 bits", Isa.Vector128),
        new("scalar", "any processor, without vectors", Isa.Scalar),
    ];

    private Target(string name, string machine, params Isa[] instructionSets) => (Name, Machine, InstructionSets) = (name, machine, instructionSets);

    /// <summary>What a build that says nothing compiles for.</summary>
    public static Target Default => All[0];

    /// <summary>Names of all targets, in ordinal order.</summary>
    public static IEnumerable<string> Names => All.Select(t => t.Name).OrderBy(n => n, StringComparer.Ordinal);

    /// <summary>Name in options and plans.</summary>
    public string Name { get; }

    /// <summary>The machines in words.</summary>
    public string Machine { get; }

    /// <summary>The instruction sets that code is written for, best first; all but the last are guarded by a run-time test.</summary>
    public IReadOnlyList<Isa> InstructionSets { get; }

    /// <summary>The first version of .NET that its code compiles with.</summary>
    public int Framework => InstructionSets.Max(i => i.Framework);

    /// <summary>End of the runtime identifiers of such machines; null for any.</summary>
    public string? Architecture { get; private init; }

    /// <summary>What NativeAOT must be told (<c>IlcInstructionSet</c>) to compile for the machine; null when it is told nothing.</summary>
    public string? NativeInstructionSet { get; private init; }

    /// <summary>True when programs run on the machine that NativeAOT compiles without being told its instruction set.</summary>
    public bool IsNativeDefault
    {
        get => field || NativeInstructionSet is null;
        private init;
    }

    /// <summary>The target of a name; null when there is none.</summary>
    public static Target? Find(string name) => All.FirstOrDefault(t => t.Name == name);

    /// <summary>The target of a name that was checked before.</summary>
    /// <exception cref="ArgumentException">There is no such target.</exception>
    public static Target Of(string name) => Find(name) ?? throw new ArgumentException($"There is no target '{name}'; targets are {string.Join(", ", Names)}.");
}
