using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>Finds the weights and biases of one layer in a format: which weights go, which values they share, and how each is rounded.</summary>
internal static class LayerFit
{
    /// <summary>The weights of all groups of the layer.</summary>
    /// <param name="rows">Inputs of the layer.</param>
    /// <param name="sums">The sums that the layer should give, for each sample.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="original">The float weights, outputs × inputs of a group.</param>
    /// <param name="bias">The float biases.</param>
    /// <param name="leastScales">Scales may not be smaller, or biases would not fit.</param>
    /// <param name="format">What weights may be.</param>
    public static GroupFit[] Run(LayerRows rows, TensorData[] sums, ConvGeometry shape, double[] original, double[] bias, double[] leastScales,
        LayerFormat format)
    {
        if (shape.Taps > GroupEvidence.MostInputs) return LargeLayerFit.Run(rows, sums, shape, original, leastScales, format);
        var groups = new GroupEvidence[shape.Groups];
        int size = shape.OutPerGroup * shape.Taps;
        Parallel.For(0, shape.Groups, g => groups[g] = GroupEvidence.Of(rows, g, sums, shape, original[(g * size)..((g + 1) * size)],
            bias[(g * shape.OutPerGroup)..((g + 1) * shape.OutPerGroup)]));
        bool[]?[] masks = format.Pattern is null ? new bool[]?[shape.Groups]
            : PruningMask.Choose([.. groups.Select(g => g.Problem)], format.Pattern, format.Share);
        WeightGrid? grid = format.Clusters > 0 ? Codebook.Of([.. groups.Select((e, g) => new Codebook.Part(e.Problem, masks[g]))], format)
            : format.Grid;
        var fits = new GroupFit[shape.Groups];
        Parallel.For(0, shape.Groups, g => fits[g] = GroupFit.Run(groups[g], masks[g],
            leastScales[(g * shape.OutPerGroup)..((g + 1) * shape.OutPerGroup)], grid));
        return fits;
    }
}
