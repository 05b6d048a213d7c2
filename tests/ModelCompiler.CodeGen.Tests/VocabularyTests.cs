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
        "AddProducts", "Broadcast4", "CopyRaised", "Gather", "Interleave4", "LoadLanes", "MultiplyAddBytes", "PackInt8", "PackInt8InLanes", "PackUInt8", "PackUInt8InLanes", "RoundInRange", "Scaled", "StoreLanes",
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
        Assert.Single(new[] { "Simd128", "Simd256", "Simd512" }.Select(c => string.Join(' ', MembersOf(c).Except(Private).Order(StringComparer.Ordinal))).Distinct());

    private static IEnumerable<string> MembersOf(string name) => HelperLibrary.Members.Where(m => m.StartsWith(name + ".", StringComparison.Ordinal)).Select(m => m[(name.Length + 1)..]);
}
