using static ModelCompiler.Core.Quantization.AccuracyAdvice;
using static ModelCompiler.Core.Quantization.RangeAdvice;

namespace ModelCompiler.Core.Quantization;

/// <summary>Rules about layers: their channels, weights and place, and about the classes that they choose among.</summary>
internal static class LayerAdvice
{
    // The smallest channel is left with 3 of 8 bits.
    private const double UnevenWeights = 30;
    private const double ManyDead = 0.02;

    // Weights of 7 bits are taken where they cost no accuracy, fewer only on request.
    private const int FewBits = 6;
    private const double MuchAdded = 0.02;

    // An end of the network is to blame when it adds this many times as much as any other layer.
    private const double MostOfAll = 2;

    // Samples whose classes change are undecided when their margin is this part of the usual one.
    private const double SmallMargin = 0.25;

    /// <summary>Depthwise layers whose channels differ in size.</summary>
    public static IEnumerable<AccuracyFinding> UnevenChannels(AdviceContext context) =>
        context.Analysis.Layers.Where(l => l.IsDepthwise && l.RangeMin is not null && l.WeightSpread > UnevenWeights).OrderByDescending(l => l.WeightSpread)
        .Select(l => new AccuracyFinding(
        AccuracyFault.UnevenChannels, l.Name, $"{Upper(l.Label)} convolves every channel alone, and the largest weight of one channel is "
        + $"{Number(l.WeightSpread!.Value)} times that of another.",
        $"All channels of its result share one range, so that the smallest are left with about {Number(Math.Max(1, Math.Round(256 / l.WeightSpread.Value)))} "
        + "of 256 steps.",
        "Equalise the channels before export (move factors between this layer and the next one's weights, which changes no result), fold batch normalisation "
        + "before training on, or train with weight decay on this layer."));

    /// <summary>Channels that do not vary any more.</summary>
    public static IEnumerable<AccuracyFinding> DeadChannels(AdviceContext context) =>
        context.Analysis.Layers.Where(l => l.DeadChannels > 0 && l.DeadChannels >= ManyDead * l.Channels && l.RangeMin is not null && l.HasOwnRange)
        .OrderByDescending(l => (double)l.DeadChannels!.Value / l.Channels).Select(l => new AccuracyFinding(
            AccuracyFault.DeadChannels, l.Name, $"{Upper(l.Label)} has {l.DeadChannels} of {l.Channels} channels that are the same for all "
            + $"samples{(context.IsCalibrated ? ", but not in the float network" : "")}.",
            context.IsCalibrated ? "They are so much smaller than the others that they vary by less than a step of the range that all share."
            : "Either training left them without use, or they vary by less than a step of the range that all channels share.",
            context.IsCalibrated ? "Bring channels to similar sizes before export (move factors between this layer's and the next one's weights, or train "
            + "with batch normalisation), or prune those without use."
                : "Compare with the float model; where the channels vary there, bring them to similar sizes before it is quantised, else prune them."));

    /// <summary>Weights of few bits.</summary>
    public static IEnumerable<AccuracyFinding> WeightBits(AdviceContext context)
    {
        if (!context.Analysis.HasOriginal) return [];
        return context.Analysis.Layers.Where(l => l.WeightBits <= FewBits && l.AddedError >= MuchAdded).OrderByDescending(l => l.AddedError)
            .Select(l => new AccuracyFinding(
            AccuracyFault.WeightBits, l.Name, $"{Upper(l.Label)} has weights of {l.WeightBits} bits and adds an error of {Percent(l.AddedError!.Value)}.",
            $"{l.WeightBits} bits round each weight by up to {Percent(0.5 / ((1 << (l.WeightBits!.Value - 1)) - 1))} of the channel's largest.",
            $"Compile with {OptionText.Set(nameof(CompilationOptions.WeightBits), "8")} (or {context.Options.WeightBits + 1}), or train with weights of so "
            + "few bits."));
    }

    /// <summary>Errors of the first and the last layer, which networks feel most.</summary>
    public static IEnumerable<AccuracyFinding> Ends(AdviceContext context)
    {
        LayerFacts[] layers = [.. context.Analysis.Layers.Where(l => l.AddedError >= MuchAdded).OrderByDescending(l => l.AddedError).Take(2)];
        if (layers.Length == 0 || layers[0].Place == LayerPlace.Inner || context.Explained.Contains(layers[0].Name)) yield break;
        LayerFacts worst = layers[0];
        if (layers.Length > 1 && worst.AddedError < MostOfAll * layers[1].AddedError) yield break;
        bool isLast = worst.Place == LayerPlace.Last;
        string fact = $"{Upper(worst.Label)}, "
            + $"{(worst.Place == LayerPlace.Input ? "which the network begins with" : isLast ? "the last with weights" : "the first with weights")}, adds an "
            + $"error of {Percent(worst.AddedError!.Value)}, {(layers.Length > 1 ? "more than twice as much as any other" : "and no other adds much")}.";
        yield return isLast
            ? new(AccuracyFault.LastLayer, worst.Name, fact, "Nothing after the last layer makes up for its rounding, and its results have one range for all "
            + "classes.", $"Keep results of similar size in training (weight decay, label smoothing); compile with "
            + $"{OptionText.Set(nameof(CompilationOptions.WeightBits), "8")} if its weights have fewer bits, or keep it in float with "
            + $"{OptionText.Set(nameof(CompilationOptions.LayerPrecision), worst.Name.Split(';')[0] + "=Float32")}.")
            : new(AccuracyFault.FirstLayer, worst.Name, fact,
                $"{(worst.Place == LayerPlace.Input ? "It has" : "Its results have")} 256 steps from {Number(worst.RangeMin ?? worst.Min)} to "
                + $"{Number(worst.RangeMax ?? worst.Max)}, and details smaller than a step are lost to all that follows.",
                "Scale inputs so that what matters fills the range (logarithms of spectra, one scale for all features), split inputs of different sizes, or "
                + "train with quantised inputs.");
    }

    /// <summary>Samples that the original does not decide clearly either.</summary>
    public static IEnumerable<AccuracyFinding> CloseClasses(AdviceContext context) =>
        context.Analysis.Outputs.Where(o => o.Changed > 0 && o.MarginOfChanged < SmallMargin * o.Margin).Select(o => new AccuracyFinding(
        AccuracyFault.CloseClasses, null, $"Output '{o.Name}' has another largest class for {Number(o.Changed)} of {Number(context.Analysis.Samples)} "
        + $"samples; there the float network prefers its class by {Number(o.MarginOfChanged!.Value)}, elsewhere by {Number(o.Margin!.Value)}, and the error "
        + $"is {Number(o.Error)}.",
        "These samples lie between classes: the float network does not decide them clearly either.",
        "Measure with labels whether accuracy drops (modelc evaluate): such samples are often wrong in both networks. More training data near them would part "
        + "the classes."));
}
