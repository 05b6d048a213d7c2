namespace ModelCompiler.Core.Compression;

/// <summary>
/// Rounds weights one input after the other; what rounding has made wrong is made up for by those that follow. (Frantar et al., "GPTQ:
/// Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2023; the same as Babai's nearest plane.) With H = R·Rᵀ for an upper triangle
/// R, the error of the problem is |(ŵ − w*)·R|², whose column q depends on the weights up to q only.
/// </summary>
internal static class GreedyRounding
{
    // Rows that are rounded together, as vectors.
    private const int BlockRows = 64;

    /// <summary>The value that a weight becomes, by output and input.</summary>
    public delegate double Rounding(double weight, int output, int input);

    /// <summary>The rounded weights, outputs × inputs.</summary>
    public static double[] Run(LayerProblem problem, Rounding round)
    {
        int n = problem.Inputs;
        double[] triangle = problem.Triangle, result = [.. problem.Target];
        Parallel.For(0, (problem.Outputs + BlockRows - 1) / BlockRows, block =>
        {
            int first = block * BlockRows, rows = Math.Min(BlockRows, problem.Outputs - first);
            var errors = new double[n * rows];
            var shift = new double[rows];
            for (int q = 0; q < n; q++)
            {
                Array.Clear(shift);
                for (int i = 0; i < q; i++) LinearAlgebra.AddMultiple(triangle[(q * n) + i], errors.AsSpan(i * rows, rows), shift);
                double pivot = triangle[(q * n) + q];
                for (int r = 0; r < rows; r++)
                {
                    int at = ((first + r) * n) + q;
                    double wanted = result[at];
                    result[at] = round(wanted + (shift[r] / pivot), first + r, q);
                    errors[(q * rows) + r] = wanted - result[at];
                }
            }
        });
        return result;
    }

    /// <summary>
    /// Goes over the weights again, each becoming what is best given all others, until nothing changes: never worse than before (cyclic coordinate descent).
    /// </summary>
    public static double[] Improve(LayerProblem problem, double[] weights, Rounding round, int passes)
    {
        int n = problem.Inputs;
        double[] result = [.. weights];
        Parallel.For(0, problem.Outputs, o =>
        {
            Span<double> w = result.AsSpan(o * n, n);
            var residual = new double[n];
            for (int i = 0; i < n; i++)
            {
                if (problem.Target[(o * n) + i] - w[i] is var d && d != 0) LinearAlgebra.AddMultiple(d, problem.H.AsSpan(i * n, n), residual);
            }

            for (int pass = 0, changes = 1; pass < passes && changes > 0; pass++)
            {
                changes = 0;
                for (int i = 0; i < n; i++)
                {
                    double better = round(w[i] + (residual[i] / problem.H[(i * n) + i]), o, i), change = better - w[i];
                    if (change == 0) continue;
                    LinearAlgebra.AddMultiple(-change, problem.H.AsSpan(i * n, n), residual);
                    w[i] = better;
                    changes++;
                }
            }
        });
        return result;
    }
}
