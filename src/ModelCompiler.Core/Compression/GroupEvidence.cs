using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>What is known of a layer, or of one group of it: the float weights, and statistics of the inputs that it gets and the sums that it should
/// give.</summary>
internal sealed class GroupEvidence
{
    /// <summary>Covariances of more inputs would be too large.</summary>
    public const int MostInputs = 4096;

    private GroupEvidence(double[] original, double[] bias, LayerStatistics fit, LayerStatistics check) =>
        (Original, Bias, Fit, Check, All) = (original, bias, fit, check, ReferenceEquals(fit, check) ? fit : fit.With(check));

    /// <summary>The float weights, outputs × inputs.</summary>
    public double[] Original { get; }

    /// <summary>The float biases.</summary>
    public double[] Bias { get; }

    /// <summary>Of the rows to fit to.</summary>
    public LayerStatistics Fit { get; }

    /// <summary>Of the rows set aside; of all where there are none.</summary>
    public LayerStatistics Check { get; }

    /// <summary>Of all rows.</summary>
    public LayerStatistics All { get; }

    /// <summary>The problem that all rows pose, weights refitted to the sums.</summary>
    public LayerProblem Problem => field ??= LayerProblem.Of(All, Original, refit: true);

    /// <summary>Collects.</summary>
    /// <param name="rows">Inputs of the layer.</param>
    /// <param name="group">The group.</param>
    /// <param name="sums">The sums that the layer should give, for each sample.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="original">The float weights of the group, outputs × inputs.</param>
    /// <param name="bias">The float biases of the group.</param>
    public static GroupEvidence Of(LayerRows rows, int group, TensorData[] sums, ConvGeometry shape, double[] original, double[] bias)
    {
        float[] x = rows.Inputs(group), y = rows.Outputs(group, sums);
        LayerStatistics fit = LayerStatistics.Of(x, shape.Taps, y, shape.OutPerGroup, 0, rows.Fit);
        return new(original, bias, fit, rows.Check == 0 ? fit : LayerStatistics.Of(x, shape.Taps, y, shape.OutPerGroup, rows.Fit, rows.Check));
    }
}
