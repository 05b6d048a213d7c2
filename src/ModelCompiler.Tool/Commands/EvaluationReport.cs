using System.Globalization;
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
/// <param name="Compiled">The metric of the compiled network.</param>
/// <param name="Drop">How much worse the compiled network is; positive is worse for every metric. Null without an original.</param>
/// <param name="Agreement">Share of samples on which both choose the same class. Null without an original and for errors.</param>
internal sealed record EvaluationReport(string Model, Metric Metric, int Samples, EngineKind Engine, double? Original, double Compiled, double? Drop, double? Agreement) : Report
{
    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Model}: {Metric.ToString().ToLowerInvariant()} on {Samples} samples"));
        output.WriteLine(Original is { } before ? $"  original (float)  {Text(before)}" : "  original (float)  none: the model was quantised already");
        output.WriteLine($"  compiled          {Text(Compiled)}");
        if (Drop is { } drop) output.WriteLine($"  drop              {Text(drop)}");
        if (Agreement is { } agreement && Metric != Metric.Agreement) output.WriteLine($"  same class        {Text(agreement)}");
    }

    private string Text(double value) => Metric.IsError() ? value.ToString("G6", CultureInfo.InvariantCulture) : (value * 100).ToString("0.00 '%'", CultureInfo.InvariantCulture);
}
