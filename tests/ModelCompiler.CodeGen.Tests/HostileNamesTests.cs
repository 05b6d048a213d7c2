using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Whatever types the user's program declares around the class, generated code means the framework's.</summary>
public class HostileNamesTests
{
    private static readonly string[] Types =
        ("Math MathF GC Unsafe Vector64 Vector128 Vector256 Vector512 Span ReadOnlySpan BitConverter MemoryMarshal NativeMemory Array Exception "
        + "ArgumentException InvalidOperationException " +
        "ObjectDisposedException PlatformNotSupportedException Avx Avx2 Avx512BW Avx512F Fma Sse2 Sse41 Ssse3 AdvSimd Dp Buffer Half String Int32 Int64 "
        + "Single Double Byte SByte Boolean Object IDisposable " +
        "Attribute GeneratedCode GeneratedCodeAttribute MethodImpl MethodImplAttribute MethodImplOptions MidpointRounding INumber Info Network Edge Scalar "
        + "Simd128 Simd256 SimdArm64 Weights BinaryPrimitives").Split(' ');

    public static TheoryData<string, string> Crossed() => EmitterTests.Crossed();

    [Theory]
    [MemberData(nameof(Crossed))]
    public void Types_of_the_program_hide_nothing(string network, string target)
    {
        string declarations = string.Concat(Types.Select(t => $"    internal static class {t};\n"));
        string caller = $$"""
            namespace Acme
            {
            {{declarations}}    internal static class System;
            }

            namespace Acme.Product
            {
            {{declarations}}    internal static class ModelCompilerCode;
            }

            namespace Acme.Product.System
            {
            {{declarations}}}

            {{declarations}}
            """;
        GeneratedCode.Compile(SmallNetworks.Plan(network, target) with { Namespace = "Acme.Product" }, caller: caller);
    }

    [Fact]
    public void Aliases_of_the_program_hide_nothing() => GeneratedCode.Compile(
        SmallNetworks.Plan("integers", "portable"),
        caller: "global using Math = global::Other.Wrong;\nglobal using GC = global::Other.Wrong;\nglobal using Vector128 = global::Other.Wrong;\nglobal "
        + "using Edge = global::Other.Wrong;\nnamespace Other { internal static class Wrong; }");

    [Fact]
    public void A_nested_type_of_another_part_of_the_class_hides_nothing() => GeneratedCode.Compile(
        SmallNetworks.Plan("integers", "portable"),
        caller: $"namespace Networks {{ public sealed partial class Small {{ "
        + $"{string.Concat(Types.Where(t => t != "Info").Select(t => $"private static class {t}; "))} }} }}");
}
