namespace ModelCompiler.Core.Compression;

/// <summary>The best weights with given zeros: those that stay make up for those that went, as far as they can.</summary>
internal static class MaskedLeastSquares
{
    // Multiply-adds of all rows, beyond which what is missing is handed on from one weight to the next instead.
    private const double MostWork = 4e10;

    /// <summary>The weights, outputs × inputs, that minimise the problem's error.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="mask">outputs × inputs, false for zeros.</param>
    public static double[] Solve(LayerProblem problem, bool[] mask)
    {
        int n = problem.Inputs;
        int[][] kept = [.. Enumerable.Range(0, problem.Outputs).Select(o => Enumerable.Range(0, n).Where(i => mask[(o * n) + i]).ToArray())];
        if (kept.Sum(k => Math.Pow(k.Length, 3) / 3) > MostWork) return GreedyRounding.Run(problem, (w, o, i) => mask[(o * n) + i] ? w : 0);
        double[] wanted = LinearAlgebra.Product(problem.Target, problem.Outputs, problem.H, n, n), result = new double[problem.Outputs * n];
        // Rows with the same zeros share a factorisation.
        int[][] alike = [.. Enumerable.Range(0, problem.Outputs).GroupBy(o => kept[o], Same).Select(g => g.ToArray())];
        Parallel.ForEach(alike, rows =>
        {
            int[] places = kept[rows[0]];
            if (places.Length == 0) return;
            int k = places.Length;
            var h = new double[k * k];
            for (int i = 0; i < k; i++)
            {
                for (int j = 0; j < k; j++) h[(i * k) + j] = problem.H[(places[i] * n) + places[j]];
            }

            double[] x = [.. rows.SelectMany(o => places.Select(i => wanted[(o * n) + i]))];
            if (LinearAlgebra.Cholesky(h, k) is { } upper) LinearAlgebra.Solve(upper, k, x, rows.Length);
            else x = [.. rows.SelectMany(o => places.Select(i => problem.Target[(o * n) + i]))];
            for (int r = 0; r < rows.Length; r++)
            {
                for (int i = 0; i < k; i++) result[(rows[r] * n) + places[i]] = x[(r * k) + i];
            }
        });
        return result;
    }

    private static readonly IEqualityComparer<int[]> Same = EqualityComparer<int[]>.Create(
        (a, b) => a!.AsSpan().SequenceEqual(b), a => a.Aggregate(17, (hash, i) => unchecked((hash * 31) + i)));
}
