namespace ModelCompiler.Core.Compression;

/// <summary>
/// A 1×1 layer to fewer inputs, the layer between fewer inputs and outputs, and a 1×1 layer to all outputs, left out where none are to be saved
/// (Kim and others, "Compression of Deep Convolutional Neural Networks for Fast and Low Power Mobile Applications", 2016). The first is found as if the pixels
/// of a window were independent; the others fit the layer's outputs best, given the first.
/// </summary>
internal sealed class TuckerFactorisation(LayerToFactor layer) : Factorisation(layer)
{
    // Of the inputs; more hardly saves.
    private const double MostInputs = 0.75;

    private double[]? _channels;
    private NestedRegression? _regression;

    private int Window => Shape.WindowHeight * Shape.WindowWidth;

    private int MostInner => (int)(MostInputs * Shape.Channels);

    /// <inheritdoc/>
    public override IEnumerable<RankChoice> Choices()
    {
        if (MostInner < 1) yield break;
        Prepare(MostInner);
        double[] inner = _regression!.Errors();
        double[] outer = OutputFactorisation.Remainders(
            OutputFactorisation.Principal(Layer.WeightedRows, Layer.Weights, Shape.OutChannels, Shape.Taps).Values);
        foreach (int i in Ranks(MostInner + 1))
        {
            foreach (int o in Ranks(Shape.OutChannels).Append(Shape.OutChannels))
            {
                double macs = Macs(i, o);
                if (macs < Shape.Macs && o <= i * Window) yield return new(FactorisationKind.Tucker, i, o, macs, Math.Min(1, inner[i] + outer[o]));
            }
        }
    }

    /// <inheritdoc/>
    public override (Factor[] Chain, double[] Product) At(RankChoice choice)
    {
        Prepare(Math.Max(choice.Inner, MostInner));
        (int inner, int outer, int outputs, int taps) = (choice.Inner, choice.Outer, Shape.OutChannels, choice.Inner * Window);
        double[] first = _channels![..(inner * Shape.Channels)], whole = _regression!.Weights(inner);
        double[] variances = _regression.Variances(inner);
        if (outer >= outputs)
        {
            double[] all = _regression.Product(whole, inner), core = PixelsFirst(whole, inner);
            Balance(first, core, variances);
            return ([Pointwise(first, inner), Whole(core, outputs)], all);
        }

        double[] weighted = LinearAlgebra.Product(whole, outputs, _regression.Covariance(inner), taps, taps);
        (double[] values, double[] vectors) = OutputFactorisation.Principal(weighted, whole, outputs, taps);
        vectors = vectors[..(outer * outputs)];
        double[] middle = LinearAlgebra.Product(vectors, outer, whole, outputs, taps), last = LinearAlgebra.Transpose(vectors, outer, outputs);
        double[] product = _regression.Product(LinearAlgebra.Product(last, outputs, middle, outer, taps), inner);
        middle = PixelsFirst(middle, inner);
        Balance(first, middle, variances);
        Balance(middle, last, values.AsSpan(0, outer));
        return ([Pointwise(first, inner), Whole(middle, outer), Pointwise(last, outputs)], product);
    }

    private double Macs(int inner, int outer) => (double)Shape.Batch * (((double)Shape.Height * Shape.Width * Shape.Channels * inner)
        + ((double)Shape.Pixels * inner * outer * Window) + (outer < Shape.OutChannels ? (double)Shape.Pixels * outer * Shape.OutChannels : 0));

    // Rows of features, channel by channel, become rows of weights, pixel by pixel.
    private double[] PixelsFirst(double[] weights, int inner)
    {
        var result = new double[weights.Length];
        for (int row = 0; row < weights.Length; row += inner * Window)
        {
            for (int i = 0; i < inner; i++)
            {
                for (int p = 0; p < Window; p++) result[row + (p * inner) + i] = weights[row + (i * Window) + p];
            }
        }

        return result;
    }

    private void Prepare(int rank)
    {
        if (_regression is not null) return;
        (int channels, int taps, int rows) = (Shape.Channels, Shape.Taps, Shape.OutChannels * Window);
        var covariance = new double[channels * channels];
        for (int p = 0; p < Window; p++)
        {
            for (int c = 0; c < channels; c++)
            {
                LinearAlgebra.AddMultiple(1.0 / Window, Layer.H.AsSpan((((p * channels) + c) * taps) + (p * channels), channels),
                    covariance.AsSpan(c * channels, channels));
            }
        }

        // With H = UᵀU of the channels: the right singular vectors q of w·Uᵀ, and of them the rows e of inputs with e·Uᵀ = q.
        double[] upper = LinearAlgebra.Cholesky(covariance, channels)!;
        double[] weighted = LinearAlgebra.Transpose(
            LinearAlgebra.Product(Layer.Weights, rows, LinearAlgebra.Transpose(upper, channels, channels), channels, channels), rows, channels);
        double[] vectors = OutputFactorisation.Principal(weighted, weighted, channels, rows).Vectors[..(rank * channels)];
        _channels = LinearAlgebra.Product(vectors, rank, upper, channels, channels);
        LinearAlgebra.Solve(upper, channels, _channels, rank);
        var features = new double[rank * Window * taps];
        for (int i = 0; i < rank; i++)
        {
            for (int p = 0; p < Window; p++)
                _channels.AsSpan(i * channels, channels).CopyTo(features.AsSpan((((i * Window) + p) * taps) + (p * channels), channels));
        }

        _regression = new(Layer, features, Window);
    }
}
