using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Models and features of classical machine learning.</summary>
internal static class ClassicalCases
{
    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new()
    {
        ["tree ensemble, mean"] = b => Trees(b, ElementType.Float32, 0),
        ["tree ensemble, sum of float64"] = b => Trees(b, ElementType.Float64, 1),
        ["tree ensemble, smallest"] = b => Trees(b, ElementType.Float32, 2),
        ["tree ensemble, largest of float64"] = b => Trees(b, ElementType.Float64, 3),
        ["n-grams of int32"] = b => Grams(b, ElementType.Int32),
        ["n-grams of int64"] = b => Grams(b, ElementType.Int64),
        ["lookup by float"] = b => LibraryCases.One(b, new Lookup(), LibraryCases.Small(b, ElementType.Float32, 0, 1, 9),
            b.Numbers(ElementType.Float32, null, r => r.Next(3), 3), b.Numbers(ElementType.Int64, null, r => r.Next(), 3),
            b.Numbers(ElementType.Int64, null, _ => -1, 1)),
        ["lookup by int64"] = b => LibraryCases.One(b, new Lookup(), LibraryCases.Small(b, ElementType.Int64, 0, 4, 3, 3),
            b.Numbers(ElementType.Int64, null, r => r.Next(0, 2) * 4, 4), b.Constant(4), b.Constant(1)),
        ["probabilities of pairs of two classes"] = b => LibraryCases.One(b, new PairwiseProbabilities(EquatableArray.Of(-1.5f), EquatableArray.Of(0.25f), 2),
            b.Input(3, 1)),
    };

    // Two trees over three features: one asks in every way that there is, one is a leaf.
    private static ModelGraph Trees(CaseBuilder b, ElementType type, int combination)
    {
        int[] nodes = [.. Enumerable.Range(0, 7).SelectMany(i => new[] { i, i % 3, i == 6 ? -1 : i + 1, i % 2 == 0 ? -2 : -3, i % 2 })];
        var op = new TreeEnsemble(
            nodes.ToEquatableArray(), EquatableArray.Of(0, 1, 1, 2, 3, 1), EquatableArray.Of(0, 1, 0, 1), EquatableArray.Of(0, -1),
            EquatableArray.Of(0, 0, 0, 0, 0, 0, 0, 2), 2, combination);
        return LibraryCases.One(b, op, LibraryCases.Input(b, type, 11, 3), b.Numbers(type, null, r => r.Next(-2, 3), 7),
            b.Numbers(type, null, r => r.Next(-9, 9), 4), b.Numbers(type, null, r => r.Next(3), 2));
    }

    private static ModelGraph Grams(CaseBuilder b, ElementType type) => LibraryCases.Each(
        b, Enumerable.Range(0, 4).Select(mode => new Grams(EquatableArray.Of(0, 1, 2, 0, 1), EquatableArray.Of(0, 1, 0, 1, 1, 1, 2, 1, 2, 0, 2, 3),
            EquatableArray.Of(0.5f, 2, -1, 3), 4, mode, mode)), LibraryCases.Small(b, type, 0, 2, 2, 8));
}
