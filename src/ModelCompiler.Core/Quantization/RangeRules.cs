namespace ModelCompiler.Core.Quantization;

/// <summary>How often a value's elements lie where: bins of equal width from the smallest to the largest.</summary>
/// <param name="Range">The smallest and the largest element.</param>
/// <param name="Counts">Elements of each bin.</param>
/// <param name="Zeros">Elements that are exactly zero, which every range holds without an error.</param>
internal sealed record ValueHistogram(ValueRange Range, long[] Counts, long Zeros)
{
    /// <summary>Width of a bin.</summary>
    public double Width => ((double)Range.Max - Range.Min) / Counts.Length;

    /// <summary>Where a bin begins.</summary>
    public double Edge(int bin) => Range.Min + (bin * Width);

    /// <summary>Elements of each bin but for those that are exactly zero: every range has an integer for these.</summary>
    public long[] Inexact()
    {
        long[] counts = [.. Counts];
        counts[BinOf(0)] -= Zeros;
        return counts;
    }

    /// <summary>The bin that an element is in.</summary>
    public int BinOf(double x) => Width > 0 ? (int)Math.Clamp((x - Range.Min) / Width, 0, Counts.Length - 1) : 0;
}

/// <summary>Rules that narrow a value's range, so that what is left of it has finer steps.</summary>
internal static class RangeRules
{
    private const int Levels = 256;
    private const int Candidates = 96;

    /// <summary>Cuts the same share of elements off at both ends.</summary>
    /// <param name="histogram">The elements.</param>
    /// <param name="percentile">The share that stays at each end, in percent.</param>
    public static ValueRange Percentile(ValueHistogram histogram, double percentile)
    {
        long[] counts = histogram.Counts;
        long outliers = (long)(counts.Sum() * (100 - percentile) / 100);
        int low = 0, high = counts.Length - 1;
        for (long cut = counts[low]; cut <= outliers && low < high; cut += counts[low]) low++;
        for (long cut = counts[high]; cut <= outliers && high > low; cut += counts[high]) high--;
        return new((float)histogram.Edge(low), (float)histogram.Edge(high + 1));
    }

    /// <summary>
    /// The range with the least mean square error: a step's width squared ÷ 12 for what is inside, the square of the distance for what is cut off.
    /// Zeros cost nothing, because every range has an integer for them.
    /// </summary>
    public static ValueRange Mse(ValueHistogram histogram)
    {
        long[] counts = histogram.Inexact();
        int bins = counts.Length;
        // Sums of count, x and x² before each bin.
        double[] count = new double[bins + 1], first = new double[bins + 1], second = new double[bins + 1];
        for (int i = 0; i < bins; i++)
        {
            double n = counts[i], x = histogram.Edge(i) + (histogram.Width / 2);
            (count[i + 1], first[i + 1], second[i + 1]) = (count[i] + n, first[i] + (n * x), second[i] + (n * x * x));
        }

        (double best, ValueRange range) = (double.PositiveInfinity, histogram.Range);
        foreach (double low in Ends(histogram.Range.Min))
        {
            foreach (double high in Ends(histogram.Range.Max))
            {
                if (low >= high) continue;
                int from = low <= histogram.Range.Min ? 0 : histogram.BinOf(low), to = high >= histogram.Range.Max ? bins : histogram.BinOf(high);
                if (from > to) continue;
                double step = (Math.Max(0, high) - Math.Min(0, low)) / (Levels - 1);
                double error = ((count[to] - count[from]) * step * step / 12) + Beyond(0, from, low) + Beyond(to, bins, high);
                if (error < best) (best, range) = (error, new((float)low, (float)high));
            }
        }

        return range;

        double Beyond(int start, int end, double limit) =>
            second[end] - second[start] - (2 * limit * (first[end] - first[start])) + (limit * limit * (count[end] - count[start]));
    }

    /// <summary>
    /// The range whose 256 levels lose least of what the elements tell: the smallest divergence (Kullback and Leibler) of the rounded from the true
    /// distribution (Migacz, "8-bit inference with TensorRT", 2017), both ends cut in proportion.
    /// </summary>
    public static ValueRange Entropy(ValueHistogram histogram)
    {
        long[] counts = histogram.Inexact();
        (double best, ValueRange range) = (double.PositiveInfinity, histogram.Range);
        foreach (double share in Shares())
        {
            (double low, double high) = (histogram.Range.Min * share, histogram.Range.Max * share);
            int from = histogram.BinOf(low), to = Math.Max(from + 1, share >= 1 ? counts.Length : histogram.BinOf(high));
            double divergence = Divergence(counts, from, to);
            if (divergence < best) (best, range) = (divergence, new((float)low, (float)high));
        }

        return range;
    }

    private static double Divergence(long[] counts, int from, int to)
    {
        double[] p = [.. counts[from..to].Select(c => (double)c)];
        p[0] += counts[..from].Sum();
        p[^1] += counts[to..].Sum();
        double total = p.Sum(), divergence = 0;
        if (total == 0) return double.PositiveInfinity;
        int levels = Math.Min(Levels, p.Length);
        for (int level = 0; level < levels; level++)
        {
            (int start, int end) = ((int)((long)level * p.Length / levels), (int)((long)(level + 1) * p.Length / levels));
            // What is cut off is no part of the rounded distribution.
            double sum = 0;
            int used = 0;
            for (int i = start; i < end; i++)
            {
                sum += counts[from + i];
                if (p[i] > 0) used++;
            }

            for (int i = start; i < end; i++)
            {
                if (p[i] > 0) divergence += p[i] / total * Math.Log(p[i] * used / Math.Max(sum, 1e-9));
            }
        }

        return divergence;
    }

    // An end of the range and ends nearer to zero.
    private static IEnumerable<double> Ends(double end) => end == 0 ? [0] : Shares().Select(s => end * s);

    private static IEnumerable<double> Shares() => Enumerable.Range(0, Candidates).Select(i => 1 - ((double)i / Candidates));
}
