namespace ModelCompiler.Core.Compression;

/// <summary>
/// The numbers that stand for weights, times the scale of their output: integers of some bits, as many on both sides of zero (but with two bits, where the odd
/// one is too much to lose), or a few values that all weights of a layer share.
/// </summary>
internal sealed class WeightGrid
{
    // Scales tried, as shares of the one at which no weight is clipped.
    private const int Steps = 60;
    private const double Smallest = 0.25;
    private const double Largest = 1.1;

    // In ascending order; null for all integers between the ends.
    private readonly double[]? _values;

    private WeightGrid(double low, double high, double[]? values) => (Low, High, _values) = (low, high, values);

    /// <summary>Smallest number.</summary>
    public double Low { get; }

    /// <summary>Largest number.</summary>
    public double High { get; }

    /// <summary>True for all integers from −n to n.</summary>
    public bool IsEven => _values is null && Low == -High;

    /// <summary>The integers of 2 to 8 bits.</summary>
    public static WeightGrid Of(int bits) => bits == 2 ? new(-2, 1, null) : new(1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1, null);

    /// <summary>Values of any distances.</summary>
    /// <param name="values">At least one, in ascending order.</param>
    public static WeightGrid Of(double[] values) => new(values[0], values[^1], values);

    /// <summary>The number nearest to a weight.</summary>
    public double Round(double weight, double scale)
    {
        double x = weight / scale;
        if (_values is null) return Math.Clamp(Math.Round(x), Low, High);
        int at = Array.BinarySearch(_values, x);
        if (at >= 0) return _values[at];
        at = ~at;
        return at == 0 ? _values[0] : at == _values.Length || x - _values[at - 1] <= _values[at] - x ? _values[at - 1] : _values[at];
    }

    /// <summary>The scale at which no weight is clipped.</summary>
    public double WholeScale(ReadOnlySpan<double> weights)
    {
        (double least, double most) = (0, 0);
        foreach (double w in weights) (least, most) = (Math.Min(least, w), Math.Max(most, w));
        double scale = _values is null ? Math.Max(-least, most) / Math.Max(1, High)
            : Math.Max(High > 0 ? most / High : 0, Low < 0 ? least / Low : 0);
        return scale > 0 ? scale : 1.0 / Math.Max(1, High);
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
