namespace ModelCompiler.Core.Compression;

/// <summary>
/// The few numbers that all weights of a layer share, each times the scale of its output: k-means on the weights, where a weight counts as much as its input
/// varies (Han, Mao and Dally, "Deep Compression", 2016; Choi, El-Khamy and Lee, "Towards the Limit of Network Quantization", 2017).
/// </summary>
internal static class Codebook
{
    // Without a grid, weights are shared as they are, in units of the largest of their output.
    private const double RealUnits = 1 << 20;
    private const int MostSteps = 100;

    // From so many numbers on, one of them is zero: kernels fill weights up with zeros, for which an index may need another bit.
    private const int FewestWithZero = 8;

    /// <summary>The weights that a codebook is for.</summary>
    /// <param name="Weights">outputs × inputs.</param>
    /// <param name="Inputs">Inputs.</param>
    /// <param name="Importance">What the square error of a weight costs, by input.</param>
    /// <param name="Mask">False for weights that are zero in any case; null when none is.</param>
    public sealed record Part(double[] Weights, int Inputs, double[] Importance, bool[]? Mask)
    {
        /// <summary>The weights that would be best for a group.</summary>
        public Part(LayerProblem problem, bool[]? mask)
            : this(mask is null ? problem.Target : MaskedLeastSquares.Solve(problem, mask), problem.Inputs,
                [.. Enumerable.Range(0, problem.Inputs).Select(i => problem.H[(i * problem.Inputs) + i])], mask)
        {
        }
    }

    /// <summary>The numbers.</summary>
    /// <param name="parts">All weights of a layer.</param>
    /// <param name="format">Says how many, and which grid they lie on.</param>
    public static WeightGrid Of(IReadOnlyList<Part> parts, LayerFormat format)
    {
        WeightGrid? grid = format.Grid;
        double units = grid is null ? RealUnits : grid.High;
        WeightGrid whole = grid ?? WeightGrid.Of([-units, units]);
        var weights = new List<(double Value, double Weight)>();
        foreach (Part part in parts)
        {
            for (int row = 0; row < part.Weights.Length; row += part.Inputs)
            {
                double scale = whole.WholeScale(part.Weights.AsSpan(row, part.Inputs));
                for (int i = 0; i < part.Inputs; i++)
                {
                    if (part.Mask?[row + i] != false) weights.Add((part.Weights[row + i] / scale, part.Importance[i]));
                }
            }
        }

        bool hasZero = parts.Any(p => p.Mask is not null);
        double[] means = Means([.. weights.OrderBy(w => w.Value)], format.Clusters - (hasZero ? 1 : 0));
        if (!hasZero && grid is not null && means.Length >= FewestWithZero) means[NearestToZero(means)] = 0;
        IEnumerable<double> values = means.Select(m => Math.Round(Math.Clamp(m, -units, units)));
        return WeightGrid.Of([.. (hasZero ? values.Append(0) : values).Distinct().Order()]);
    }

    // Lloyd's algorithm on sorted numbers, from even distances: the numbers of a cluster are neighbours, so sums up to each number are all it takes.
    private static double[] Means((double Value, double Weight)[] sorted, int clusters)
    {
        if (sorted.Length == 0) return [0];
        (double[] counts, double[] sums) = (new double[sorted.Length + 1], new double[sorted.Length + 1]);
        double least = sorted.Average(s => s.Weight) * 0.01;
        for (int i = 0; i < sorted.Length; i++)
        {
            double weight = sorted[i].Weight + least;
            (counts[i + 1], sums[i + 1]) = (counts[i] + weight, sums[i] + (weight * sorted[i].Value));
        }

        double[] values = [.. sorted.Select(s => s.Value)];
        (double low, double high) = (values[0], values[^1]);
        double[] means = [.. Enumerable.Range(0, Math.Max(1, clusters)).Select(k => low + ((high - low) * k / Math.Max(1, clusters - 1)))];
        for (int step = 0; step < MostSteps; step++)
        {
            double[] before = [.. means];
            int first = 0;
            for (int k = 0; k < means.Length; k++)
            {
                int end = k + 1 == means.Length ? values.Length : Math.Max(first, Below(values, (before[k] + before[k + 1]) / 2));
                if (counts[end] > counts[first]) means[k] = (sums[end] - sums[first]) / (counts[end] - counts[first]);
                first = end;
            }

            Array.Sort(means);
            if (means.AsSpan().SequenceEqual(before)) break;
        }

        return means;
    }

    private static int NearestToZero(double[] numbers)
    {
        int nearest = 0;
        for (int i = 1; i < numbers.Length; i++)
        {
            if (Math.Abs(numbers[i]) < Math.Abs(numbers[nearest])) nearest = i;
        }

        return nearest;
    }

    // How many numbers are smaller.
    private static int Below(double[] sorted, double limit)
    {
        int at = Array.BinarySearch(sorted, limit);
        if (at < 0) return ~at;
        while (at > 0 && sorted[at - 1] == limit) at--;
        return at;
    }
}
