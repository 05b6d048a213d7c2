namespace ModelCompiler.Core.Quantization;

/// <summary>Something that makes a compiled network less accurate than the original, or the word that nothing does.
/// Options stand in its sentences as <see cref="OptionText"/> marks them.</summary>
/// <param name="Kind">What kind of fault it is.</param>
/// <param name="Layer">Name of the layer; null when it concerns the network.</param>
/// <param name="Fact">What was measured, with its figure: a sentence.</param>
/// <param name="Cause">Why that is so: a sentence.</param>
/// <param name="Remedy">What would help: a sentence; empty where nothing is to be done.</param>
internal sealed record AccuracyFinding(AccuracyFault Kind, string? Layer, string Fact, string Cause, string Remedy)
{
    /// <summary>The same with options as a host spells them.</summary>
    public AccuracyFinding Spelled(OptionSpelling spelling) =>
        this with { Fact = OptionText.Spell(Fact, spelling), Cause = OptionText.Spell(Cause, spelling), Remedy = OptionText.Spell(Remedy, spelling) };
}

/// <summary>What can be wrong with a compiled network, in the order in which findings are given.</summary>
internal enum AccuracyFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>A layer gives no numbers.</summary>
    NotANumber,

    /// <summary>The data reaches beyond the ranges found on the calibration samples.</summary>
    DataBeyondCalibration,

    /// <summary>A range cuts off elements that matter.</summary>
    Saturation,

    /// <summary>Few large elements stretch a range, so that steps are too large for all others.</summary>
    Outliers,

    /// <summary>A range is much wider than what the data needs.</summary>
    RangeTooWide,

    /// <summary>Channels of a depthwise layer differ too much in size to share a range.</summary>
    UnevenChannels,

    /// <summary>Channels that vary in the original do not in the compiled network.</summary>
    DeadChannels,

    /// <summary>Weights have too few bits where the error arises.</summary>
    WeightBits,

    /// <summary>The error arises in an input or the first layer.</summary>
    FirstLayer,

    /// <summary>The error arises in the last layer.</summary>
    LastLayer,

    /// <summary>The original itself hardly prefers one class to another.</summary>
    CloseClasses,

    /// <summary>No single fault: rounding everywhere.</summary>
    Rounding,
}
