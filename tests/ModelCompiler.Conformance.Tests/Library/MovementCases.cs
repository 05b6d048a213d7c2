using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Elements that move or are sampled.</summary>
internal static class MovementCases
{
    private static readonly ElementType[] Sizes = [ElementType.UInt8, ElementType.Float16, ElementType.Float32, ElementType.Int64];

    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
    [
        .. Sizes.Select(type => Case($"strided {type}", b => Slices(b, type))),
        .. Sizes.Select(type => Case($"first elements {type}",
            b => LibraryCases.Each(b, [new KeepFirst(0), new KeepFirst(2)], LibraryCases.Input(b, type, 3, 2, 4),
                LibraryCases.Indices(b, ElementType.Int64, 0, 3)))),
        .. Sizes.Select(type => Case($"reversed sequences {type}",
            b => LibraryCases.One(b, new ReverseSequence(0), LibraryCases.Input(b, type, 5, 3, 2), LibraryCases.Indices(b, ElementType.Int64, 0, 6, 3)))),
        Case("reversed sequences, batch first", b => LibraryCases.One(b, new ReverseSequence(1), b.Input(3, 5),
            LibraryCases.Indices(b, ElementType.Int64, 0, 6, 3))),
        .. Sizes.Select((type, i) => Case($"triangle {type}",
            b => LibraryCases.Each(b, [new Triangle(true), new Triangle(false)], LibraryCases.Input(b, type, 2, 4, 3),
                i == 0 ? null : LibraryCases.Indices(b, ElementType.Int64, -2, 3)))),
        .. Sizes.Select((type, i) => Case($"update slice {type}",
            b => LibraryCases.One(b, new UpdateSlice(), LibraryCases.Input(b, type, 4, 5, 2), LibraryCases.Input(b, type, 2, 3, 2),
                LibraryCases.Indices(b, i % 2 == 0 ? ElementType.Int32 : ElementType.Int64, -2, 6, 3)))),
        .. new[] { ElementType.Float32, ElementType.Float64 }.Select(type => Case($"sampled by a grid {type}", b => Grid(b, type))),
        Case("sampled volumes", b => LibraryCases.Each(b, Enumerable.Range(0, 3).Select(mode => new GridSample(mode, mode, mode == 1)), b.Input(1, 2, 3, 4, 2),
            b.Input(1, 2, 2, 3, 3))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.UInt8,
            ElementType.Int32 }.Select(type => Case($"resampled {type}", b => Resampled(b, type))),
        Case("resized uint8", b => Resized(b)),
    ]);

    private static KeyValuePair<string, Func<CaseBuilder, ModelGraph>> Case(string name, Func<CaseBuilder, ModelGraph> build) => new(name, build);

    private static ModelGraph Slices(CaseBuilder b, ElementType type)
    {
        Value x = LibraryCases.Input(b, type, 3, 4, 5);
        return b.Build(
            b.Apply(Strided.Slice(x.Shape, [0, 1, 4], [3, 2, 3], [1, 2, -2]), x), b.Apply(Strided.Tile(x.Shape, [1, 3, 2]), x),
            b.Apply(Strided.Expand(new Shape(3, 1, 5), new Shape(2, 3, 4, 5)), b.Apply(Strided.Slice(x.Shape, [0, 2, 0], [3, 1, 5], [1, 1, 1]), x)));
    }

    private static ModelGraph Grid(CaseBuilder b, ElementType type) => LibraryCases.Each(
        b, from mode in Enumerable.Range(0, 3) from padding in Enumerable.Range(0, 3) from corners in new[] { false, true }
        select new GridSample(mode, padding, corners), LibraryCases.Input(b, type, 2, 3, 4, 5),
        b.Numbers(type, null, r => (r.NextDouble() * 3) - 1.5, 2, 3, 2, 2));

    private static ModelGraph Resampled(CaseBuilder b, ElementType type) => LibraryCases.One(
        b, new Resample(1, 3, 2, EquatableArray.Of(0, 1, -1, 1, 3, 2), EquatableArray.Of(0.25f, 0.75f, 0.5f, 0.5f, 1.25f, -0.25f), 3),
        LibraryCases.Input(b, type, 2, 4, 3));

    private static ModelGraph Resized(CaseBuilder b)
    {
        Value x = b.QuantizedInput(ElementType.UInt8, 1, 3, 5, 2);
        return b.Build(b.Apply(new ResizeBilinear(4, 3, false, true), ElementType.UInt8, x.Quantization, x));
    }
}
