namespace ModelCompiler.Core.Compression;

/// <summary>The integers that stand for weights of some bits: as many on both sides of zero, but with two bits,
/// where the odd one is too much to lose.</summary>
/// <param name="Low">Smallest integer.</param>
/// <param name="High">Largest integer.</param>
internal readonly record struct WeightGrid(int Low, int High)
{
    // Scales tried, as shares of the one at which no weight is clipped.
    private const int Steps = 60;
    private const double Smallest = 0.25;
    private const double Largest = 1.1;

    /// <summary>The grid for weights of 2 to 8 bits.</summary>
    public static WeightGrid Of(int bits) => bits == 2 ? new(-2, 1) : new(1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1);

    /// <summary>The integer nearest to a weight.</summary>
    public double Round(double weight, double scale) => Math.Clamp(Math.Round(weight / scale), Low, High);

    /// <summary>The scale at which no weight is clipped.</summary>
    public double WholeScale(ReadOnlySpan<double> weights)
    {
        double largest = 0;
        foreach (double w in weights) largest = Math.Max(largest, Math.Abs(w));
        return largest > 0 ? largest / Math.Max(1, High) : 1.0 / Math.Max(1, High);
    }

    /// <summary>The scale with the smallest square error of the weights.</summary>
    public double BestScale(ReadOnlySpan<double> weights)
    {
        double whole = WholeScale(weights), best = whole, least = double.PositiveInfinity;
        for (int step = 0; step <= Steps; step++)
        {
            double scale = step == 0 ? whole : whole * (Smallest + ((Largest - Smallest) * (step - 1) / (Steps - 1))), error = 0;
            foreach (double w in weights)
            {
                double e = w - (Round(w, scale) * scale);
                error += e * e;
            }

            if (error < least) (best, least) = (scale, error);
        }

        return best;
    }
}
