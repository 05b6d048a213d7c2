using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>Ways to write a layer as a chain of thinner ones.</summary>
internal enum FactorisationKind
{
    /// <summary>The layer with fewer outputs, then a 1×1 layer to all of them.</summary>
    Output,

    /// <summary>A layer of the window's height, then one of its width.</summary>
    Spatial,

    /// <summary>A 1×1 layer to fewer inputs, the layer with fewer inputs and perhaps outputs, and a 1×1 layer to all of these.</summary>
    Tucker,
}

/// <summary>A layer that is to be factorised: of all chains of some ranks, the one is wanted whose product ŵ minimises (ŵ − w)·H·(ŵ − w)ᵀ.</summary>
/// <param name="Operator">A convolution without groups, or a fully connected layer.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="H">Covariance of its inputs, taps × taps, positive definite.</param>
/// <param name="Weights">w, outputs × taps.</param>
internal sealed record LayerToFactor(Operator Operator, ConvGeometry Shape, double[] H, double[] Weights)
{
    /// <summary>w·H.</summary>
    public double[] WeightedRows => field ??= LinearAlgebra.Product(Weights, Shape.OutChannels, H, Shape.Taps, Shape.Taps);

    /// <summary>Variance of all outputs together: the error of no chain at all.</summary>
    public double Power => WeightedRows.Zip(Weights, (a, b) => a * b).Sum();
}

/// <summary>One layer of a chain.</summary>
/// <param name="Operator">The layer, without activation.</param>
/// <param name="Shape">Shape of the weights.</param>
/// <param name="Weights">The weights.</param>
internal sealed record Factor(Operator Operator, Shape Shape, double[] Weights);

/// <summary>A kind with ranks, what it takes and what it costs.</summary>
/// <param name="Kind">How the layer is written.</param>
/// <param name="Inner">Channels that the first factor computes.</param>
/// <param name="Outer">Channels that the second of three factors computes; all outputs where there are two.</param>
/// <param name="Macs">Multiply-accumulate operations of the chain.</param>
/// <param name="Error">Square error of the outputs, relative to their variance, from 0 to 1.</param>
internal sealed record RankChoice(FactorisationKind Kind, int Inner, int Outer, double Macs, double Error)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Kind.ToString().ToLowerInvariant()} {Inner}{(Kind == FactorisationKind.Tucker ? $"×{Outer}" : "")}");
}

/// <summary>One kind of chain for one layer: which ranks there are, what they cost, and the factors.</summary>
internal abstract class Factorisation(LayerToFactor layer)
{
    // Eigenvalue problems of more rows would take minutes.
    protected const int MostRows = 1024;

    // Covariances of more inputs are multiplied with as few matrices as possible.
    private const int MostTaps = 2400;

    // Kernels take inputs by fours.
    private const int RankStep = 4;

    /// <summary>The layer.</summary>
    protected LayerToFactor Layer => layer;

    /// <summary>Its sizes.</summary>
    protected ConvGeometry Shape => layer.Shape;

    /// <summary>The kinds that a layer of some shape can have.</summary>
    public static IEnumerable<FactorisationKind> Suitable(ConvGeometry s)
    {
        bool isSmall = s.Taps <= MostTaps;
        if (s.OutChannels <= MostRows) yield return FactorisationKind.Output;
        if (isSmall && s.WindowHeight > 1 && s.WindowWidth > 1 && s.WindowWidth * s.OutChannels <= MostRows) yield return FactorisationKind.Spatial;
        if (isSmall && s.WindowHeight * s.WindowWidth > 1 && s.OutChannels <= MostRows) yield return FactorisationKind.Tucker;
    }

    /// <summary>A kind for a layer.</summary>
    public static Factorisation Of(FactorisationKind kind, LayerToFactor layer) => kind switch
    {
        FactorisationKind.Output => new OutputFactorisation(layer),
        FactorisationKind.Spatial => new SpatialFactorisation(layer),
        _ => new TuckerFactorisation(layer),
    };

    /// <summary>All ranks that save work.</summary>
    public abstract IEnumerable<RankChoice> Choices();

    /// <summary>The chain of some ranks, and its product, outputs × taps.</summary>
    public abstract (Factor[] Chain, double[] Product) At(RankChoice choice);

    /// <summary>Ranks worth looking at, below the full one.</summary>
    protected static IEnumerable<int> Ranks(int full)
    {
        int step = full >= 4 * RankStep ? RankStep : 1;
        for (int rank = step; rank < full; rank += step) yield return rank;
    }

    /// <summary>
    /// Divides rows of one factor, and multiplies columns of the next, so that what stands between them varies more alike from channel to channel:
    /// half way to equal variances, which shares rounding errors between activations and weights.
    /// </summary>
    /// <param name="rows">Weights of the first, channels × anything.</param>
    /// <param name="columns">Weights of the second, anything × channels, channels last.</param>
    /// <param name="variances">Of the channels between them.</param>
    protected static void Balance(double[] rows, double[] columns, ReadOnlySpan<double> variances)
    {
        int channels = variances.Length, width = rows.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            double scale = Math.Pow(variances[c], 0.25);
            if (!(scale > 0) || !double.IsFinite(1 / scale)) continue;
            for (int i = c * width; i < (c + 1) * width; i++) rows[i] /= scale;
            for (int i = c; i < columns.Length; i += channels) columns[i] *= scale;
        }
    }

    /// <summary>A 1×1 convolution, or a fully connected layer where the layer is one.</summary>
    /// <param name="weights">outputs × inputs.</param>
    /// <param name="outputs">Outputs.</param>
    protected Factor Pointwise(double[] weights, int outputs) => Layer.Operator is FullyConnected dense
        ? new(dense with { Activation = ActivationRange.None }, new Shape(outputs, weights.Length / outputs), weights)
        : new(new Conv(1, 1, 1, 1, 0, 0, 0, 0, 1, ActivationRange.None), new Shape(outputs, 1, 1, weights.Length / outputs), weights);

    /// <summary>The layer itself with other weights.</summary>
    /// <param name="weights">outputs × taps of fewer inputs.</param>
    /// <param name="outputs">Outputs.</param>
    protected Factor Whole(double[] weights, int outputs) => Layer.Operator is FullyConnected ? Pointwise(weights, outputs)
        : new(((Conv)Layer.Operator) with { Activation = ActivationRange.None },
            new Shape(outputs, Shape.WindowHeight, Shape.WindowWidth, weights.Length / (outputs * Shape.WindowHeight * Shape.WindowWidth)), weights);
}
