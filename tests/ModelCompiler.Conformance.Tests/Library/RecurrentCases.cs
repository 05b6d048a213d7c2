using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>Recurrent layers as ONNX defines them.</summary>
internal static class RecurrentCases
{
    private const int Times = 4, Batch = 3, Inputs = 5, Units = 6;

    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
        from kind in new[] { "Simple", "Gru", "Lstm" }
        from directions in new[] { 1, 2 }
        select new KeyValuePair<string, Func<CaseBuilder, ModelGraph>>($"recurrent {kind} in {directions} directions", b => Layer(b, kind, directions)));

    // With everything that is optional in two directions, and with nothing of it backwards.
    private static ModelGraph Layer(CaseBuilder b, string kind, int directions)
    {
        int gates = kind switch { "Simple" => 1, "Gru" => 3, _ => 4 };
        bool full = directions == 2;
        int activations = directions * (kind switch { "Simple" => 1, "Gru" => 2, _ => 3 });
        float[] codes = [.. Enumerable.Range(0, activations).SelectMany(i => new[] { full ? (2 * i) % 11 : i % 2, 0.5f, 0.25f })];
        Value?[] inputs =
        [
            b.Input(Times, Batch, Inputs), b.Constant(directions, gates * Units, Inputs), b.Constant(directions, gates * Units, Units),
            full ? b.Constant(directions, 2 * gates * Units) : null,
            full ? b.Numbers(ElementType.Int32, null, r => r.Next(0, Times + 1), Batch) : null, full ? b.Input(directions, Batch, Units) : null,
        ];
        if (kind == "Lstm") inputs = [.. inputs, full ? b.Input(directions, Batch, Units) : null, full ? b.Constant(directions, 3 * Units) : null];
        return LibraryCases.One(b, new Recurrent(kind, full ? 2 : 1, directions, codes.ToEquatableArray(), full ? 1.5f : 0, full), inputs);
    }
}
