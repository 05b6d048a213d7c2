namespace ModelCompiler.Core.Evaluation;

/// <summary>How outputs are judged.</summary>
public enum Metric
{
    /// <summary>Share of samples whose largest output is the label.</summary>
    Top1,

    /// <summary>Share of samples whose label is among the five largest outputs.</summary>
    Top5,

    /// <summary>Mean squared error against the targets.</summary>
    Mse,

    /// <summary>Mean absolute error against the targets.</summary>
    Mae,

    /// <summary>Share of positions at which the largest element is that of the original float network, over all outputs that have classes.</summary>
    Agreement,
}

/// <summary>Facts about metrics.</summary>
internal static class Metrics
{
    /// <summary>True when less is better.</summary>
    public static bool IsError(this Metric metric) => metric is Metric.Mse or Metric.Mae;

    /// <summary>How much worse the compiled network is; for errors relative to the original's. Null without an original.</summary>
    public static double? Drop(Metric metric, double? original, double compiled) => original is not { } before ? null
        : metric.IsError() ? (compiled - before) / Math.Max(before, double.Epsilon) : before - compiled;

    /// <summary>Reads a metric; null when none is given.</summary>
    /// <exception cref="ModelCompilationException">MC9002: there is no such metric.</exception>
    public static Metric? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        return Enum.TryParse(text, ignoreCase: true, out Metric metric) && !char.IsDigit(text[0])
            ? metric
            : throw new ModelCompilationException("MC9002", $"'{text}' is not a value of option '{OptionText.Of(nameof(CompilationOptions.Metric))}'.",
                "Give top1, top5, mse, mae or agreement.");
    }

    /// <summary>Place of the largest element, the first of equals.</summary>
    public static int ArgMax(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best]) best = i;
        }

        return best;
    }

    /// <summary>True when at most <paramref name="count"/> − 1 elements come before the label, larger ones and equals with a smaller number.</summary>
    public static bool IsAmongLargest(ReadOnlySpan<float> values, int label, int count)
    {
        int before = 0;
        for (int i = 0; i < values.Length; i++)
        {
            if (values[i] > values[label] || (values[i] == values[label] && i < label)) before++;
        }

        return before < count;
    }

    /// <summary>Sum over the elements of squared or absolute differences.</summary>
    public static double SumOfErrors(Metric metric, ReadOnlySpan<float> values, ReadOnlySpan<float> targets)
    {
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double difference = (double)values[i] - targets[i];
            sum += metric == Metric.Mse ? difference * difference : Math.Abs(difference);
        }

        return sum;
    }

    /// <summary>The metric to use: the one asked for, or what the targets call for.</summary>
    /// <exception cref="ModelCompilationException">MC3002, MC3003: the data does not fit the metric.</exception>
    internal static Metric Choose(Metric? asked, Targets? targets, bool hasOriginal, string file)
    {
        Metric metric = asked ?? (targets is null ? Metric.Agreement : targets.IsLabels ? Metric.Top1 : Metric.Mse);
        return metric switch
        {
            Metric.Agreement when !hasOriginal => throw new ModelCompilationException(
                "MC3002", targets is null ? "The file has no array 'y' with labels or targets, and the model was quantised already, so there is no original "
                + "network to compare with." : "The model was quantised already, so there is no original network to agree with.",
                "Name an array 'y' with one label or target for each sample, and another metric.", file: file),
            Metric.Agreement => metric,
            _ when targets is null => throw new ModelCompilationException("MC3002", "The file has no array 'y' with labels or targets.",
                "Name the array 'y', or use the metric agreement.", file: file),
            Metric.Mse or Metric.Mae when targets.IsLabels =>
                throw new ModelCompilationException("MC3003", "The array 'y' has one label for each sample, but the metric compares every element of the "
                + "output.", "Give whole targets, or use the metric top1.", file: file),
            _ => metric,
        };
    }

    /// <summary>The metric of one sample.</summary>
    /// <param name="metric">Any but <see cref="Metric.Agreement"/>.</param>
    /// <param name="output">The output.</param>
    /// <param name="targets">What it should be.</param>
    /// <param name="sample">Number of the sample in the file.</param>
    internal static double Score(Metric metric, float[] output, Targets targets, int sample) => metric switch
    {
        Metric.Top1 => IsAmongLargest(output, targets.Label(sample), 1) ? 1 : 0,
        Metric.Top5 => IsAmongLargest(output, targets.Label(sample), 5) ? 1 : 0,
        _ => SumOfErrors(metric, output, targets.Of(sample)) / output.Length,
    };
}
