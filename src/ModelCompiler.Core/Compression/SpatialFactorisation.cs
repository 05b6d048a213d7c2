using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// A layer of the window's height to r channels, then one of its width (Jaderberg, Vedaldi and Zisserman, "Speeding up Convolutional Neural Networks with Low
/// Rank Expansions", 2014). The first is found as if the columns of a window were independent, the second fits the layer's outputs best, given the first.
/// </summary>
internal sealed class SpatialFactorisation(LayerToFactor layer) : Factorisation(layer)
{
    private double[]? _strips;
    private NestedRegression? _regression;

    private int StripTaps => Shape.WindowHeight * Shape.Channels;

    // From here on there would be nothing to save.
    private int MostRank => (int)Math.Min(Math.Min(StripTaps, Shape.WindowWidth * Shape.OutChannels), Shape.Macs / Macs(1));

    /// <inheritdoc/>
    public override IEnumerable<RankChoice> Choices()
    {
        if (MostRank < 1) yield break;
        Prepare();
        double[] errors = _regression!.Errors();
        foreach (int rank in Ranks(MostRank + 1))
        {
            if (Macs(rank) < Shape.Macs) yield return new(FactorisationKind.Spatial, rank, Shape.OutChannels, Macs(rank), errors[rank]);
        }
    }

    /// <inheritdoc/>
    public override (Factor[] Chain, double[] Product) At(RankChoice choice)
    {
        Prepare(choice.Inner);
        (int rank, int width, int outputs) = (choice.Inner, Shape.WindowWidth, Shape.OutChannels);
        double[] weights = _regression!.Weights(rank), product = _regression.Product(weights, rank);
        double[] rows = _strips![..(rank * StripTaps)], columns = new double[weights.Length];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < rank; i++)
            {
                for (int x = 0; x < width; x++) columns[(((o * width) + x) * rank) + i] = weights[(((o * rank) + i) * width) + x];
            }
        }

        Balance(rows, columns, _regression.Variances(rank));
        var op = (Conv)Layer.Operator;
        Conv down = op with { StrideRight = 1, DilationRight = 1, PadLeft = 0, PadRight = 0, Activation = ActivationRange.None },
            right = op with { StrideDown = 1, DilationDown = 1, PadTop = 0, PadBottom = 0, Activation = ActivationRange.None };
        return ([new(down, new Shape(rank, Shape.WindowHeight, 1, Shape.Channels), rows), new(right, new Shape(outputs, 1, width, rank), columns)], product);
    }

    private double Macs(int rank) => (double)Shape.Batch * Shape.OutHeight * rank
        * (((double)Shape.Width * StripTaps) + ((double)Shape.OutWidth * Shape.WindowWidth * Shape.OutChannels));

    private void Prepare(int leastRank = 0)
    {
        if (_regression is not null) return;
        (int height, int width, int channels, int taps) = (Shape.WindowHeight, Shape.WindowWidth, Shape.Channels, Shape.Taps);
        int outputs = Shape.OutChannels;
        // Column x of output o, and what it weighs with the covariance of a column.
        double[] columns = new double[width * outputs * StripTaps], covariance = new double[StripTaps * StripTaps];
        for (int x = 0; x < width; x++)
        {
            for (int y = 0; y < height; y++)
            {
                int at = ((y * width) + x) * channels;
                for (int o = 0; o < outputs; o++)
                    Layer.Weights.AsSpan((o * taps) + at, channels).CopyTo(columns.AsSpan((((x * outputs) + o) * StripTaps) + (y * channels), channels));
                for (int c = 0; c < channels; c++)
                {
                    for (int y2 = 0; y2 < height; y2++)
                    {
                        LinearAlgebra.AddMultiple(1.0 / width, Layer.H.AsSpan(((at + c) * taps) + (((y2 * width) + x) * channels), channels),
                            covariance.AsSpan((((y * channels) + c) * StripTaps) + (y2 * channels), channels));
                    }
                }
            }
        }

        int rank = Math.Min(Math.Max(MostRank, leastRank), width * outputs), all = width * outputs;
        double[] weighted = LinearAlgebra.Product(columns, all, covariance, StripTaps, StripTaps);
        double[] vectors = OutputFactorisation.Principal(weighted, columns, all, StripTaps).Vectors;
        _strips = LinearAlgebra.Product(vectors[..(rank * all)], rank, columns, all, StripTaps);
        _regression = new(Layer, Features(rank), width);
    }

    // Channel i of column x, as a row of weights of the window.
    private double[] Features(int rank)
    {
        (int height, int width, int channels, int taps) = (Shape.WindowHeight, Shape.WindowWidth, Shape.Channels, Shape.Taps);
        var features = new double[rank * width * taps];
        for (int i = 0; i < rank; i++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int y = 0; y < height; y++)
                {
                    _strips.AsSpan((i * StripTaps) + (y * channels), channels)
                        .CopyTo(features.AsSpan((((i * width) + x) * taps) + (((y * width) + x) * channels), channels));
                }
            }
        }

        return features;
    }
}
