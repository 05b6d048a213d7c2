using System.Globalization;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Chooses between the ranges that several rules give, value by value: the one with which rounding this value alone costs the outputs least, on samples.
/// </summary>
internal static class RangeChoice
{
    // What a range has to gain over the default before it is taken: samples are few.
    private const double WorthIt = 0.9;

    private static readonly string[] Methods = ["MinMax", "Percentile:99.9", "Mse"];

    /// <summary>Replaces ranges of the context, which are those of the default rule.</summary>
    public static void Run(ModelGraph graph, PipelineContext context)
    {
        CalibrationSamples samples = context.Samples!;
        Dictionary<int, ValueRange>[] candidates = [context.Ranges,
            .. Methods.Select(m => RangeCalibrator.Parse(m).Calibrate(graph, samples.Inputs, samples.Describe))];
        int[] values = [.. context.Ranges.Keys.Where(id => graph.Values[id].Constant is null).Order()];
        (int Value, int Candidate)[] tried = [.. values.SelectMany(v => Enumerable.Range(0, candidates.Length)
            .Where(c => c == 0 || candidates[c][v] != context.Ranges[v]).Select(c => (v, c)))];
        double[] errors = LayerSensitivity.Measure(graph, context, LayerSensitivity.Roundings(graph, tried.Select(t => (t.Value, graph.Values[t.Value] with
        {
            Type = CodeGen.Plan.ElementType.Int8, Quantization = AffineRange.Activation(candidates[t.Candidate][t.Value]),
        }))));
        var best = tried.Select((t, i) => (t.Value, t.Candidate, Error: errors[i] / (t.Candidate == 0 ? 1 : WorthIt))).GroupBy(t => t.Value)
            .ToDictionary(g => g.Key, g => g.MinBy(t => t.Error).Candidate);
        context.Ranges = context.Ranges.ToDictionary(r => r.Key, r => candidates[best.GetValueOrDefault(r.Key)][r.Key]);
        IEnumerable<string> counts = Methods.Select((m, i) => (m, n: best.Values.Count(c => c == i + 1))).Where(p => p.n > 0)
            .Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.m} for {p.n}"));
        context.Note($"Ranges by what they cost the outputs, of {values.Length.ToString(CultureInfo.InvariantCulture)} values: "
            + $"{string.Join(", ", counts.DefaultIfEmpty("none"))}, the default for the others.");
    }
}
