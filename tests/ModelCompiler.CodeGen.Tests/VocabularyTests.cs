using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Every instruction set has the vocabulary that kernels are written in.</summary>
public class VocabularyTests
{
    // What one class needs for its own members.
    private static readonly string[] Private = ["PackWords", "GatherPixels"];

    // The set that goes with products of bytes: tiles of pixels, and packing of finished sums.
    private static readonly string[] Tile =
    [
        "AddProducts", "Broadcast4", "CopyRaised", "Gather", "Interleave4", "LoadLanes", "MultiplyAddBytes", "PackInt8", "PackInt8InLanes", "PackUInt8",
        "PackUInt8InLanes", "RoundInRange", "Scaled", "StoreLanes",
        "StorePart", "StorePixels", "StoreTransposed", "ZipLowerBytes", "ZipLowerWords", "ZipUpperBytes", "ZipUpperWords",
    ];

    public static TheoryData<string, bool> Classes()
    {
        var data = new TheoryData<string, bool>();
        IEnumerable<Isa> all = Target.All.SelectMany(t => t.InstructionSets).Where(i => !i.IsScalar).SelectMany(i => new[] { i, i.Wide });
        foreach ((string name, bool hasByteProducts) in all.Select(i => (i.Simd, i.Has(Products.Bytes))).Distinct()) data.Add(name, hasByteProducts);
        return data;
    }

    [Theory]
    [MemberData(nameof(Classes))]
    public void A_class_has_all_members(string name, bool hasByteProducts)
    {
        string[] core = [.. MembersOf("Simd256").Except(Tile).Except(Private)];
        Assert.Empty(core.Concat(hasByteProducts ? Tile : []).Except(MembersOf(name)));
    }

    [Fact]
    public void Classes_of_one_architecture_have_no_others() =>
        Assert.Single(new[] { "Simd128", "Simd256", "Simd512" }.Select(c => string.Join(' ', MembersOf(c).Except(Private).Order(StringComparer.Ordinal)))
            .Distinct());

    public static TheoryData<string> Names() => [.. Classes().Select(row => (string)row[0]).Distinct(), "Vnni256", "Vnni512"];

    [ProcessorFact("Simd128")]
    public void Members_of_128_bits_compute_what_single_elements_do() => Assert.Empty(VocabularyProbe.Run("Simd128"));

    [ProcessorFact("Simd256")]
    public void Members_of_256_bits_compute_what_single_elements_do() => Assert.Empty(VocabularyProbe.Run("Simd256"));

    [ProcessorFact("Simd512")]
    public void Members_of_512_bits_compute_what_single_elements_do() => Assert.Empty(VocabularyProbe.Run("Simd512"));

    [ProcessorFact("Vnni256")]
    public void Vnni_of_256_bits_computes_what_single_elements_do() => Assert.Empty(VocabularyProbe.Run("Vnni256"));

    [ProcessorFact("Vnni512")]
    public void Vnni_of_512_bits_computes_what_single_elements_do() => Assert.Empty(VocabularyProbe.Run("Vnni512"));

    [ProcessorFact("SimdArm64")]
    public void Members_for_arm64_compute_what_single_elements_do() => Assert.Empty(VocabularyProbe.Run("SimdArm64"));

    // Members that only others of their class call are tested through them.
    [Theory]
    [MemberData(nameof(Names))]
    public void Every_member_is_compared_with_single_elements(string name)
    {
        string code = VocabularyProbe.Source(name);
        Assert.Contains(typeof(VocabularyTests).GetMethods(),
            m => m.GetCustomAttributesData().Any(a => a.AttributeType == typeof(ProcessorFactAttribute) && (string)a.ConstructorArguments[0].Value! == name));
        Assert.DoesNotContain(MembersOf(name).Except(Private), m => !Regex.IsMatch(code, $@"\b{name}\.{m}\b"));
    }

    private static IEnumerable<string> MembersOf(string name) =>
        HelperLibrary.Members.Where(m => m.StartsWith(name + ".", StringComparison.Ordinal)).Select(m => m[(name.Length + 1)..]);

    // Skipped where the processor does not have the instructions of a class.
    private sealed class ProcessorFactAttribute : FactAttribute
    {
        public ProcessorFactAttribute(string name)
        {
            bool isSupported = name switch
            {
                "Simd128" => Vector128.IsHardwareAccelerated,
                "Simd256" => Avx2.IsSupported && Fma.IsSupported,
                "Simd512" => Avx512BW.IsSupported,
                "Vnni256" => AvxVnni.IsSupported,
                "Vnni512" => (bool?)typeof(AvxVnni).GetNestedType("V512")?.GetProperty("IsSupported")!.GetValue(null) ?? false, // of .NET 11
                _ => AdvSimd.Arm64.IsSupported,
            };
            if (!isSupported) Skip = $"This processor does not have the instructions of {name}.";
        }
    }
}
