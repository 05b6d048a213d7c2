using System.Globalization;
using System.Text.Json.Serialization;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary>What <c>explain</c> found.</summary>
/// <param name="Model">Name of the model file.</param>
/// <param name="Samples">Number of samples.</param>
/// <param name="HasOriginal">False when the model was quantised already, so that nothing is known of errors.</param>
/// <param name="Findings">What is wrong and what would help, what to look at first first.</param>
/// <param name="Outputs">The outputs beside the original's; empty without one.</param>
/// <param name="Layers">Every value beside the original's, in the order of the network.</param>
internal sealed record ExplainReport(
    string Model, int Samples, bool HasOriginal, IReadOnlyList<AccuracyFinding> Findings, IReadOnlyList<OutputFacts> Outputs, IReadOnlyList<LayerFacts> Layers)
        : Report
{
    private const int NameLength = 23;
    private const int OperatorLength = 14;
    private const int Width = 100;

    /// <summary>Number of layers in the table.</summary>
    [JsonIgnore]
    public int Rows { get; init; } = int.MaxValue;

    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Model}: {Layers.Count} values on {Samples} "
            + $"samples{(HasOriginal ? ", beside the float network" : "; quantised already, so there is no float network beside it")}"));
        foreach (OutputFacts o in Outputs)
        {
            string changed = o.Classes is null ? "" : string.Create(CultureInfo.InvariantCulture,
                $", another largest class for {o.Changed} of {Samples} samples");
            output.WriteLine($"  output {o.Name}: relative error "
                + $"{(double.IsNaN(o.RelativeError) ? "none: not a number" : (100 * o.RelativeError).ToString("0.00 '%'", CultureInfo.InvariantCulture))}"
                + $"{changed}");
        }

        output.WriteLine();
        WriteTable(output);
        output.WriteLine();
        foreach (AccuracyFinding f in Findings) Wrap(output, string.Join(' ', new[] { f.Fact, f.Cause, f.Remedy }.Where(s => s.Length > 0)));
    }

    private void WriteTable(TextWriter output)
    {
        LayerFacts[] rows = [.. Layers.OrderByDescending(l => l.AddedError is not { } e ? l.Saturated ?? 0 : double.IsNaN(e) ? double.MaxValue : e).Take(Rows)];
        string[] numbers = HasOriginal ? ["SQNR", "cosine", "adds %"] : [];
        string[] columns = ["layer", "operator", "type", .. numbers, "cut %", "dead", "steps", "bits"];
        var table = new TextTable(columns) { RightAligned = columns[3..].ToHashSet() };
        foreach (LayerFacts l in rows)
        {
            string[] errors = HasOriginal ? [l.RelativeError == 0 ? "exact" : Text(l.Sqnr, "0.0"), Text(l.Cosine, "0.000"), Text(100 * l.AddedError, "0.00")]
                : [];
            table.Add([
                Brief(l.Name.Split(';')[0], NameLength), Brief(l.Operator, OperatorLength), EdgeReport.NameOf(l.Type), .. errors,
                Text(100 * l.Saturated, "0.00"),
                l.DeadChannels is > 0 and { } dead ? dead.ToString(CultureInfo.InvariantCulture) : "", Text(l.RangeUsed * 256, "0"),
                l.WeightBits?.ToString(CultureInfo.InvariantCulture) ?? ""]);
        }

        table.Write(output);
        if (rows.Length < Layers.Count)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"… and {Layers.Count - rows.Length} more (--all shows them)"));
    }

    // Names come from the model, which may hold anything.
    private static string Brief(string name, int length)
    {
        string printable = string.Concat(name.Select(c => char.IsControl(c) ? ' ' : c));
        return printable.Length <= length ? printable : "…" + printable[^(length - 1)..];
    }

    private static void Wrap(TextWriter output, string text)
    {
        string line = "*";
        foreach (string word in string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length + 1 + word.Length > Width)
            {
                output.WriteLine(line);
                line = " ";
            }

            line += " " + word;
        }

        output.WriteLine(line);
    }

    private static string Text(double? number, string format) => number?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
