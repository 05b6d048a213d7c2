using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Layers of so many inputs that covariances would not fit memory: what a weight is worth is its square times its input's variance, weights become what is next
/// to them, and biases make the means right.
/// </summary>
internal static class LargeLayerFit
{
    /// <summary>As <see cref="LayerFit.Run"/>.</summary>
    public static GroupFit[] Run(LayerRows rows, TensorData[] sums, ConvGeometry shape, double[] original, double[] leastScales, LayerFormat format)
    {
        int size = shape.OutPerGroup * shape.Taps;
        var fits = new GroupFit[shape.Groups];
        for (int g = 0; g < shape.Groups; g++)
        {
            (double[] meanX, double[] variances) = rows.Moments(g);
            double[] bias = Means(rows.Outputs(g, sums), shape.OutPerGroup);
            double[] weights = original[(g * size)..((g + 1) * size)];
            bool[]? mask = format.Pattern is null ? null
                : PruningMask.ChooseAlone(weights, shape.OutPerGroup, variances, format.Pattern, format.Share);
            if (mask is not null) weights = [.. weights.Select((w, i) => mask[i] ? w : 0)];
            WeightGrid? grid = format.Clusters > 0 ? Codebook.Of([new(weights, shape.Taps, variances, mask)], format) : format.Grid;
            GroupFit.Weights rounded = GroupFit.Nearest(weights, shape.Taps, leastScales[(g * shape.OutPerGroup)..((g + 1) * shape.OutPerGroup)], grid,
                grid is null ? null : grid.BestScale);
            for (int i = 0; i < weights.Length; i++) bias[i / shape.Taps] -= rounded.Real[i] * meanX[i % shape.Taps];
            fits[g] = new(rounded.Values(shape.Taps, grid), rounded.Scales, bias);
        }

        return fits;
    }

    private static double[] Means(float[] rows, int columns)
    {
        var means = new double[columns];
        for (int i = 0; i < rows.Length; i++) means[i % columns] += rows[i];
        return Array.ConvertAll(means, m => m / Math.Max(1, rows.Length / columns));
    }
}
