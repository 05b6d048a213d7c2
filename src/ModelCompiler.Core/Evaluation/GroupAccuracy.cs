namespace ModelCompiler.Core.Evaluation;

/// <summary>How good the compiled network is on a group of samples, beside the float network.</summary>
/// <param name="Name">What the samples have in common.</param>
/// <param name="Samples">How many there are.</param>
/// <param name="Original">The metric of the float network; null when the model was quantised already.</param>
/// <param name="Compiled">The metric of the compiled network.</param>
/// <param name="Drop">How much worse the compiled network is; for errors relative to the original's. Null without an original.</param>
/// <param name="Chance">The chance that as many samples of the group become worse where compiling changes nothing for the worse (exact sign test), grown
/// for the number of groups (Holm): small where the group really loses. Null without an original.</param>
public sealed record GroupAccuracy(string Name, int Samples, double? Original, double Compiled, double? Drop, double? Chance)
{
    /// <summary>Measures every group.</summary>
    /// <param name="metric">The metric.</param>
    /// <param name="groups">The groups.</param>
    /// <param name="before">The metric of each sample for the float network; null without one.</param>
    /// <param name="after">The metric of each sample for the compiled network.</param>
    internal static IReadOnlyList<GroupAccuracy> Of(Metric metric, IReadOnlyList<SampleGroup> groups, double[]? before, double[] after)
    {
        double[]? chances = before is null ? null : PairedStatistics.Holm([.. groups.Select(g => Worse(metric, g, before, after))]);
        return [.. groups.Select((g, i) =>
        {
            double compiled = g.Samples.Average(s => after[s]);
            double? original = before is null ? null : g.Samples.Average(s => before[s]);
            return new GroupAccuracy(g.Name, g.Samples.Length, original, compiled, Metrics.Drop(metric, original, compiled), chances?[i]);
        })];
    }

    private static double Worse(Metric metric, SampleGroup group, double[] before, double[] after)
    {
        int larger = group.Samples.Count(s => after[s] > before[s]), smaller = group.Samples.Count(s => after[s] < before[s]);
        return metric.IsError() ? PairedStatistics.ChanceOfWorse(larger, smaller) : PairedStatistics.ChanceOfWorse(smaller, larger);
    }
}
