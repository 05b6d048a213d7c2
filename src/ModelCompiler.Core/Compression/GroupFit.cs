using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>Quantised weights of a layer, or of one group of it.</summary>
/// <param name="Integers">outputs × inputs.</param>
/// <param name="Scales">One per output.</param>
/// <param name="Bias">One per output, as real numbers.</param>
internal sealed record GroupFit(double[] Integers, double[] Scales, double[] Bias)
{
    private const int Passes = 4;
    private const int MostInputs = 4096;

    /// <summary>Mean square error of the sums on the rows set aside when the weights are rounded to nearest and the bias stays.</summary>
    public double ErrorBefore { get; private init; }

    /// <summary>The same with what was chosen.</summary>
    public double ErrorAfter { get; private init; }

    /// <summary>
    /// Tries ways to round: to nearest and greedily, towards the original weights and towards the refitted ones.
    /// Takes the one with the least error on the rows set aside, and does it once more with all rows.
    /// </summary>
    /// <param name="rows">Inputs of the layer.</param>
    /// <param name="group">The group.</param>
    /// <param name="sums">The sums that the layer should give, for each sample.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="original">The float weights of the group, outputs × inputs.</param>
    /// <param name="bias">The float biases of the group.</param>
    /// <param name="leastScales">Scales may not be smaller, or biases would not fit.</param>
    /// <param name="grid">The integers that weights can become.</param>
    public static GroupFit Run(LayerRows rows, int group, TensorData[] sums, ConvGeometry shape, double[] original, double[] bias, double[] leastScales,
        WeightGrid grid)
    {
        float[] x = rows.Inputs(group), y = rows.Outputs(group, sums);
        if (shape.Taps > MostInputs) return OfMeans(x, y, shape, original, leastScales, grid);
        LayerStatistics fit = LayerStatistics.Of(x, shape.Taps, y, shape.OutPerGroup, 0, rows.Fit),
            check = LayerStatistics.Of(x, shape.Taps, y, shape.OutPerGroup, rows.Fit, rows.Check);
        if (rows.Check == 0) check = fit;
        LayerStatistics all = rows.Check == 0 ? fit : fit.With(check);
        Rounded plain = Nearest(original, shape.Taps, leastScales, grid, grid.WholeScale);
        double before = check.Error(plain.Weights, bias);
        Func<LayerStatistics, Rounded>[] ways =
        [
            _ => plain,
            _ => Nearest(original, shape.Taps, leastScales, grid, grid.BestScale),
            s => Greedy(LayerProblem.Of(s, original, refit: false), leastScales, grid),
            s => Greedy(LayerProblem.Of(s, original, refit: true), leastScales, grid),
        ];
        double[] errors = Array.ConvertAll(ways, way => way(fit) is var r ? check.Error(r.Weights, fit.Bias(r.Weights)) : 0);
        int best = Array.IndexOf(errors, errors.Min());
        Rounded chosen = ways[best](all);
        bool isBetter = errors[best] < before && Array.TrueForAll(chosen.Weights, double.IsFinite);
        if (!isBetter) chosen = plain;
        return new(IntegersOf(chosen, shape.Taps), chosen.Scales, isBetter ? all.Bias(chosen.Weights) : bias) { ErrorBefore = before,
            ErrorAfter = isBetter ? errors[best] : before };
    }

    // Covariances of so many inputs would be too large.
    private static GroupFit OfMeans(float[] x, float[] y, ConvGeometry shape, double[] original, double[] leastScales, WeightGrid grid)
    {
        Rounded rounded = Nearest(original, shape.Taps, leastScales, grid, grid.BestScale);
        double[] meanX = Means(x, shape.Taps), bias = Means(y, shape.OutPerGroup);
        for (int i = 0; i < rounded.Weights.Length; i++) bias[i / shape.Taps] -= rounded.Weights[i] * meanX[i % shape.Taps];
        return new(IntegersOf(rounded, shape.Taps), rounded.Scales, bias);

        static double[] Means(float[] rows, int columns)
        {
            var means = new double[columns];
            for (int i = 0; i < rows.Length; i++) means[i % columns] += rows[i];
            return Array.ConvertAll(means, m => m / Math.Max(1, rows.Length / columns));
        }
    }

    private sealed record Rounded(double[] Weights, double[] Scales);

    private delegate double Scale(ReadOnlySpan<double> weights);

    private static Rounded Nearest(double[] weights, int inputs, double[] leastScales, WeightGrid grid, Scale scale)
    {
        double[] scales = ScalesOf(weights, inputs, leastScales, scale);
        return new([.. weights.Select((w, i) => grid.Round(w, scales[i / inputs]) * scales[i / inputs])], scales);
    }

    private static Rounded Greedy(LayerProblem problem, double[] leastScales, WeightGrid grid)
    {
        double[] scales = ScalesOf(problem.Target, problem.Inputs, leastScales, grid.BestScale);
        double[] weights = GreedyRounding.Run(problem, Round);
        return new(grid.Low == -grid.High ? weights : GreedyRounding.Improve(problem, weights, Round, Passes), scales);

        double Round(double weight, int output, int input) => grid.Round(weight, scales[output]) * scales[output];
    }

    // As they are stored.
    private static double[] ScalesOf(double[] weights, int inputs, double[] leastScales, Scale scale) =>
        [.. leastScales.Select((least, o) => (double)(float)Math.Max(least, scale(weights.AsSpan(o * inputs, inputs))))];

    private static double[] IntegersOf(Rounded rounded, int inputs) => [.. rounded.Weights.Select((w, i) => Math.Round(w / rounded.Scales[i / inputs]))];
}
