using ModelCompiler.Core.Graph;

namespace ModelCompiler.Benchmarks.Peers;

/// <summary>How well two engines agree on some samples. Roundings differ, and in deep networks they add up.</summary>
/// <param name="LargestSteps">Largest difference of two elements, in integer steps.</param>
/// <param name="Correlation">Correlation of all elements.</param>
/// <param name="SameBest">Samples whose best element is among the best of the other, within two steps.</param>
/// <param name="Samples">All samples.</param>
internal sealed record Agreement(double LargestSteps, double Correlation, int SameBest, int Samples)
{
    private const double LeastCorrelation = 0.99;

    private const double CloseSteps = 2;

    /// <summary>False when one of the two computes something else.</summary>
    public bool IsSound => LargestSteps <= CloseSteps || (Correlation >= LeastCorrelation && 2 * SameBest > Samples);

    /// <summary>Compares integers; floats are compared as they are.</summary>
    public static Agreement Of(IReadOnlyList<(TensorData Ours, TensorData Theirs)> samples)
    {
        var ours = new List<double>();
        var theirs = new List<double>();
        int sameBest = 0;
        foreach ((TensorData a, TensorData b) in samples)
        {
            double[] x = [.. Enumerable.Range(0, a.Count).Select(a.ToDouble)];
            double[] y = [.. Enumerable.Range(0, b.Count).Select(b.ToDouble)];
            if (x[Array.IndexOf(y, y.Max())] >= x.Max() - CloseSteps) sameBest++;
            ours.AddRange(x);
            theirs.AddRange(y);
        }

        return new(ours.Zip(theirs, (x, y) => Math.Abs(x - y)).Max(), CorrelationOf(ours, theirs), sameBest, samples.Count);
    }

    private static double CorrelationOf(List<double> x, List<double> y)
    {
        (double meanX, double meanY) = (x.Average(), y.Average());
        double covariance = x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum();
        double deviations = Math.Sqrt(x.Sum(a => (a - meanX) * (a - meanX)) * y.Sum(b => (b - meanY) * (b - meanY)));
        return deviations == 0 ? 1 : covariance / deviations;
    }
}
