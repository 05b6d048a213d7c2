namespace ModelCompiler.Core.Compression;

/// <summary>
/// What decides how good weights are for a layer, or one group of it: means and covariances of the inputs x that it really gets,
/// and of the sums y that it should give. A change of the weights costs a quadratic form of them, and the best bias follows from the means alone.
/// </summary>
/// <param name="Rows">Input vectors looked at.</param>
/// <param name="Inputs">Elements of x.</param>
/// <param name="Outputs">Elements of y.</param>
/// <param name="MeanX">Mean of x.</param>
/// <param name="MeanY">Mean of y.</param>
/// <param name="H">Covariance of x, inputs × inputs.</param>
/// <param name="C">Covariance of y with x, outputs × inputs.</param>
/// <param name="VarianceY">Variance of each y.</param>
internal sealed record LayerStatistics(int Rows, int Inputs, int Outputs, double[] MeanX, double[] MeanY, double[] H, double[] C, double[] VarianceY)
{
    /// <summary>Of some rows of two matrices.</summary>
    /// <param name="x">rows × inputs; its rows are centred in place.</param>
    /// <param name="inputs">Columns of x.</param>
    /// <param name="y">rows × outputs; its rows are centred in place.</param>
    /// <param name="outputs">Columns of y.</param>
    /// <param name="first">The first row.</param>
    /// <param name="rows">How many rows.</param>
    public static LayerStatistics Of(float[] x, int inputs, float[] y, int outputs, int first, int rows)
    {
        double[] meanX = Centre(x, inputs, first, rows), meanY = Centre(y, outputs, first, rows);
        double[] h = LinearAlgebra.TransposedProduct(x, inputs, x, inputs, first, rows),
            c = LinearAlgebra.TransposedProduct(y, outputs, x, inputs, first, rows);
        var variance = new double[outputs];
        for (int r = first; r < first + rows; r++)
        {
            for (int j = 0; j < outputs; j++) variance[j] += (double)y[(r * outputs) + j] * y[(r * outputs) + j];
        }

        double share = 1.0 / Math.Max(1, rows);
        foreach (double[] sums in new[] { h, c, variance })
        {
            for (int i = 0; i < sums.Length; i++) sums[i] *= share;
        }

        return new(rows, inputs, outputs, meanX, meanY, h, c, variance);
    }

    /// <summary>Of the rows of both (Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979).</summary>
    public LayerStatistics With(LayerStatistics other)
    {
        if (other.Rows == 0) return this;
        double n = Rows + other.Rows, a = Rows / n, b = other.Rows / n;
        double[] dx = [.. MeanX.Zip(other.MeanX, (p, q) => q - p)], dy = [.. MeanY.Zip(other.MeanY, (p, q) => q - p)];
        var h = new double[H.Length];
        var c = new double[C.Length];
        for (int i = 0; i < Inputs; i++)
        {
            for (int j = 0; j < Inputs; j++) h[(i * Inputs) + j] = (a * H[(i * Inputs) + j]) + (b * other.H[(i * Inputs) + j]) + (a * b * dx[i] * dx[j]);
        }

        for (int i = 0; i < Outputs; i++)
        {
            for (int j = 0; j < Inputs; j++) c[(i * Inputs) + j] = (a * C[(i * Inputs) + j]) + (b * other.C[(i * Inputs) + j]) + (a * b * dy[i] * dx[j]);
        }

        return new(
            Rows + other.Rows, Inputs, Outputs, [.. MeanX.Select((x, i) => x + (b * dx[i]))], [.. MeanY.Select((y, i) => y + (b * dy[i]))], h, c,
            [.. VarianceY.Select((v, i) => (a * v) + (b * other.VarianceY[i]) + (a * b * dy[i] * dy[i]))]);
    }

    /// <summary>Mean square error of the sums that weights and bias give, over all outputs.</summary>
    public double Error(double[] weights, double[] bias)
    {
        double[] wh = LinearAlgebra.Product(weights, Outputs, H, Inputs, Inputs);
        double total = 0;
        for (int o = 0; o < Outputs; o++)
        {
            double error = VarianceY[o], mean = MeanY[o] - bias[o];
            for (int i = 0; i < Inputs; i++)
            {
                double w = weights[(o * Inputs) + i];
                error += w * (wh[(o * Inputs) + i] - (2 * C[(o * Inputs) + i]));
                mean -= w * MeanX[i];
            }

            total += Math.Max(0, error) + (mean * mean);
        }

        return total;
    }

    /// <summary>The bias that makes the mean of every output right.</summary>
    public double[] Bias(double[] weights)
    {
        double[] bias = [.. MeanY];
        for (int o = 0; o < Outputs; o++)
        {
            for (int i = 0; i < Inputs; i++) bias[o] -= weights[(o * Inputs) + i] * MeanX[i];
        }

        return bias;
    }

    private static double[] Centre(float[] matrix, int columns, int first, int rows)
    {
        var means = new double[columns];
        for (int r = first; r < first + rows; r++)
        {
            for (int j = 0; j < columns; j++) means[j] += matrix[(r * columns) + j];
        }

        for (int j = 0; j < columns; j++) means[j] /= Math.Max(1, rows);
        for (int r = first; r < first + rows; r++)
        {
            for (int j = 0; j < columns; j++) matrix[(r * columns) + j] -= (float)means[j];
        }

        return means;
    }
}
