namespace ModelCompiler.Core.Compression;

/// <summary>Compressed weights of a layer, or of one group of it.</summary>
/// <param name="Values">outputs × inputs: the numbers of the grid; without a grid the weights themselves.</param>
/// <param name="Scales">One per output: what the numbers are multiplied by.</param>
/// <param name="Bias">One per output, as real numbers.</param>
internal sealed record GroupFit(double[] Values, double[] Scales, double[] Bias)
{
    private const int Passes = 4;

    /// <summary>Mean square error of the sums on the rows set aside when the original weights are brought into the format one by one and the bias
    /// stays.</summary>
    public double ErrorBefore { get; init; }

    /// <summary>The same with what was chosen.</summary>
    public double ErrorAfter { get; init; }

    /// <summary>
    /// Tries ways to bring weights into a format: one by one and greedily, towards the original weights and towards the refitted ones.
    /// Takes the one with the least error on the rows set aside, and does it once more with all rows.
    /// </summary>
    /// <param name="evidence">What is known of the group.</param>
    /// <param name="mask">False for weights that become zero; null when all stay.</param>
    /// <param name="leastScales">Scales may not be smaller, or biases would not fit.</param>
    /// <param name="grid">The numbers that weights can become; null for any.</param>
    public static GroupFit Run(GroupEvidence evidence, bool[]? mask, double[] leastScales, WeightGrid? grid)
    {
        double[] masked = mask is null ? evidence.Original : [.. evidence.Original.Select((w, i) => mask[i] ? w : 0)];
        int inputs = evidence.All.Inputs;
        Weights plain = Nearest(masked, inputs, leastScales, grid, grid is null ? null : grid.WholeScale);
        double before = evidence.Check.Error(plain.Real, evidence.Bias);
        Func<LayerStatistics, Weights>[] ways =
        [
            _ => plain,
            _ => Nearest(masked, inputs, leastScales, grid, grid is null ? null : grid.BestScale),
            s => Greedy(LayerProblem.Of(s, evidence.Original, refit: false), mask, leastScales, grid),
            s => Greedy(ReferenceEquals(s, evidence.All) ? evidence.Problem : LayerProblem.Of(s, evidence.Original, refit: true), mask, leastScales, grid),
        ];
        double[] errors = Array.ConvertAll(ways, way => way(evidence.Fit) is var w ? evidence.Check.Error(w.Real, evidence.Fit.Bias(w.Real)) : 0);
        int best = Array.IndexOf(errors, errors.Min());
        Weights chosen = ways[best](evidence.All);
        bool isBetter = errors[best] < before && Array.TrueForAll(chosen.Real, double.IsFinite);
        if (!isBetter) chosen = plain;
        return new(chosen.Values(inputs, grid), chosen.Scales, isBetter ? evidence.All.Bias(chosen.Real) : evidence.Bias) { ErrorBefore = before,
            ErrorAfter = isBetter ? errors[best] : before };
    }

    /// <summary>How a grid's scale is chosen for the weights of an output.</summary>
    public delegate double Scale(ReadOnlySpan<double> weights);

    /// <summary>Every weight as the number next to it.</summary>
    public static Weights Nearest(double[] weights, int inputs, double[] leastScales, WeightGrid? grid, Scale? scale)
    {
        if (grid is null || scale is null) return new(weights, Ones(leastScales));
        double[] scales = ScalesOf(weights, inputs, leastScales, scale);
        return new([.. weights.Select((w, i) => w == 0 ? 0 : grid.Round(w, scales[i / inputs]) * scales[i / inputs])], scales);
    }

    private static Weights Greedy(LayerProblem problem, bool[]? mask, double[] leastScales, WeightGrid? grid)
    {
        if (mask is not null) problem = problem.For(MaskedLeastSquares.Solve(problem, mask));
        if (grid is null) return new(problem.Target, Ones(leastScales));
        double[] scales = ScalesOf(problem.Target, problem.Inputs, leastScales, grid.BestScale);
        double[] weights = GreedyRounding.Run(problem, Round);
        return new(mask is null && grid.IsEven ? weights : GreedyRounding.Improve(problem, weights, Round, Passes), scales);

        double Round(double weight, int output, int input) =>
            mask?[(output * problem.Inputs) + input] == false ? 0 : grid.Round(weight, scales[output]) * scales[output];
    }

    private static double[] Ones(double[] scales) => [.. scales.Select(_ => 1.0)];

    // As they are stored.
    private static double[] ScalesOf(double[] weights, int inputs, double[] leastScales, Scale scale) =>
        [.. leastScales.Select((least, o) => (double)(float)Math.Max(least, scale(weights.AsSpan(o * inputs, inputs))))];

    /// <summary>Weights in a format.</summary>
    /// <param name="Real">outputs × inputs, as real numbers.</param>
    /// <param name="Scales">One per output.</param>
    public sealed record Weights(double[] Real, double[] Scales)
    {
        /// <summary>The numbers of the grid.</summary>
        public double[] Values(int inputs, WeightGrid? grid) => grid is null ? Real : [.. Real.Select((w, i) => Math.Round(w / Scales[i / inputs]))];
    }
}
