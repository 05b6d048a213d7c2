using System.Globalization;
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
    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Model}: {Metric.ToString().ToLowerInvariant()} on {Samples} samples"));
        if (Compiled is { } after) WriteMetric(output, after);
        if (Outputs.Count > 1 || Outputs.Any(o => o.Classes is null || o.Classes != new Shape(o.Shape).Elements)) WriteOutputs(output);
    }

    private void WriteMetric(TextWriter output, double after)
    {
        output.WriteLine(Original is { } before ? $"  original (float)  {Text(before)}" : "  original (float)  none: the model was quantised already");
        output.WriteLine($"  compiled          {Text(after)}");
        if (Drop is { } drop) output.WriteLine($"  drop              {Text(drop)}");
        if (Agreement is { } agreement && Metric != Metric.Agreement) output.WriteLine($"  same class        {Text(agreement)}");
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
