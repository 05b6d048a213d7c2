using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Elements chosen by indices, conditions and values.</summary>
internal static class IndexingCases
{
    private static readonly ElementType[] Sizes = [ElementType.UInt8, ElementType.Float16, ElementType.Float32, ElementType.Int64];

    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
    [
        .. Sizes.Select(type => Case($"gather {type}", b => Gathers(b, type, ElementType.Int64))),
        Case("gather by int32", b => Gathers(b, ElementType.Float32, ElementType.Int32)),
        .. new[] { "Replace", "Add", "Multiply", "Minimum",
            "Maximum" }.Select((kind, i) => Case($"scatter {kind}",
                b => Scatters(b, Sizes[i % Sizes.Length] == ElementType.Float16 ? ElementType.Int16 : Sizes[i % Sizes.Length], kind,
                    i % 2 == 0 ? ElementType.Int64 : ElementType.Int32))),
        .. Sizes.Select(type => Case($"compress {type}", b =>
            LibraryCases.Each(b, [new Compress(1), new Compress(0)], LibraryCases.Input(b, type, 3, 4, 2), LibraryCases.Input(b, ElementType.Bool, 3)))),
        .. Sizes.Select(type => Case($"take {type}", b => LibraryCases.One(b,
            Take.Of(new Shape(3, 2, 4), (axis, i) => axis == 0 ? 2 - i : axis == 1 ? i : i - 1), LibraryCases.Input(b, type, 3, 2, 3),
            LibraryCases.Input(b, type)))),
        Case("take without a fill", b => LibraryCases.One(b, Take.Of(new Shape(5, 2), (_, i) => i % 2), b.Input(2, 3))),
        .. Sizes.Select(type => Case($"one-hot {type}", b =>
            LibraryCases.Each(b, Enumerable.Range(0, 3).Select(axis => new OneHot(axis, 4)), LibraryCases.Small(b, ElementType.Int64, -5, 5, 2, 3),
                LibraryCases.Input(b, type, 2)))),
        Case("one-hot of real indices", b => LibraryCases.One(b, new OneHot(1, 3), b.Numbers(ElementType.Float32, null, r => r.Next(4), 5), b.Input(2))),
        .. new[] { ElementType.Float32, ElementType.Int8, ElementType.Int64, ElementType.Float64 }.Select(type => Case($"order {type}", b => Order(b, type))),
        .. new[] { ElementType.Bool, ElementType.Float32, ElementType.Int32 }.Select(type =>
            Case($"places that are not zero {type}", b => LibraryCases.One(b, new NonZero(),
                type == ElementType.Bool ? LibraryCases.Input(b, type, 2, 3, 2) : LibraryCases.Small(b, type, 0, 2, 2, 3, 2)))),
        Case("boxes that stay", b => Suppress(b, false)),
        Case("centred boxes that stay", b => Suppress(b, true)),
        Case("all boxes stay", b => LibraryCases.One(b, new NonMaxSuppression(false, 3), b.Input(1, 4, 4), b.Input(1, 2, 4),
            LibraryCases.Indices(b, ElementType.Int64, 3, 4, 1))),
    ]);

    private static KeyValuePair<string, Func<CaseBuilder, ModelGraph>> Case(string name, Func<CaseBuilder, ModelGraph> build) => new(name, build);

    private static ModelGraph Gathers(CaseBuilder b, ElementType type, ElementType index)
    {
        Value x = LibraryCases.Input(b, type, 3, 4, 2);
        return b.Build(
            b.Apply(new Gather(0), x, LibraryCases.Indices(b, index, -3, 3, 2)), b.Apply(new Gather(1), x, LibraryCases.Indices(b, index, -4, 4, 2, 3)),
            b.Apply(new Gather(2), x, LibraryCases.Indices(b, index, 0, 2)),
            b.Apply(new GatherElements(1), x, LibraryCases.Indices(b, index, -4, 4, 2, 5, 2)),
            b.Apply(new GatherTuples(0), x, LibraryCases.Indices(b, index, -3, 3, 4, 2)),
            b.Apply(new GatherTuples(1), x, LibraryCases.Indices(b, index, 0, 2, 3, 2, 2)));
    }

    private static ModelGraph Scatters(CaseBuilder b, ElementType type, string combination, ElementType index)
    {
        Value x = LibraryCases.Input(b, type, 3, 4, 2);
        return b.Build(
            b.Apply(new Scatter(1, combination), x, LibraryCases.Indices(b, index, -4, 4, 2, 3, 2), LibraryCases.Input(b, type, 2, 3, 2)),
            b.Apply(new Scatter(-1, combination), x, LibraryCases.Indices(b, index, -3, 3, 5, 2), LibraryCases.Input(b, type, 5, 2)));
    }

    private static ModelGraph Order(CaseBuilder b, ElementType type)
    {
        Value x = LibraryCases.Small(b, type, 0, 3, 2, 5, 3);
        return b.Build([.. b.ApplyAll(new TopK(1, 3, true), [], x), .. b.ApplyAll(new TopK(2, 3, false), [], x), .. b.ApplyAll(new Unique(1, true), [], x),
            .. b.ApplyAll(new Unique(0, false), [], x)]);
    }

    private static ModelGraph Suppress(CaseBuilder b, bool centred) => LibraryCases.One(
        b, new NonMaxSuppression(centred, 3), b.Numbers(ElementType.Float32, null, r => r.Next(1, 5), 2, 6, 4), b.Input(2, 2, 6),
        LibraryCases.Indices(b, ElementType.Int64, 3, 4), b.Numbers(ElementType.Float32, null, _ => 0.3), b.Numbers(ElementType.Float32, null, _ => -1));
}
