using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Many elements become one.</summary>
internal static class ReductionCases
{
    private static readonly string[] Kinds = ["Sum", "Mean", "Product", "L1", "L2", "SumSquare", "Largest", "Smallest", "LogSum", "LogSumExp"];

    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
    [
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int8, ElementType.Int32,
            ElementType.Int64 }.Select(type => Case($"reduce {type}", b => Reductions(b, type))),
        Case("reduce booleans", b => LibraryCases.Each(b, new[] { "Largest", "Smallest" }.Select(k => new Reduce(k, EquatableArray.Of(0, 2), true)),
            LibraryCases.Input(b, ElementType.Bool, 2, 7, 2))),
        Case("reduce nothing and everything", b => LibraryCases.Each(b,
            [new Reduce("Sum", default, true), new Reduce("Sum", EquatableArray.Of(0, 1, 2), false), new Reduce("Largest", EquatableArray.Of(1), false)],
            b.Input(2, 1, 3))),
        .. new[] { ElementType.Float32, ElementType.UInt8, ElementType.Int64 }.Select(type => Case($"place of the extreme {type}", b => Extremes(b, type))),
        .. new[] { ElementType.Float32, ElementType.Float64, ElementType.Int32 }.Select(type => Case($"running {type}", b => Running(b, type))),
        Case("determinant", b => LibraryCases.One(b, new Determinant(), b.Input(2, 3, 4, 4))),
        Case("determinant float64", b => LibraryCases.One(b, new Determinant(), LibraryCases.Input(b, ElementType.Float64, 3, 3))),
        Case("determinant of one number", b => LibraryCases.One(b, new Determinant(), b.Input(1, 1))),
    ]);

    private static KeyValuePair<string, Func<CaseBuilder, ModelGraph>> Case(string name, Func<CaseBuilder, ModelGraph> build) => new(name, build);

    private static ModelGraph Reductions(CaseBuilder b, ElementType type)
    {
        Value x = LibraryCases.Small(b, type, 1, 9, 2, 3, 4);
        return b.Build([.. Kinds.Select(k => b.Apply(new Reduce(k, EquatableArray.Of(1), true), x)),
            .. Kinds.Select(k => b.Apply(new Reduce(k, EquatableArray.Of(0, 2), false), x))]);
    }

    private static ModelGraph Extremes(CaseBuilder b, ElementType type) => LibraryCases.Each(
        b,
        from axis in new[] { 0, 1, 2 } from largest in new[] { false, true } from last in new[] { false, true }
        select new ArgExtreme(axis, largest, last, axis == 1 ? ElementType.Int32 : ElementType.Int64),
        LibraryCases.Small(b, type, 0, 2, 2, 5, 3));

    private static ModelGraph Running(CaseBuilder b, ElementType type) => LibraryCases.Each(
        b,
        from product in new[] { false, true } from exclusive in new[] { false, true } from reverse in new[] { false, true }
        select new Running(exclusive ? 1 : 0, product, exclusive, reverse),
        LibraryCases.Input(b, type, 4, 3));
}
