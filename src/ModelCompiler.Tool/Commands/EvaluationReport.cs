using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Evaluation;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary>What <c>evaluate</c> measured.</summary>
/// <param name="Model">Name of the model file.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Samples">Number of samples.</param>
/// <param name="Engine">What computed the compiled network.</param>
/// <param name="Original">The metric of the original float network; null when the model was quantised already.</param>
/// <param name="Compiled">The metric of the compiled network; null for agreement when no output has classes.</param>
/// <param name="Drop">How much worse the compiled network is; positive is worse for every metric. Null without an original.</param>
/// <param name="Agreement">Share of positions at which both choose the same class, the mean over the outputs for which this makes sense.
/// Null without such and for errors.</param>
/// <param name="Outputs">Every output beside the original's; empty when there is no original.</param>
internal sealed record EvaluationReport(
    string Model, Metric Metric, int Samples, EngineKind Engine, double? Original, double? Compiled, double? Drop, double? Agreement,
    IReadOnlyList<OutputComparison> Outputs) : Report
{
    private const int MostShown = 10;

    /// <summary>What the number of samples allows to say; null for less than two.</summary>
    public EvaluationUncertainty? Uncertainty { get; init; }

    /// <summary>Samples for which another class is chosen.</summary>
    public IReadOnlyList<ChangedSample> Changed { get; init; } = [];

    /// <summary>Every class, where there are labels.</summary>
    public IReadOnlyList<ClassReport> Classes { get; init; } = [];

    /// <summary>What groups samples; null for nothing.</summary>
    public string? GroupBy { get; init; }

    /// <summary>Every group of samples.</summary>
    public IReadOnlyList<GroupAccuracy> Groups { get; init; } = [];

    /// <summary>True to print all classes and changed samples.</summary>
    [JsonIgnore]
    public bool IsLong { get; init; }

    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Model}: {Metric.ToString().ToLowerInvariant()} on {Samples} samples"));
        if (Compiled is { } after) WriteMetric(output, after);
        WriteChanged(output);
        if (Groups.Count > 0) WriteGroups(output);
        if (IsLong && Classes.Count > 0) WriteClasses(output);
        if (Outputs.Count > 1 || Outputs.Any(o => o.Classes is null || o.Classes != new Shape(o.Shape).Elements)) WriteOutputs(output);
    }

    private void WriteMetric(TextWriter output, double after)
    {
        output.WriteLine(Original is { } before ? $"  original (float)  {Text(before)}{Between(Uncertainty?.Original)}"
            : "  original (float)  none: the model was quantised already");
        output.WriteLine($"  compiled          {Text(after)}{Between(Uncertainty?.Compiled)}");
        if (Drop is { } drop) output.WriteLine($"  drop              {Text(drop)}{Between(Uncertainty?.Drop)}");
        if (Agreement is { } agreement && Metric != Metric.Agreement) output.WriteLine($"  same class        {Percent(agreement)}");
        if (Uncertainty is { Worse: { } worse, Better: { } better, Chance: { } chance } && Metric != Metric.Agreement)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  worse, better     {worse}, {better} samples; as uneven by chance: {100 * chance:0.#} %"));
    }

    // Where the true value lies in 95 % of all cases.
    private string Between(Interval? interval) => interval is null ? "" : $"  ({Text(interval.Low)} to {Text(interval.High)})";

    private void WriteChanged(TextWriter output)
    {
        if (Changed.Count == 0) return;
        int shown = IsLong ? Changed.Count : MostShown;
        string samples = string.Join(", ", Changed.Take(shown).Select(c => string.Create(CultureInfo.InvariantCulture,
            $"{c.Sample} ({c.Original} → {c.Compiled}{(c.Label is { } label && label != c.Original && label != c.Compiled ? $", right {label}"
                : c.Label is null ? "" : c.Label == c.Original ? ", was right" : ", now right")})")));
        string others = Changed.Count > shown ? string.Create(CultureInfo.InvariantCulture, $" and {Changed.Count - shown} others") : "";
        output.WriteLine($"  other class       {samples}{others}");
    }

    private void WriteGroups(TextWriter output)
    {
        var table = new TextTable(GroupBy!, "samples", "original", "compiled", Metric.IsError() ? "rise %" : "drop", "chance");
        foreach (GroupAccuracy g in Groups.OrderByDescending(g => g.Drop ?? 0))
        {
            table.Add(g.Name, g.Samples.ToString(CultureInfo.InvariantCulture), g.Original is { } o ? Text(o) : "-", Text(g.Compiled),
                g.Drop is { } d ? (100 * d).ToString("0.00", CultureInfo.InvariantCulture) : "-",
                g.Chance?.ToString("0.0###", CultureInfo.InvariantCulture) ?? "-");
        }

        output.WriteLine();
        table.Write(output);
        if (Groups.Any(g => g.Chance is not null))
            output.WriteLine("Chance: of as many samples becoming worse where none really does, for so many groups. Small ones are real losses.");
    }

    private void WriteClasses(TextWriter output)
    {
        var table = new TextTable("class", "samples", "precision", "recall", "F1", "original recall");
        foreach (ClassReport c in Classes)
        {
            table.Add(c.Class.ToString(CultureInfo.InvariantCulture), c.Samples.ToString(CultureInfo.InvariantCulture), Share(c.Precision), Share(c.Recall),
                Share(c.F1), Share(c.OriginalRecall));
        }

        output.WriteLine();
        table.Write(output);

        static string Share(double? share) => share is { } s ? Percent(s) : "-";
    }

    private void WriteOutputs(TextWriter output)
    {
        var table = new TextTable("output", "shape", "largest among", "same", "relative error");
        foreach (OutputComparison o in Outputs)
        {
            string among = o.Classes is { } classes ? classes.ToString(CultureInfo.InvariantCulture) : o.Agreement is null ? "no classes" : "integers";
            string same = o.Agreement is { } agreement ? Percent(agreement) : "-";
            table.Add(o.Name, new Shape(o.Shape).ToString(), among, same, o.Error.ToString("0.0000", CultureInfo.InvariantCulture));
        }

        table.Write(output);
        string[] senseless = [.. Outputs.Where(o => o.Agreement is null).Select(o => o.Name)];
        if (senseless.Length == 0) return;
        output.WriteLine($"Agreement makes no sense for {string.Join(", ", senseless)}: no classes to choose among. The relative error says how far they are "
            + "off.");
    }

    private string Text(double value) => Metric.IsError() ? value.ToString("G6", CultureInfo.InvariantCulture) : Percent(value);

    private static string Percent(double share) => (share * 100).ToString("0.00 '%'", CultureInfo.InvariantCulture);
}
