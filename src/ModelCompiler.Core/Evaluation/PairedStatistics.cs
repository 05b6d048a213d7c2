namespace ModelCompiler.Core.Evaluation;

/// <summary>What small test sets allow to say: intervals of 95 %, and exact tests of two networks on the same samples.</summary>
internal static class PairedStatistics
{
    // The normal distribution's 97.5th percentile.
    private const double Z = 1.959963984540054;

    /// <summary>The interval of a share (Wilson, "Probable inference, the law of succession, and statistical inference", 1927).</summary>
    /// <param name="share">Share of samples, 0 to 1.</param>
    /// <param name="samples">Number of samples, at least 1.</param>
    public static (double Low, double High) Wilson(double share, int samples)
    {
        double z2 = Z * Z / samples, centre = (share + (z2 / 2)) / (1 + z2);
        double half = Z / (1 + z2) * Math.Sqrt((share * (1 - share) / samples) + (z2 / samples / 4));
        return (Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>The interval of a mean of differences.</summary>
    /// <param name="differences">One of each sample, at least one.</param>
    public static (double Low, double High) Mean(IReadOnlyList<double> differences)
    {
        double mean = differences.Average();
        if (differences.Count < 2) return (double.NegativeInfinity, double.PositiveInfinity);
        double variance = differences.Sum(d => (d - mean) * (d - mean)) / (differences.Count - 1);
        double half = Z * Math.Sqrt(variance / differences.Count);
        return (mean - half, mean + half);
    }

    /// <summary>
    /// The chance that as many samples or more become worse where worse and better are equally likely: the exact sign test, one-sided, which for right and
    /// wrong answers is McNemar's ("Note on the sampling error of the difference between correlated proportions or percentages", 1947).
    /// </summary>
    /// <param name="worse">Samples that became worse.</param>
    /// <param name="better">Samples that became better; those that stayed say nothing.</param>
    public static double ChanceOfWorse(int worse, int better)
    {
        int n = worse + better;
        double logTotal = n * Math.Log(2), log = 0, sum = 0;
        // C(n, k) for k = n, n − 1, … down to the number of worse ones.
        for (int k = n; k >= worse; k--)
        {
            sum += Math.Exp(log - logTotal);
            log += Math.Log(k) - Math.Log(n - k + 1);
        }

        return Math.Min(1, sum);
    }

    /// <summary>The same chance for a change in either direction.</summary>
    public static double ChanceOfChange(int worse, int better) => Math.Min(1, 2 * ChanceOfWorse(Math.Max(worse, better), Math.Min(worse, better)));

    /// <summary>Chances of several tests, each grown so that the chance of any false alarm among all stays what it says
    /// (Holm, "A simple sequentially rejective multiple test procedure", 1979).</summary>
    public static double[] Holm(IReadOnlyList<double> chances)
    {
        var adjusted = new double[chances.Count];
        double largest = 0;
        int left = chances.Count;
        foreach (int i in Enumerable.Range(0, chances.Count).OrderBy(i => chances[i]).ThenBy(i => i))
            adjusted[i] = largest = Math.Max(largest, Math.Min(1, chances[i] * left--));
        return adjusted;
    }
}
