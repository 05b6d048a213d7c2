using System.Globalization;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Evaluation;

/// <summary>How good the compiled network is on data that the user names, beside the float network it was made from.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Samples">On how many samples.</param>
/// <param name="Original">The metric of the float network; null when the model was quantised already.</param>
/// <param name="Compiled">The metric of the compiled network.</param>
public sealed record MeasuredAccuracy(Metric Metric, int Samples, double? Original, double Compiled)
{
    /// <summary>How much worse the compiled network is; for errors relative to the original's. Null without an original.</summary>
    public double? Drop => Metrics.Drop(Metric, Original, Compiled);

    /// <summary>The same for every group of samples that <see cref="CompilationOptions.GroupBy"/> makes.</summary>
    public IReadOnlyList<GroupAccuracy> Groups { get; init; } = [];

    /// <summary>The group that loses most; null without groups or an original.</summary>
    public GroupAccuracy? Worst => Groups.Where(g => g.Drop is not null).MaxBy(g => g.Drop);

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Metric.ToString().ToLowerInvariant()} on {Samples} samples: {Text(Compiled)}"
            + $"{(Original is { } before ? $", the float network {Text(before)}" : "")}");

    /// <summary>A value of the metric, for people.</summary>
    public string Text(double value) => Metric.IsError() ? value.ToString("G6", CultureInfo.InvariantCulture) : (value * 100)
        .ToString("0.00 '%'", CultureInfo.InvariantCulture);
}

/// <summary>Measures on <see cref="CompilationOptions.Evaluation"/>, and holds the network to the limits that the user set.</summary>
internal static class AccuracyCheck
{
    /// <summary>True when there is a limit that needs a measurement.</summary>
    public static bool HasLimits(CompilationOptions options) => (options.MaxAccuracyDrop ?? options.MinAccuracy ?? options.MaxGroupDrop) is not null;

    /// <summary>Measures, when there is data, and puts the result into the report.</summary>
    /// <exception cref="ModelCompilationException">MC3009: a limit is broken; MC9003: limits and data do not go together.</exception>
    public static void Run(ModelGraph original, ModelGraph compiled, PipelineContext context)
    {
        if (context.Options is { MaxGroupDrop: not null, GroupBy: null })
            throw new ModelCompilationException("MC9002", $"{OptionText.Of(nameof(CompilationOptions.MaxGroupDrop))} needs groups.",
                $"Say with {OptionText.Of(nameof(CompilationOptions.GroupBy))} what groups samples.");
        if (context.Input.Evaluation is null)
        {
            if (HasLimits(context.Options))
                throw new ModelCompilationException("MC9003", "Limits of accuracy need data to measure on.",
                    $"Name an .npz file with inputs and labels or targets (array y) with the option {OptionText.Of(nameof(CompilationOptions.Evaluation))}.");
            return;
        }

        MeasuredAccuracy accuracy = Measurement(original, context).Of(compiled);
        context.Report.Accuracy = accuracy;
        context.Note($"Measured {accuracy}.");
        if (accuracy.Worst is { } worstGroup) context.Note($"By {context.Options.GroupBy} ({accuracy.Groups.Count} groups), {Describe(worstGroup, accuracy)}.");
        if (Broken(accuracy, context.Options) is { } broken)
        {
            string worst = QuantizationCheck.WorstNode(original, compiled, context) is { } node ? $" Most of the error arises in {node}." : "";
            throw new ModelCompilationException("MC3009", $"The compiled network is not accurate enough: {accuracy}; {broken}.{worst}",
                $"Give more or better calibration samples, more {OptionText.Of(nameof(CompilationOptions.WeightBits))}, compile to Float32, or allow more.");
        }
    }

    /// <summary>What measures on the data of the context, which has run the float network once.</summary>
    public static AccuracyMeasurement Measurement(ModelGraph original, PipelineContext context) =>
        context.Measurement ??= new AccuracyMeasurement(original, context);

    /// <summary>
    /// The last of some compressions, from the mildest to the strongest, that keeps the limits, by bisection as if accuracy fell with every step.
    /// The first one where none does: the check at the end says so.
    /// </summary>
    /// <param name="original">The float network.</param>
    /// <param name="context">Has limits and data.</param>
    /// <param name="count">How many compressions there are.</param>
    /// <param name="compiled">The network that one of them makes.</param>
    public static int LastWithin(ModelGraph original, PipelineContext context, int count, Func<int, ModelGraph> compiled)
    {
        (int low, int high) = (0, count - 1);
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (Broken(Measurement(original, context).Of(compiled(middle)), context.Options) is null) low = middle;
            else high = middle - 1;
        }

        return low;
    }

    /// <summary>True when there are limits, and data to hold a network to them.</summary>
    public static bool CanHold(PipelineContext context) => HasLimits(context.Options) && context.Input.Evaluation is not null;

    /// <summary>What is broken, or null.</summary>
    public static string? Broken(MeasuredAccuracy accuracy, CompilationOptions options)
    {
        if (options.MaxAccuracyDrop is { } drop && accuracy.Drop > drop)
            return string.Create(CultureInfo.InvariantCulture,
                $"it is worse by {100 * accuracy.Drop:0.00} {Unit(accuracy)}, and {OptionText.Of(nameof(CompilationOptions.MaxAccuracyDrop))} allows "
                + $"{100 * drop:0.00}");
        if (options.MinAccuracy is { } least && (accuracy.Metric.IsError() ? accuracy.Compiled > least : accuracy.Compiled < least))
            return $"{OptionText.Of(nameof(CompilationOptions.MinAccuracy))} asks for {accuracy.Text(least)}";
        if (options.MaxGroupDrop is { } most && accuracy.Worst is { } worst && worst.Drop > most)
            return string.Create(CultureInfo.InvariantCulture,
                $"by {options.GroupBy}, {Describe(worst, accuracy)}, and {OptionText.Of(nameof(CompilationOptions.MaxGroupDrop))} allows {100 * most:0.00}");
        return null;
    }

    private static string Unit(MeasuredAccuracy accuracy) => accuracy.Metric.IsError() ? "%" : "points";

    private static string Describe(GroupAccuracy group, MeasuredAccuracy accuracy) => string.Create(CultureInfo.InvariantCulture,
        $"group '{group.Name}' changes most for the worse, by {100 * group.Drop:0.00} {Unit(accuracy)} (from {accuracy.Text(group.Original ?? 0)} to "
        + $"{accuracy.Text(group.Compiled)} on {group.Samples} samples; chance of as much without a real loss, given so many groups: {group.Chance:0.0###})");
}
