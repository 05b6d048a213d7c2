using ModelCompiler.CodeGen.Plan;
using static ModelCompiler.Core.Quantization.AccuracyAdvice;

namespace ModelCompiler.Core.Quantization;

/// <summary>Rules about ranges of activations: too narrow, stretched by outliers, too wide, or of other data.</summary>
internal static class RangeAdvice
{
    // Relative error of a layer that elements cut off make up.
    private const double MuchCut = 0.02;

    // Without an original: share of elements at the ends.
    private const double ManyAtEnds = 0.01;
    private const int LeastAtEnds = 16;

    // Elements beyond a percentile in the data, as a multiple of those in the calibration samples.
    private const double MoreThanCalibrated = 3;

    // Past this, 8 bits leave less than 5 for all but one in a thousand elements.
    private const double LargeOutliers = 8;

    // A quarter of the integers are 6 of 8 bits.
    private const double FewIntegers = 0.25;
    private const long LeastElements = 256;

    private static string Calibration => OptionText.Of(nameof(CompilationOptions.Calibration));

    private static string MinMax => OptionText.Set(nameof(CompilationOptions.CalibrationMethod), "MinMax");

    /// <summary>A layer that gives no numbers.</summary>
    public static IEnumerable<AccuracyFinding> NotANumber(AdviceContext context) =>
        context.Analysis.Layers.Where(l => l.RelativeError is { } e && double.IsNaN(e)).Take(1).Select(l => new AccuracyFinding(
        AccuracyFault.NotANumber, l.Name, $"{Upper(l.Label)} gives values that are not numbers, where the float network has some.",
        "Quantised values before it have become zero or too large for what it computes.",
        $"Compile with {OptionText.Set(nameof(CompilationOptions.Precision), "Float32")}, or report the model."));

    /// <summary>Data that calibration has not seen the like of.</summary>
    public static IEnumerable<AccuracyFinding> BeyondCalibration(AdviceContext context)
    {
        if (!context.IsCalibrated) return [];
        LayerFacts[] beyond = [.. context.Ranges.Where(l => l.CutError >= MuchCut && IsMoreThanCut(l, context))];
        // What follows from an input needs no mention.
        LayerFacts[] inputs = [.. beyond.Where(l => l.Place == LayerPlace.Input)];
        return (inputs.Length > 0 ? inputs : beyond).Select(l => new AccuracyFinding(
            AccuracyFault.DataBeyondCalibration, l.Name,
            $"{Upper(l.Label)} reaches from {Number(l.Min)} to {Number(l.Max)} in the data, but its range from calibration is {Number(l.RangeMin!.Value)} to "
            + $"{Number(l.RangeMax!.Value)}: {Percent(l.Saturated!.Value)} of its elements are cut off, which makes an error of {Percent(l.CutError!.Value)}.",
            l.Place == LayerPlace.Input ? "The data is unlike the calibration samples, perhaps scaled or normalised in another way."
            : "The calibration samples do not show how large this layer's results become: the data is unlike them, or they are too few.",
            l.Place == LayerPlace.Input ? $"Prepare both in the same way, or give {Calibration} samples that are like the data."
            : $"Give {Calibration} samples that are like the data, and use more of them ({OptionText.Of(nameof(CompilationOptions.CalibrationSamples))}, now "
            + $"at most {context.Options.CalibrationSamples})."));
    }

    /// <summary>Ranges that cut off what matters.</summary>
    public static IEnumerable<AccuracyFinding> Saturation(AdviceContext context) => context.IsCalibrated
        ? context.Ranges.Where(l => l.CutError >= MuchCut && !IsMoreThanCut(l, context)).Select(l => new AccuracyFinding(
            AccuracyFault.Saturation, l.Name, $"{Upper(l.Label)} has {Percent(l.Saturated!.Value)} of its elements cut off at {Number(l.RangeMin!.Value)} or "
            + $"{Number(l.RangeMax!.Value)}, where the float network reaches from {Number(l.Min)} to {Number(l.Max)}; that makes an error of "
            + $"{Percent(l.CutError!.Value)}.",
            $"Calibration keeps {Number(context.Percentile)} % at each end and cuts off the rest, which matters here.",
            $"Compile with {MinMax}, or a higher percentile."))
        : context.Ranges.Where(l => l.Saturated >= ManyAtEnds && l.Saturated * l.Elements >= LeastAtEnds).Select(l => new AccuracyFinding(
            AccuracyFault.Saturation, l.Name, $"{Upper(l.Label)} has {Percent(l.Saturated!.Value)} of its elements at the ends of its range, "
            + $"{Number(l.RangeMin!.Value)} to {Number(l.RangeMax!.Value)}.",
            "Larger results are cut off: the scale that the model stores is too small for this data.",
            $"Quantise the model again with samples that are like the data, or compile the float model with {Calibration} and {MinMax}."));

    /// <summary>A few large elements that stretch the range.</summary>
    public static IEnumerable<AccuracyFinding> Outliers(AdviceContext context) =>
        context.Ranges.Where(l => l.Type.IsByte() && IsStretched(l)).Select(l => new AccuracyFinding(
        AccuracyFault.Outliers, l.Name, $"{Upper(l.Label)} has elements {Number(l.OutlierRatio!.Value)} times as large as 999 of 1000 are; its 256 steps "
        + $"reach from {Number(l.RangeMin!.Value)} to {Number(l.RangeMax!.Value)}.",
        $"Its range holds a few outliers, so that all other elements share {Number(Math.Max(1, Math.Round(255 / l.OutlierRatio.Value)))} steps.",
        context.IsCalibrated && context.Percentile > 99.9 ? $"Compile with {OptionText.Set(nameof(CompilationOptions.CalibrationMethod), "Percentile:99.9")}, "
        + "or keep the layer's results small in training (weight decay, an activation with an upper bound such as ReLU6)."
            : context.IsCalibrated ? "Keep the layer's results small in training (weight decay, an activation with an upper bound such as ReLU6)."
            : $"Quantise the float model with {Calibration} and {OptionText.Set(nameof(CompilationOptions.CalibrationMethod), "Percentile:99.9")}."));

    /// <summary>Ranges much wider than the data.</summary>
    public static IEnumerable<AccuracyFinding> TooWide(AdviceContext context) =>
        context.Ranges.Where(l => l.RangeSpanned < FewIntegers && l.Elements >= LeastElements && l.Max > l.Min).Select(l => new AccuracyFinding(
        AccuracyFault.RangeTooWide, l.Name, $"{Upper(l.Label)} uses {Number(l.RangeSpanned!.Value * 256)} of 256 steps: its range is "
        + $"{Number(l.RangeMin!.Value)} to {Number(l.RangeMax!.Value)}, and the data reaches from {Number(l.Min)} to {Number(l.Max)}.",
        context.IsCalibrated ? "The calibration samples are not representative of the data: they, or a few outliers in them, reach much further."
        : "The scale that the model stores was chosen for data that reaches much further.",
        context.IsCalibrated ? $"Give {Calibration} samples that are like the data, prepared in the same "
        + $"way{(context.Percentile >= 100 ? $", and compile with {OptionText.Set(nameof(CompilationOptions.CalibrationMethod), "Percentile")}" : "")}."
            : $"Quantise the model again with samples that are like the data, or compile the float model with {Calibration}."));

    internal static string Upper(string label) => label.StartsWith("input ", StringComparison.Ordinal) ? $"Input {label[6..]}" : $"Layer {label}";

    private static bool IsStretched(LayerFacts layer)
    {
        double largest = Math.Max(Math.Abs(layer.Min), Math.Abs(layer.Max)), range = Math.Max(Math.Abs(layer.RangeMin!.Value), Math.Abs(layer.RangeMax!.Value));
        return layer.OutlierRatio >= LargeOutliers && range >= largest / 2;
    }

    private static bool IsMoreThanCut(LayerFacts layer, AdviceContext context) => layer.Saturated > MoreThanCalibrated * 2 * (100 - context.Percentile) / 100;
}
