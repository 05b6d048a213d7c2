using System.Numerics;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Eigenvalues and eigenvectors of symmetric matrices: Householder's reflections to a tridiagonal matrix, then the implicit QL algorithm
/// (Golub and Van Loan, "Matrix Computations", 8.3). Vectors run along independent elements only, so that results are the same bits on every machine.
/// </summary>
internal static class SymmetricEigen
{
    private const int MostIterations = 100;
    private const double Precision = 2.220446049250313e-16;

    /// <summary>Eigenvalues in descending order, and as many rows with the unit eigenvectors that belong to them.</summary>
    /// <param name="matrix">A symmetric matrix of finite numbers, n × n; it stays as it is.</param>
    /// <param name="n">Rows.</param>
    public static (double[] Values, double[] Vectors) Of(double[] matrix, int n)
    {
        double[] diagonal = new double[n], beside = new double[n];
        double[] rows = Tridiagonal([.. matrix], n, diagonal, beside);
        Diagonalise(diagonal, beside, rows, n);
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => diagonal[i])];
        var vectors = new double[n * n];
        for (int i = 0; i < n; i++) rows.AsSpan(order[i] * n, n).CopyTo(vectors.AsSpan(i * n, n));
        return ([.. order.Select(i => diagonal[i])], vectors);
    }

    // a = Q·T·Qᵀ; gives Qᵀ and fills the diagonals of T.
    private static double[] Tridiagonal(double[] a, int n, double[] diagonal, double[] beside)
    {
        var reflections = new double[]?[n];
        for (int k = 0; k < n - 1; k++)
        {
            int size = n - k - 1;
            double[] v = a[((k * n) + k + 1)..((k + 1) * n)];
            beside[k] = v[0];
            double largest = v.Max(Math.Abs);
            if (size == 1 || !v.Skip(1).Any(x => x != 0) || !double.IsFinite(largest)) continue;
            for (int i = 0; i < size; i++) v[i] /= largest;
            double norm = Math.Sqrt(v.Sum(x => x * x)), first = v[0] > 0 ? -norm : norm;
            beside[k] = first * largest;
            v[0] -= first;
            norm = Math.Sqrt(v.Sum(x => x * x));
            for (int i = 0; i < size; i++) v[i] /= norm;
            reflections[k] = v;
            Reflect(a, n, k + 1, v);
        }

        for (int i = 0; i < n; i++) diagonal[i] = a[(i * n) + i];
        var q = new double[n * n];
        for (int i = 0; i < n; i++) q[(i * n) + i] = 1;
        for (int k = n - 2; k >= 0; k--)
        {
            if (reflections[k] is not { } v) continue;
            var sums = new double[v.Length];
            for (int i = 0; i < v.Length; i++) LinearAlgebra.AddMultiple(v[i], Part(q, n, k + 1, i), sums);
            for (int i = 0; i < v.Length; i++) LinearAlgebra.AddMultiple(-2 * v[i], sums, Part(q, n, k + 1, i));
        }

        return LinearAlgebra.Transpose(q, n, n);
    }

    // The part of a from a row and column on becomes (1 − 2vvᵀ)·a·(1 − 2vvᵀ) = a − 2vwᵀ − 2wvᵀ, where w = av − (vᵀav)·v.
    private static void Reflect(double[] a, int n, int from, double[] v)
    {
        var w = new double[v.Length];
        for (int i = 0; i < v.Length; i++) LinearAlgebra.AddMultiple(v[i], Part(a, n, from, i), w);
        double product = 0;
        for (int i = 0; i < v.Length; i++) product += v[i] * w[i];
        LinearAlgebra.AddMultiple(-product, v, w);
        for (int i = 0; i < v.Length; i++)
        {
            LinearAlgebra.AddMultiple(-2 * v[i], w, Part(a, n, from, i));
            LinearAlgebra.AddMultiple(-2 * w[i], v, Part(a, n, from, i));
        }
    }

    private static Span<double> Part(double[] a, int n, int from, int row) => a.AsSpan(((from + row) * n) + from, n - from);

    private static void Diagonalise(double[] d, double[] e, double[] rows, int n)
    {
        for (int low = 0; low < n; low++)
        {
            for (int iteration = 0; iteration < MostIterations; iteration++)
            {
                int high = low;
                while (high < n - 1 && !(Math.Abs(e[high]) <= Precision * (Math.Abs(d[high]) + Math.Abs(d[high + 1])))) high++;
                if (high == low) break;
                Chase(d, e, rows, n, low, high);
            }
        }
    }

    // One step of QL with a shift, from the element at the bottom of the block up to its top.
    private static void Chase(double[] d, double[] e, double[] rows, int n, int low, int high)
    {
        double g = (d[low + 1] - d[low]) / (2 * e[low]);
        g = d[high] - d[low] + (e[low] / (g + Math.CopySign(double.Hypot(g, 1), g)));
        double sine = 1, cosine = 1, shift = 0;
        for (int i = high - 1; i >= low; i--)
        {
            double f = sine * e[i], b = cosine * e[i], r = double.Hypot(f, g);
            e[i + 1] = r;
            if (r == 0)
            {
                d[i + 1] -= shift;
                e[high] = 0;
                return;
            }

            (sine, cosine) = (f / r, g / r);
            g = d[i + 1] - shift;
            r = ((d[i] - g) * sine) + (2 * cosine * b);
            shift = sine * r;
            d[i + 1] = g + shift;
            g = (cosine * r) - b;
            Rotate(rows.AsSpan(i * n, n), rows.AsSpan((i + 1) * n, n), sine, cosine);
        }

        d[low] -= shift;
        e[low] = g;
        e[high] = 0;
    }

    private static void Rotate(Span<double> upper, Span<double> lower, double sine, double cosine)
    {
        int i = 0;
        Vector<double> s = new(sine), c = new(cosine);
        for (; i <= upper.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            Vector<double> x = new(upper[i..]), y = new(lower[i..]);
            ((s * x) + (c * y)).CopyTo(lower[i..]);
            ((c * x) - (s * y)).CopyTo(upper[i..]);
        }

        for (; i < upper.Length; i++)
        {
            (double x, double y) = (upper[i], lower[i]);
            (lower[i], upper[i]) = ((sine * x) + (cosine * y), (cosine * x) - (sine * y));
        }
    }
}
