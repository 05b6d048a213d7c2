namespace ModelCompiler.Core.Compression;

/// <summary>
/// The quadratic problem of a layer, or of one group of it: of all weights that a format can hold, those are wanted that minimise (ŵ − w*)·H·(ŵ − w*)ᵀ,
/// where H is the damped covariance of the inputs and w* the weights that fit the sums best by least squares, pulled towards the original ones.
/// </summary>
internal sealed class LayerProblem
{
    private const double Damping = 0.01;
    private const double MostDamping = 1e3;
    private const double Least = 1e-10;

    // U with UᵀU = H.
    private readonly double[] _upper;

    private LayerProblem(int inputs, int outputs, double[] h, double[] upper, double[] triangle, double[] target) =>
        (Inputs, Outputs, H, _upper, Triangle, Target) = (inputs, outputs, h, upper, triangle, target);

    /// <summary>Elements of an input vector.</summary>
    public int Inputs { get; }

    /// <summary>Rows of the weights.</summary>
    public int Outputs { get; }

    /// <summary>The damped covariance, inputs × inputs.</summary>
    public double[] H { get; }

    /// <summary>The upper triangle R with H = R·Rᵀ, column by column: row q of this array holds R's column q.</summary>
    public double[] Triangle { get; }

    /// <summary>w*, outputs × inputs.</summary>
    public double[] Target { get; }

    /// <summary>The same with another target.</summary>
    public LayerProblem For(double[] target) => new(Inputs, Outputs, H, _upper, Triangle, target);

    /// <summary>H⁻¹, inputs × inputs.</summary>
    public double[] Inverse()
    {
        double[] result = Unit(Inputs);
        LinearAlgebra.Solve(_upper, Inputs, result, Inputs);
        return result;
    }

    /// <summary>The problem that statistics pose.</summary>
    /// <param name="statistics">Of inputs and sums.</param>
    /// <param name="original">The original weights, outputs × inputs.</param>
    /// <param name="refit">False to aim at the original weights, on the inputs that the layer gets.</param>
    public static LayerProblem Of(LayerStatistics statistics, double[] original, bool refit)
    {
        int n = statistics.Inputs;
        double mean = Enumerable.Range(0, n).Sum(i => statistics.H[(i * n) + i]) / n;
        for (double damping = Damping; damping < MostDamping; damping *= 10)
        {
            double[] h = [.. statistics.H];
            for (int i = 0; i < n; i++) h[(i * n) + i] += (damping * mean) + Least;
            if (LinearAlgebra.Cholesky(h, n) is not { } upper || LinearAlgebra.Cholesky(Reversed(h), n) is not { } reversed) continue;
            return new(n, statistics.Outputs, h, upper, Reversed(reversed), refit ? Refit(statistics, original, upper) : original);
        }

        // Statistics of numbers that are none: every input counts the same.
        double[] unit = Unit(n);
        return new(n, statistics.Outputs, unit, unit, unit, original);
    }

    private static double[] Unit(int n)
    {
        var unit = new double[n * n];
        for (int i = 0; i < n; i++) unit[(i * n) + i] = 1;
        return unit;
    }

    // Rows and columns in reverse order: the lower factor of the one becomes the upper factor of the other.
    private static double[] Reversed(double[] matrix)
    {
        double[] result = [.. matrix];
        Array.Reverse(result);
        return result;
    }

    // w* = w + (C − w·H)·(H + λ)⁻¹.
    private static double[] Refit(LayerStatistics statistics, double[] original, double[] upper)
    {
        int n = statistics.Inputs;
        double[] missing = LinearAlgebra.Product(original, statistics.Outputs, statistics.H, n, n);
        for (int i = 0; i < missing.Length; i++) missing[i] = statistics.C[i] - missing[i];
        LinearAlgebra.Solve(upper, n, missing, statistics.Outputs);
        for (int i = 0; i < missing.Length; i++) missing[i] += original[i];
        return missing;
    }
}
