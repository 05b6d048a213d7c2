using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>
/// Cases of operators that call routines of the library, by theme. Each runs on the reference interpreter and on generated code; a test fails when an operator,
/// a routine, or a function that routines take has none.
/// </summary>
internal static class LibraryCases
{
    /// <summary>By name.</summary>
    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(new[]
    {
        ClassicalCases.All, ElementwiseCases.All, IndexingCases.All, LayerCases.All, MovementCases.All, RecurrentCases.All, ReductionCases.All, SignalCases.All,
    }.SelectMany(theme => theme));

    /// <summary>A case of one operator.</summary>
    internal static ModelGraph One(CaseBuilder b, Operator op, params Value?[] inputs) => b.Build(b.ApplyAll(op, [], inputs));

    /// <summary>A case for several operators of the same inputs; every output is one of the network's.</summary>
    internal static ModelGraph Each(CaseBuilder b, IEnumerable<Operator> operators, params Value?[] inputs) =>
        b.Build([.. operators.SelectMany(op => b.ApplyAll(op, [], inputs))]);

    /// <summary>Integer constants below a bound, from zero.</summary>
    internal static Value Indices(CaseBuilder b, ElementType type, int from, int below, params int[] shape) =>
        b.Numbers(type, null, r => r.Next(from, below), shape);

    /// <summary>An input of any type that stands for itself.</summary>
    internal static Value Input(CaseBuilder b, ElementType type, params int[] shape) => b.IntegerInput(type, shape);

    /// <summary>Computed numbers between bounds, many of them equal to a bound.</summary>
    internal static Value Small(CaseBuilder b, ElementType type, int least, int most, params int[] shape) =>
        b.Apply(new Elementwise("ClampNumber", ElementKind.Number, null, least, most), Input(b, type, shape));

    /// <summary>A window over two axes.</summary>
    internal static Window Window(int[] kernel, int[] output, int[] strides, int[] dilations, int[] before, int[] after) => new(
        kernel.ToEquatableArray(), output.ToEquatableArray(), strides.ToEquatableArray(), dilations.ToEquatableArray(), before.ToEquatableArray(),
        after.ToEquatableArray());
}
