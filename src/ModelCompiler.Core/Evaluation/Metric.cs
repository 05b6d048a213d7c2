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
public static class Metrics
{
    /// <summary>True when less is better.</summary>
    public static bool IsError(this Metric metric) => metric is Metric.Mse or Metric.Mae;

    /// <summary>Reads a metric; null when none is given.</summary>
    /// <exception cref="ModelCompilationException">MC9002: there is no such metric.</exception>
    public static Metric? Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        return Enum.TryParse(text, ignoreCase: true, out Metric metric) && !char.IsDigit(text[0])
            ? metric
            : throw new ModelCompilationException("MC9002", $"'{text}' is not a value of option '{OptionText.Of(nameof(CompilationOptions.Metric))}'.", "Give top1, top5, mse, mae or agreement.");
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
}
