using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Transforms of signals; the others stand with the operators that only TFLite has.</summary>
internal static class SignalCases
{
    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
        from type in new[] { ElementType.Float32, ElementType.Float64 }
        from inverse in new[] { false, true }
        select new KeyValuePair<string, Func<CaseBuilder, ModelGraph>>($"discrete transform {type}{(inverse ? ", inverse" : "")}",
            b => Transforms(b, type, inverse)));

    private static ModelGraph Transforms(CaseBuilder b, ElementType type, bool inverse)
    {
        Value complex = LibraryCases.Input(b, type, 2, 5, 2), real = LibraryCases.Input(b, type, 3, 6, 2, 1);
        return b.Build(
            b.Apply(new Fourier(1, 5, inverse, false), complex), b.Apply(new Fourier(1, 8, inverse, true), complex),
            b.Apply(new Fourier(1, 4, inverse, false), complex), b.Apply(new Fourier(1, 6, inverse, false), real),
            b.Apply(new Fourier(0, 3, inverse, false), real));
    }
}
