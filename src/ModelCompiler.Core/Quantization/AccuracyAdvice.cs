using System.Collections.Immutable;
using System.Globalization;

namespace ModelCompiler.Core.Quantization;

/// <summary>Says in words what a <see cref="LayerAnalysis"/> found: which layer, how bad, why, and which option or change of the model would help.</summary>
internal static class AccuracyAdvice
{
    // Findings of one kind beyond these only repeat the same advice.
    private const int MostOfAKind = 3;

    // Relative error of an output, and share of changed classes, that nobody has to do anything about.
    private const double FineError = 0.03;
    private const double FineChanges = 0.005;

    private static readonly Func<AdviceContext, IEnumerable<AccuracyFinding>>[] Rules =
    [
        RangeAdvice.NotANumber, RangeAdvice.BeyondCalibration, RangeAdvice.Saturation, RangeAdvice.Outliers, RangeAdvice.TooWide,
        LayerAdvice.UnevenChannels, LayerAdvice.DeadChannels, LayerAdvice.WeightBits, LayerAdvice.Ends, LayerAdvice.CloseClasses,
    ];

    /// <summary>The findings, what should be looked at first first; at least one.</summary>
    /// <param name="analysis">What samples say about the network.</param>
    /// <param name="options">What it was compiled with.</param>
    public static ImmutableArray<AccuracyFinding> Of(LayerAnalysis analysis, CompilationOptions options)
    {
        ArgumentNullException.ThrowIfNull(analysis);
        var context = new AdviceContext(analysis, options);
        if (analysis.HasOriginal && IsFine(analysis)) return [Fine(analysis)];
        var findings = new List<AccuracyFinding>();
        foreach (Func<AdviceContext, IEnumerable<AccuracyFinding>> rule in Rules)
        {
            foreach (IGrouping<AccuracyFault, AccuracyFinding> kind in rule(context).GroupBy(f => f.Kind))
            {
                AccuracyFinding[] all = [.. kind];
                findings.AddRange(all.Take(MostOfAKind));
                context.Explained.UnionWith(all.Select(f => f.Layer).OfType<string>());
                if (all.Length > MostOfAKind)
                    findings[^1] = findings[^1] with { Remedy = $"{findings[^1].Remedy} The same is true of {Number(all.Length - MostOfAKind)} more "
                        + $"{(all.Length == MostOfAKind + 1 ? "layer" : "layers")}." };
            }
        }

        if (!analysis.HasOriginal)
        {
            findings.Add(findings.Count > 0
                ? new(AccuracyFault.None, null, "The model was quantised already, so there is no float network to measure errors against.",
                    "The findings are from its integers alone.", $"For errors layer by layer, explain the float model it was made from, with "
                    + $"{OptionText.Of(nameof(CompilationOptions.Calibration))}.")
                : new(AccuracyFault.None, null, $"Nothing stands out in {Number(analysis.Layers.Count)} values on {Number(analysis.Samples)} samples: no "
                + "range cuts off or wastes much, and no channels are dead.",
                "The model was quantised already, so there is no float network to measure errors against.",
                $"For errors layer by layer, explain the float model it was made from, with {OptionText.Of(nameof(CompilationOptions.Calibration))}."));
        }
        else if (findings.Count == 0 || findings.All(f => f.Kind == AccuracyFault.CloseClasses))
        {
            findings.Add(Rounding(analysis));
        }

        return [.. findings];
    }

    internal static string Percent(double share) => share is > 0 and < 0.0001 ? "less than 0.01 %" : (100 * share)
        .ToString(share < 0.01 ? "0.00 '%'" : "0.0 '%'", CultureInfo.InvariantCulture);

    internal static string Number(double number) => number.ToString("G4", CultureInfo.InvariantCulture);

    private static bool IsFine(LayerAnalysis analysis) =>
        analysis.Outputs.All(o => o.RelativeError <= FineError && o.Changed <= FineChanges * analysis.Samples);

    private static string OfOutput(OutputFacts output, int samples)
    {
        string same = output.Classes is null ? "" : output.Changed == 0 ? $", and the largest class is the same for all {Number(samples)} samples"
            : $", and the largest class is another for {Number(output.Changed)} of {Number(samples)} samples";
        return output.RelativeError == 0 ? $"'{output.Name}' is the float network's to the last bit{same}"
            : $"'{output.Name}' differs from the float network's by {Percent(output.RelativeError)}{same}";
    }

    private static AccuracyFinding Fine(LayerAnalysis analysis)
    {
        string outputs = string.Join("; ", analysis.Outputs.Select(o => OfOutput(o, analysis.Samples)));
        bool isFloat = analysis.Layers.All(l => l.RangeMin is null);
        string cause = isFloat ? "The network is compiled in float, so nothing is lost to quantisation." : "That is what rounding to 8 bits costs at best.";
        string remedy = isFloat ? $"To see what quantisation would cost, name calibration data with {OptionText.Of(nameof(CompilationOptions.Calibration))}."
            : "If results are wrong all the same, look at the model itself and at how its inputs are prepared.";
        return new(AccuracyFault.None, null, $"Everything is fine: output {outputs}.", cause, remedy);
    }

    private static AccuracyFinding Rounding(LayerAnalysis analysis)
    {
        string outputs = string.Join("; ", analysis.Outputs.Select(o => OfOutput(o, analysis.Samples)));
        LayerFacts[] worst = [.. analysis.Layers.Where(l => l.AddedError > 0).OrderByDescending(l => l.AddedError).Take(MostOfAKind)];
        string where = worst.Length == 0 ? "" : $" Most arises in {string.Join(", ", worst.Select(l => $"{l.Label} (adds {Percent(l.AddedError!.Value)})"))}.";
        string kept = worst.Length == 0 ? "name=Float32" : string.Join(";", worst.Select(l => l.Name.Split(';')[0] + "=Float32"));
        return new(
            AccuracyFault.Rounding, null, $"Output {outputs}.{where}",
            "No range, channel or weight stands out: it is rounding to 8 bits, which adds up from layer to layer.",
            $"Measure with labels whether that matters (modelc evaluate); if it does, give {OptionText.Of(nameof(CompilationOptions.Calibration))} more "
            + $"samples, train with quantisation in mind, keep some layers in float with {OptionText.Set(nameof(CompilationOptions.LayerPrecision), kept)}, or "
            + $"compile with {OptionText.Set(nameof(CompilationOptions.Precision), "Float32")}.");
    }
}

/// <summary>What rules look at.</summary>
/// <param name="Analysis">What samples say about the network.</param>
/// <param name="Options">What it was compiled with.</param>
internal sealed record AdviceContext(LayerAnalysis Analysis, CompilationOptions Options)
{
    /// <summary>Layers of which earlier rules have said what is wrong.</summary>
    public HashSet<string> Explained { get; } = [];

    /// <summary>True when the ranges are from the calibration file.</summary>
    public bool IsCalibrated => Analysis.HasOriginal;

    /// <summary>The percentile at which calibration cut ranges off, 100 for none.</summary>
    public double Percentile { get; } = RangeCalibrator.Parse(Options.CalibrationMethod).Percentile;

    /// <summary>Integers with a range of their own, those that add most error first.</summary>
    public IEnumerable<LayerFacts> Ranges => Analysis.Layers.Where(l => l.HasOwnRange && l.RangeMin is not null)
        .OrderByDescending(l => l.AddedError ?? l.Saturated ?? 0);
}
