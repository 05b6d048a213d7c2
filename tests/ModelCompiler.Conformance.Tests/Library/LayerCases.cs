using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Layers in forms and types without kernels of their own.</summary>
internal static class LayerCases
{
    private static readonly ElementType[] Reals = [ElementType.Float32, ElementType.Float64];

    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
    [
        .. Reals.Select(type => Case($"convolution of any rank {type}", b => General(b, type))),
        Case("convolution of integers", b => Integers(b)),
        .. Reals.Select(type => Case($"transposed convolution {type}", b => Transposed(b, type))),
        .. Reals.Select(type => Case($"deformable convolution {type}", b => Deformable(b, type))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int32 }.Select(type => Case($"images from columns {type}", b => LibraryCases.One(
            b, new FromColumns(EquatableArray.Of(4, 5), LibraryCases.Window([2, 3], [3, 2], [1, 2], [1, 1], [0, 0], [0, 0])),
            LibraryCases.Input(b, type, 2, 12, 6)))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int8 }.Select(type => Case($"pools {type}", b => Pools(b, type))),
        .. new[] { ElementType.Float16, ElementType.Float32, ElementType.UInt8, ElementType.Int64 }.Select(type => Case($"unpool {type}", b => LibraryCases.One(
            b, new Unpool(new Shape(1, 2, 4, 4)), LibraryCases.Input(b, type, 1, 2, 2, 2), LibraryCases.Indices(b, ElementType.Int64, 0, 32, 1, 2, 2, 2)))),
        Case("regions", b => Regions(b, ElementType.Float32)),
        Case("regions float64", b => Regions(b, ElementType.Float64)),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int32,
            ElementType.UInt64 }.Select(type => Case($"matrix product {type}", b => Products(b, type))),
        Case("matrix product of bytes", b => Bytes(b)),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int32 }.Select(type => Case($"contraction {type}", b => Contractions(b, type))),
        Case("linear attention", b => Attention(b, false)),
        Case("linear attention by the delta rule", b => Attention(b, true)),
        Case("normalised along nothing", b => LibraryCases.One(b, new Normalize(EquatableArray.Of(1), true, true, DivisorFloor.AddedToSquares, 1e-5f),
            b.Input(3, 1, 2))),
    ]);

    private static KeyValuePair<string, Func<CaseBuilder, ModelGraph>> Case(string name, Func<CaseBuilder, ModelGraph> build) => new(name, build);

    private static ModelGraph General(CaseBuilder b, ElementType type)
    {
        Value sequence = LibraryCases.Input(b, type, 2, 4, 7), volume = LibraryCases.Input(b, type, 1, 2, 3, 4, 3);
        return b.Build(
            b.Apply(new ConvChannelsFirst(LibraryCases.Window([3], [4], [2], [1], [1], [1]), 2), sequence, LibraryCases.Input(b, type, 6, 2, 3),
                LibraryCases.Input(b, type, 6)),
            b.Apply(new ConvChannelsFirst(LibraryCases.Window([2, 2, 2], [2, 2, 3], [1, 1, 1], [1, 2, 1], [0, 0, 0], [0, 0, 1]), 1), volume,
                LibraryCases.Input(b, type, 3, 2, 2, 2, 2)));
    }

    private static ModelGraph Integers(CaseBuilder b) => b.Build(
        b.Apply(new ConvChannelsFirst(LibraryCases.Window([2, 2], [3, 3], [1, 1], [1, 1], [1, 0], [0, 1]), 1),
            LibraryCases.Input(b, ElementType.UInt8, 1, 2, 3, 3),
            LibraryCases.Input(b, ElementType.Int8, 4, 2, 2, 2), null, LibraryCases.Input(b, ElementType.UInt8), LibraryCases.Input(b, ElementType.Int8, 4)),
        b.Apply(new ConvChannelsFirst(LibraryCases.Window([2], [2], [1], [1], [0], [0]), 1), LibraryCases.Input(b, ElementType.Int8, 1, 2, 3),
            LibraryCases.Input(b, ElementType.UInt8, 2, 2, 2)));

    private static ModelGraph Transposed(CaseBuilder b, ElementType type) => b.Build(
        b.Apply(new TransposedConvChannelsFirst(LibraryCases.Window([3, 2], [5, 7], [2, 3], [1, 2], [1, 0], []), 2), LibraryCases.Input(b, type, 2, 4, 3, 3),
            LibraryCases.Input(b, type, 4, 3, 3, 2), LibraryCases.Input(b, type, 6)),
        b.Apply(new TransposedConvChannelsFirst(LibraryCases.Window([3], [7], [2], [1], [0], []), 1), LibraryCases.Input(b, type, 1, 2, 3),
            LibraryCases.Input(b, type, 2, 1, 3)));

    private static ModelGraph Deformable(CaseBuilder b, ElementType type)
    {
        Window window = LibraryCases.Window([2, 2], [3, 3], [1, 1], [1, 1], [0, 0], [0, 0]);
        Value x = LibraryCases.Input(b, type, 2, 4, 4, 4), offsets = LibraryCases.Input(b, type, 2, 16, 3, 3);
        return b.Build(
            b.Apply(new DeformConv(window, 2, 2), x, LibraryCases.Input(b, type, 6, 2, 2, 2), offsets, LibraryCases.Input(b, type, 6),
                LibraryCases.Input(b, type, 2, 8, 3, 3)),
            b.Apply(new DeformConv(window, 1, 2), x, LibraryCases.Input(b, type, 3, 4, 2, 2), offsets));
    }

    private static ModelGraph Pools(CaseBuilder b, ElementType type)
    {
        Window window = LibraryCases.Window([3, 2], [3, 3], [2, 2], [1, 1], [1, 0], [1, 1]),
            dilated = LibraryCases.Window([2, 2], [3, 2], [1, 1], [2, 3], [0, 0], [0, 0]);
        Value x = LibraryCases.Input(b, type, 2, 3, 5, 5);
        List<Value> outputs =
        [
            .. b.ApplyAll(new PoolChannelsFirst("Max", window, 0, true), [], x), .. b.ApplyAll(new PoolChannelsFirst("Max", dilated, 1, true), [], x),
            b.Apply(new PoolChannelsFirst("Max", dilated, 0), x),
        ];
        if (type.IsFloat()) outputs.AddRange(new (string Kind, int Option)[] { ("Average", 0), ("Average", 1), ("Norm", 1), ("Norm", 2),
            ("Norm", 3) }.Select(p => b.Apply(new PoolChannelsFirst(p.Kind, window, p.Option), x)));
        return b.Build([.. outputs]);
    }

    private static ModelGraph Regions(CaseBuilder b, ElementType type) => LibraryCases.Each(
        b, from ratio in new[] { 0, 2 } from half in new[] { false, true } from largest in new[] { false, true }
        select new RoiAlign(2, 3, ratio, 0.5f, half, largest),
        LibraryCases.Input(b, type, 2, 3, 6, 5), b.Numbers(type, null, r => r.NextDouble() * 10, 4, 4), LibraryCases.Indices(b, ElementType.Int64, 0, 2, 4));

    private static ModelGraph Products(CaseBuilder b, ElementType type) => b.Build(
        b.Apply(new MatMul(), LibraryCases.Input(b, type, 2, 1, 3, 5), LibraryCases.Input(b, type, 4, 5, 2)),
        b.Apply(new MatMul(), LibraryCases.Input(b, type, 1, 17), LibraryCases.Input(b, type, 17, 1)));

    private static ModelGraph Bytes(CaseBuilder b) => b.Build(
        b.Apply(new MatMul(ElementType.Int32), LibraryCases.Input(b, ElementType.UInt8, 3, 9), LibraryCases.Input(b, ElementType.Int8, 9, 4),
            LibraryCases.Input(b, ElementType.UInt8, 3), LibraryCases.Input(b, ElementType.Int8, 4)),
        b.Apply(new MatMul(ElementType.Int32), LibraryCases.Input(b, ElementType.Int8, 2, 3, 4), LibraryCases.Input(b, ElementType.Int8, 2, 4, 2)));

    // Products of matrices with the second turned, and a trace.
    private static ModelGraph Contractions(CaseBuilder b, ElementType type) => b.Build(
        b.Apply(new Contract(EquatableArray.Of(3, 4, 5), EquatableArray.Of(5, 0, 1), EquatableArray.Of(0, 5, 1), 2), LibraryCases.Input(b, type, 3, 5),
            LibraryCases.Input(b, type, 4, 5)),
        b.Apply(new Contract(EquatableArray.Of(4), EquatableArray.Of(5), EquatableArray.Of(0), 0), LibraryCases.Input(b, type, 4, 4)));

    private static ModelGraph Attention(CaseBuilder b, bool delta) => b.Build(
    [
        .. b.ApplyAll(new LinearAttention(4, 2, 0.5f, delta), [], b.Input(2, 3, 12), b.Input(2, 3, 6), b.Input(2, 3, 8), b.Input(2, 2, 3, 4),
            b.Constant(2, 3, 2), delta ? b.Constant(2, 3, 2) : null),
        .. b.ApplyAll(new LinearAttention(1, 1, 1, delta), [], b.Input(1, 2, 3), b.Input(1, 2, 3), b.Input(1, 2, 2), null, b.Constant(1, 2, 3),
            delta ? b.Constant(1, 2, 1) : null),
    ]);
}
