using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Quantization;

/// <summary>What samples say about one value of a compiled network, beside the value of the original network that it stands for.
/// Shares lie between 0 and 1.</summary>
internal sealed record LayerFacts
{
    /// <summary>Name of the node that computes it, or of the input.</summary>
    public required string Name { get; init; }

    /// <summary>Name and origin as messages give them.</summary>
    public required string Label { get; init; }

    /// <summary>The operator; <c>Input</c> for an input of the network.</summary>
    public required string Operator { get; init; }

    /// <summary>Element type in the compiled network.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Dimensions; images are batch × height × width × channels.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>Part that it has in the network.</summary>
    public LayerPlace Place { get; init; }

    /// <summary>True for integers whose scale was chosen for this value, rather than handed on from an input or fixed by the operator.</summary>
    public bool HasOwnRange { get; init; }

    /// <summary>‖compiled − original‖ ÷ ‖original‖; not a number where the compiled value is none. Null without an original.</summary>
    public double? RelativeError { get; init; }

    /// <summary>Ratio of signal to quantisation noise in dB: 20 for a relative error of 10 %, 40 for 1 %. Null without an original or an error.</summary>
    public double? Sqnr => RelativeError is > 0 ? -20 * Math.Log10(RelativeError.Value) : null;

    /// <summary>Cosine of the angle between both, 1 when they point the same way. Null without an original, or where either is zero.</summary>
    public double? Cosine { get; init; }

    /// <summary>The relative error less the largest one of what the node takes: what this layer adds. Null without an original.</summary>
    public double? AddedError { get; init; }

    /// <summary>
    /// Share of elements that the integers' range cuts off: those at its ends that lie beyond it in the original by more than a step;
    /// without an original, those at ends that no activation explains. Null where nothing is cut off by its nature.
    /// </summary>
    public double? Saturated { get; init; }

    /// <summary>The part of the relative error that elements cut off make up. Null without an original.</summary>
    public double? CutError { get; init; }

    /// <summary>Number of channels: the last dimension.</summary>
    public int Channels { get; init; }

    /// <summary>Channels that stay constant over all samples in the compiled network, but not in the original.
    /// Null where there are too few elements to tell.</summary>
    public int? DeadChannels { get; init; }

    /// <summary>max |x| ÷ 99.9th percentile of |x|, of the original where there is one. Null below 1000 elements.</summary>
    public double? OutlierRatio { get; init; }

    /// <summary>Share of the 256 integers that occur. Null for other types than 8-bit integers.</summary>
    public double? RangeUsed { get; init; }

    /// <summary>Share of the 256 integers between the smallest and the largest that occur. Null for other types than 8-bit integers.</summary>
    public double? RangeSpanned { get; init; }

    /// <summary>Bits that the layer's weights need. Null where it has no integer weights.</summary>
    public int? WeightBits { get; init; }

    /// <summary>Largest ÷ smallest of the channels' largest weights, channels of zeros left out. Null where it has no weights.</summary>
    public double? WeightSpread { get; init; }

    /// <summary>True for a convolution of every channel alone.</summary>
    public bool IsDepthwise { get; init; }

    /// <summary>Smallest element in the data, of the original where there is one.</summary>
    public double Min { get; init; }

    /// <summary>Largest element in the data, of the original where there is one.</summary>
    public double Max { get; init; }

    /// <summary>The smallest real number that the integers can hold. Null for floats.</summary>
    public double? RangeMin { get; init; }

    /// <summary>The largest real number that the integers can hold. Null for floats.</summary>
    public double? RangeMax { get; init; }

    /// <summary>Number of elements over all samples.</summary>
    public long Elements { get; init; }
}

/// <summary>The part that a value has in a network.</summary>
internal enum LayerPlace
{
    /// <summary>Computed from other values, for other values.</summary>
    Inner,

    /// <summary>An input.</summary>
    Input,

    /// <summary>The result of the first layer with weights.</summary>
    First,

    /// <summary>The result of the last layer with weights.</summary>
    Last,
}

/// <summary>What samples say about an output of a compiled network, beside the original's.</summary>
internal sealed record OutputFacts
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>‖compiled − original‖ ÷ ‖original‖ over all samples; not a number where the compiled one is none.</summary>
    public required double RelativeError { get; init; }

    /// <summary>Number of classes among which the largest element chooses; null where it does not look like one choice for each sample.</summary>
    public int? Classes { get; init; }

    /// <summary>Samples for which the largest element is another than the original's; 0 without classes.</summary>
    public int Changed { get; init; }

    /// <summary>Median over the samples of the distance between the original's two largest elements; null without classes.</summary>
    public double? Margin { get; init; }

    /// <summary>The same over the samples whose class changes; null when there are none.</summary>
    public double? MarginOfChanged { get; init; }

    /// <summary>Root mean square of the differences of elements.</summary>
    public double Error { get; init; }
}
