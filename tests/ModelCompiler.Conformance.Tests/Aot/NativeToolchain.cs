using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>A kind of machine that native programs are published for.</summary>
/// <param name="Target">Target of the generated code.</param>
/// <param name="RuntimeIdentifier">The machine in the words of the SDK.</param>
/// <param name="InstructionSet">What the native compiler may assume, or null for its default.</param>
internal sealed record NativeMachine(string Target, string RuntimeIdentifier, string? InstructionSet = null)
{
    private static readonly string System = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";

    /// <summary>This machine, with the best instruction set that code is written for and that it has.</summary>
    public static NativeMachine Here { get; } = NativeToolchain.IsArm64
        ? new("arm64", System + "-arm64")
        : Avx2.IsSupported && Fma.IsSupported ? new("x64-v3", System + "-x64", "x86-64-v3") : new("portable", System + "-x64");

    /// <summary>This machine, with what the native compiler assumes when it is told nothing.</summary>
    public static NativeMachine Default { get; } = new("portable", System + (NativeToolchain.IsArm64 ? "-arm64" : "-x64"));

    /// <summary>Any 64-bit Arm machine with Linux.</summary>
    public static NativeMachine Arm64 { get; } = new("arm64", "linux-arm64");

    /// <summary>64-bit Arm with dot products, with Linux.</summary>
    public static NativeMachine Arm64DotProducts { get; } = new("arm64-dotprod", "linux-arm64", "armv8.2-a,dotprod");
}

/// <summary>A processor that native programs run on: that of this machine, or an emulated one.</summary>
/// <param name="Name">Name for messages.</param>
/// <param name="Emulator">Command line before the program; nothing when it runs by itself.</param>
internal sealed record Processor(string Name, params string[] Emulator)
{
    /// <summary>The processor of this machine.</summary>
    public static Processor Here { get; } = new("this processor");

    /// <summary>A 64-bit Arm processor of this name, as QEMU emulates it; the processor itself where it is one.</summary>
    public static Processor Arm64(string name) =>
        NativeToolchain.IsArm64 ? Here : new(name, NativeToolchain.Arm64Emulator, "-cpu", name, "-L", NativeToolchain.Arm64Libraries);
}

/// <summary>What compiling to native code, and running the result, needs on this machine. <c>build/test.sh</c> installs it.</summary>
internal static class NativeToolchain
{
    public const string Arm64Emulator = "qemu-aarch64-static", Arm64Libraries = "/usr/aarch64-linux-gnu";

    /// <summary>True on 64-bit Arm.</summary>
    public static bool IsArm64 { get; } = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    /// <summary>Why nothing can be compiled to native code here, or null.</summary>
    public static string? Missing { get; } = OperatingSystem.IsWindows() || Dotnet.HasProgram("clang") ? null
        : "clang, which links native programs, is not installed.";

    /// <summary>Why nothing can be compiled for Linux on 64-bit Arm and run here, or null.</summary>
    public static string? MissingForArm64 { get; } =
        Missing is not null ? Missing
        : !OperatingSystem.IsLinux() ? "Programs for Linux on 64-bit Arm are compiled and emulated on Linux only."
        : IsArm64 ? null
        : !Dotnet.HasProgram("ld.lld") || !Dotnet.HasProgram("llvm-objcopy") ? "lld and llvm, which link programs for other processors, are not installed."
        : !Directory.Exists(Arm64Libraries + "/lib") || !Dotnet.HasProgram("aarch64-linux-gnu-gcc")
        ? "gcc-aarch64-linux-gnu and libc6-dev-arm64-cross, the libraries of 64-bit Arm, are not installed."
        : !Dotnet.HasProgram(Arm64Emulator) ? Arm64Emulator + ", which runs programs for 64-bit Arm, is not installed."
        : null;
}

/// <summary>A test that compiles to native code; skipped where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NativeFactAttribute : FactAttribute
{
    public NativeFactAttribute() => Skip = NativeToolchain.Missing;
}

/// <summary>A theory that compiles to native code; skipped where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NativeTheoryAttribute : TheoryAttribute
{
    public NativeTheoryAttribute() => Skip = NativeToolchain.Missing;
}

/// <summary>A test that compiles to native code for Linux on 64-bit Arm; skipped where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class Arm64FactAttribute : FactAttribute
{
    public Arm64FactAttribute() => Skip = NativeToolchain.MissingForArm64;
}

/// <summary>A theory that compiles to native code for Linux on 64-bit Arm; skipped where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class Arm64TheoryAttribute : TheoryAttribute
{
    public Arm64TheoryAttribute() => Skip = NativeToolchain.MissingForArm64;
}
