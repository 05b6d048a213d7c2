using System.Numerics;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// The dense linear algebra of compression, on row-major arrays. Vectors run along independent elements only, never along a sum,
/// and threads share nothing they add to: results are the same bits on every machine.
/// </summary>
internal static class LinearAlgebra
{
    // Rows whose float32 products are added up before they go to float64.
    private const int BlockRows = 128;

    // Rows of the left matrix that share one load of the right one.
    private const int TileRows = 4;

    // Columns of a triangle that are eliminated together, so that what remains is read once for all of them.
    private const int PanelColumns = 32;

    /// <summary>aᵀ·b of two matrices with as many rows: n × left and n × right, sums in float64.</summary>
    public static double[] TransposedProduct(float[] a, int left, float[] b, int right, int first, int rows)
    {
        var result = new double[(long)left * right];
        Parallel.For(0, (left + TileRows - 1) / TileRows, tile =>
        {
            int from = tile * TileRows, count = Math.Min(TileRows, left - from);
            var sums = new float[TileRows * right];
            for (int start = first; start < first + rows; start += BlockRows)
            {
                Array.Clear(sums);
                int end = Math.Min(start + BlockRows, first + rows);
                for (int j = 0; j < right;)
                {
                    j += right - j >= Vector<float>.Count ? AddProducts(a, left, from, count, b, right, j, start, end, sums)
                        : AddProduct(a, left, from, count, b, right, j, start, end, sums);
                }

                for (int i = 0; i < count; i++)
                {
                    Span<double> row = result.AsSpan((from + i) * right, right);
                    for (int j = 0; j < right; j++) row[j] += sums[(i * right) + j];
                }
            }
        });
        return result;
    }

    private static int AddProducts(float[] a, int left, int from, int count, float[] b, int right, int column, int start, int end, float[] sums)
    {
        Vector<float> s0 = default, s1 = default, s2 = default, s3 = default;
        for (int r = start; r < end; r++)
        {
            var y = new Vector<float>(b, (r * right) + column);
            int at = (r * left) + from;
            s0 = Vector.FusedMultiplyAdd(new Vector<float>(a[at]), y, s0);
            if (count > 1) s1 = Vector.FusedMultiplyAdd(new Vector<float>(a[at + 1]), y, s1);
            if (count > 2) s2 = Vector.FusedMultiplyAdd(new Vector<float>(a[at + 2]), y, s2);
            if (count > 3) s3 = Vector.FusedMultiplyAdd(new Vector<float>(a[at + 3]), y, s3);
        }

        s0.CopyTo(sums, column);
        s1.CopyTo(sums, right + column);
        s2.CopyTo(sums, (2 * right) + column);
        s3.CopyTo(sums, (3 * right) + column);
        return Vector<float>.Count;
    }

    private static int AddProduct(float[] a, int left, int from, int count, float[] b, int right, int column, int start, int end, float[] sums)
    {
        for (int i = 0; i < count; i++)
        {
            float sum = 0;
            for (int r = start; r < end; r++) sum = MathF.FusedMultiplyAdd(a[(r * left) + from + i], b[(r * right) + column], sum);
            sums[(i * right) + column] = sum;
        }

        return 1;
    }

    /// <summary>
    /// The upper triangle U with UᵀU = a, row by row; null when a is not positive definite.
    /// </summary>
    /// <param name="a">A symmetric matrix, n × n; it stays as it is.</param>
    /// <param name="n">Rows.</param>
    public static double[]? Cholesky(double[] a, int n)
    {
        double[] u = [.. a];
        for (int panel = 0; panel < n; panel += PanelColumns)
        {
            int end = Math.Min(panel + PanelColumns, n);
            for (int k = panel; k < end; k++)
            {
                double pivot = u[(k * n) + k];
                if (!(pivot > 0) || !double.IsFinite(pivot)) return null;
                Scale(1 / Math.Sqrt(pivot), u.AsSpan((k * n) + k, n - k));
                for (int i = k + 1; i < end; i++) AddMultiple(-u[(k * n) + i], u.AsSpan((k * n) + i, n - i), u.AsSpan((i * n) + i, n - i));
            }

            Parallel.For(end, n, i =>
            {
                for (int k = panel; k < end; k++) AddMultiple(-u[(k * n) + i], u.AsSpan((k * n) + i, n - i), u.AsSpan((i * n) + i, n - i));
            });
        }

        for (int i = 1; i < n; i++) u.AsSpan(i * n, i).Clear();
        return u;
    }

    /// <summary>Rows x with x·UᵀU = b, for every row of b, in place.</summary>
    /// <param name="upper">U, n × n.</param>
    /// <param name="n">Columns.</param>
    /// <param name="b">rows × n; becomes x.</param>
    /// <param name="rows">Rows of b.</param>
    public static void Solve(double[] upper, int n, double[] b, int rows)
    {
        // Row i of the transposed triangle, for the way back.
        double[] lower = Transpose(upper, n, n);
        Parallel.For(0, rows, r =>
        {
            Span<double> x = b.AsSpan(r * n, n);
            for (int k = 0; k < n; k++)
            {
                x[k] /= upper[(k * n) + k];
                AddMultiple(-x[k], upper.AsSpan((k * n) + k + 1, n - k - 1), x[(k + 1)..]);
            }

            for (int k = n - 1; k >= 0; k--)
            {
                x[k] /= upper[(k * n) + k];
                AddMultiple(-x[k], lower.AsSpan(k * n, k), x[..k]);
            }
        });
    }

    /// <summary>a·b of rows × n and n × columns.</summary>
    public static double[] Product(double[] a, int rows, double[] b, int n, int columns)
    {
        var result = new double[(long)rows * columns];
        Parallel.For(0, rows, r =>
        {
            for (int k = 0; k < n; k++) AddMultiple(a[(r * n) + k], b.AsSpan(k * columns, columns), result.AsSpan(r * columns, columns));
        });
        return result;
    }

    /// <summary>The transposed matrix.</summary>
    public static double[] Transpose(double[] a, int rows, int columns)
    {
        var result = new double[a.Length];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++) result[(c * rows) + r] = a[(r * columns) + c];
        }

        return result;
    }

    /// <summary>y += factor · x.</summary>
    public static void AddMultiple(double factor, ReadOnlySpan<double> x, Span<double> y)
    {
        int i = 0;
        var wide = new Vector<double>(factor);
        for (; i <= x.Length - Vector<double>.Count; i += Vector<double>.Count)
            Vector.FusedMultiplyAdd(wide, new Vector<double>(x[i..]), new Vector<double>(y[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] = Math.FusedMultiplyAdd(factor, x[i], y[i]);
    }

    private static void Scale(double factor, Span<double> x)
    {
        for (int i = 0; i < x.Length; i++) x[i] *= factor;
    }
}
