namespace ModelCompiler.Core.Compression;

/// <summary>
/// What of a layer's outputs a few linear features of its inputs explain: of features z = E·x that come in blocks, one block for each rank, the first ones.
/// One triangle gives the errors of all ranks.
/// </summary>
internal sealed class NestedRegression
{
    private const double Damping = 1e-7;
    private const double Least = 1e-30;

    private readonly LayerToFactor _layer;
    private readonly double[] _features;
    private readonly double[] _covariance;
    private readonly double[] _products;
    private readonly int _block;
    private readonly int _count;

    /// <summary>Prepares the statistics of features.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="features">E, features × taps.</param>
    /// <param name="block">Features of a block.</param>
    public NestedRegression(LayerToFactor layer, double[] features, int block)
    {
        int taps = layer.Shape.Taps;
        (_layer, _features, _block, _count) = (layer, features, block, features.Length / taps);
        double[] weighted = LinearAlgebra.Product(features, _count, layer.H, taps, taps);
        _covariance = LinearAlgebra.Product(weighted, _count, LinearAlgebra.Transpose(features, _count, taps), taps, _count);
        for (int i = 0; i < _count; i++) _covariance[(i * _count) + i] += (Damping * _covariance[(i * _count) + i]) + Least;
        _products = LinearAlgebra.Product(layer.Weights, layer.Shape.OutChannels, LinearAlgebra.Transpose(weighted, _count, taps), taps, _count);
    }

    /// <summary>The error of the outputs relative to their variance, from no block to all.</summary>
    public double[] Errors()
    {
        double power = _layer.Power;
        var errors = new double[(_count / _block) + 1];
        if (!(power > 0)) return errors;
        Array.Fill(errors, 1);
        double[] triangle = LinearAlgebra.Cholesky(_covariance, _count) ?? Diagonal();
        var explained = new double[_count];
        for (int o = 0; o < _layer.Shape.OutChannels; o++)
        {
            double[] x = _products[(o * _count)..((o + 1) * _count)];
            for (int k = 0; k < _count; k++)
            {
                x[k] /= triangle[(k * _count) + k];
                explained[k] += x[k] * x[k];
                LinearAlgebra.AddMultiple(-x[k], triangle.AsSpan((k * _count) + k + 1, _count - k - 1), x.AsSpan(k + 1));
            }
        }

        double rest = power;
        for (int i = 0; i < _count; i++)
        {
            rest -= explained[i];
            if ((i + 1) % _block == 0) errors[(i + 1) / _block] = Math.Clamp(rest / power, 0, 1);
        }

        return errors;
    }

    /// <summary>The weights of the first blocks that explain the outputs best, outputs × features of these blocks.</summary>
    public double[] Weights(int blocks)
    {
        int n = blocks * _block;
        double[] rows = new double[_layer.Shape.OutChannels * n];
        for (int o = 0; o < _layer.Shape.OutChannels; o++) _products.AsSpan(o * _count, n).CopyTo(rows.AsSpan(o * n, n));
        double[] covariance = Covariance(blocks);
        double[]? triangle = LinearAlgebra.Cholesky(covariance, n);
        for (double damping = 100 * Damping; triangle is null && damping < 1; damping *= 10)
        {
            for (int i = 0; i < n; i++) covariance[(i * n) + i] += (damping * covariance[(i * n) + i]) + Least;
            triangle = LinearAlgebra.Cholesky(covariance, n);
        }

        if (triangle is not null) LinearAlgebra.Solve(triangle, n, rows, _layer.Shape.OutChannels);
        return rows;
    }

    /// <summary>Covariance of the features of the first blocks.</summary>
    public double[] Covariance(int blocks)
    {
        int n = blocks * _block;
        var result = new double[n * n];
        for (int i = 0; i < n; i++) _covariance.AsSpan(i * _count, n).CopyTo(result.AsSpan(i * n, n));
        return result;
    }

    /// <summary>Mean variance of the features of each of the first blocks.</summary>
    public double[] Variances(int blocks) => [.. Enumerable.Range(0, blocks).Select(b =>
        Enumerable.Range(b * _block, _block).Average(i => _covariance[(i * _count) + i]))];

    /// <summary>What weights of the features of the first blocks are as weights of the inputs.</summary>
    /// <param name="weights">outputs × features of these blocks.</param>
    /// <param name="blocks">Blocks.</param>
    public double[] Product(double[] weights, int blocks) => LinearAlgebra.Product(weights, _layer.Shape.OutChannels,
        _features[..(blocks * _block * _layer.Shape.Taps)], blocks * _block, _layer.Shape.Taps);

    // Features that are hardly independent: as if they were.
    private double[] Diagonal()
    {
        var result = new double[_count * _count];
        for (int i = 0; i < _count; i++) result[(i * _count) + i] = Math.Sqrt(Math.Max(Least, _covariance[(i * _count) + i]) * _count);
        return result;
    }
}
