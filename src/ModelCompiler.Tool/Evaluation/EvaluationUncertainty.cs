using ModelCompiler.Core.Evaluation;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>An interval that holds the true value in 95 % of all cases.</summary>
internal sealed record Interval(double Low, double High)
{
    /// <summary>Wraps what statistics give.</summary>
    public static Interval Of((double Low, double High) ends) => new(ends.Low, ends.High);
}

/// <summary>What the number of samples allows to say about measured values.</summary>
/// <param name="Original">Of the float network's; null without one.</param>
/// <param name="Compiled">Of the compiled network's.</param>
/// <param name="Drop">Of the difference on the same samples; null without an original.</param>
/// <param name="Worse">Samples for which the compiled network is worse.</param>
/// <param name="Better">Samples for which it is better.</param>
/// <param name="Chance">The chance of as uneven numbers when both networks are equally good (exact sign test, two-sided).</param>
internal sealed record EvaluationUncertainty(Interval? Original, Interval Compiled, Interval? Drop, int? Worse, int? Better, double? Chance)
{
    /// <summary>From the metric of each sample; null for a single sample, which says nothing.</summary>
    public static EvaluationUncertainty? Of(Metric metric, double[]? before, double[] after)
    {
        if (after.Length < 2) return null;
        double sign = metric.IsError() ? -1 : 1;
        double[]? losses = before is null ? null : [.. before.Select((b, i) => sign * (b - after[i]))];
        (int? worse, int? better) = (losses?.Count(l => l > 0), losses?.Count(l => l < 0));
        return new(
            before is null ? null : Mean(metric, before), Mean(metric, after), losses is null ? null : Interval.Of(PairedStatistics.Mean(losses)),
            worse, better,
            losses is null ? null : PairedStatistics.ChanceOfChange(worse!.Value, better!.Value));
    }

    private static Interval Mean(Metric metric, double[] values) => Interval.Of(metric is Metric.Top1 or Metric.Top5
        ? PairedStatistics.Wilson(values.Average(), values.Length) : PairedStatistics.Mean(values));
}
