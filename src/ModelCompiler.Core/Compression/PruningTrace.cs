namespace ModelCompiler.Core.Compression;

/// <summary>
/// The order in which units of one row of tiles are given up, and what each costs: always the one whose removal raises the layer's square error least when
/// the weights that stay make up for it (Hassibi and Stork, "Second Order Derivatives for Network Pruning: Optimal Brain Surgeon", 1992; row by row as Frantar
/// and Alistarh, "Optimal Brain Compression", 2022).
/// </summary>
/// <param name="Units">Units in the order in which they go, by their number from the left.</param>
/// <param name="Costs">The error that each adds; never less than those before it.</param>
internal sealed record PruningTrace(int[] Units, double[] Costs)
{
    // Multiply-adds of all rows of a layer, beyond which the error is taken as if every unit went alone.
    private const double MostWork = 6e10;

    /// <summary>The traces of all rows of tiles.</summary>
    /// <param name="problem">The layer's problem; its target is what would be best without zeros.</param>
    /// <param name="pattern">The units.</param>
    /// <param name="most">The share of units beyond which a trace may end.</param>
    public static PruningTrace[] Of(LayerProblem problem, SparsityPattern pattern, double most)
    {
        int n = problem.Inputs, tiles = (problem.Outputs + pattern.Rows - 1) / pattern.Rows;
        double[] inverse = problem.Inverse();
        bool isExact = (double)tiles * n * n * n * most <= MostWork;
        var traces = new PruningTrace[tiles];
        Parallel.For(0, tiles, tile =>
        {
            int first = tile * pattern.Rows, rows = Math.Min(pattern.Rows, problem.Outputs - first);
            double[] weights = problem.Target[(first * n)..((first + rows) * n)];
            traces[tile] = new Run(weights, rows, n, isExact ? [.. inverse] : inverse, pattern, isExact).Trace(most);
        });
        return traces;
    }

    /// <summary>The traces when inputs are independent of each other.</summary>
    /// <param name="weights">outputs × inputs.</param>
    /// <param name="outputs">Outputs.</param>
    /// <param name="variances">One per input.</param>
    /// <param name="pattern">The units.</param>
    public static PruningTrace[] OfIndependent(double[] weights, int outputs, double[] variances, SparsityPattern pattern)
    {
        int n = variances.Length;
        return [.. Enumerable.Range(0, (outputs + pattern.Rows - 1) / pattern.Rows).Select(tile =>
        {
            int units = (n + pattern.Columns - 1) / pattern.Columns;
            var costs = new double[units];
            for (int r = tile * pattern.Rows; r < Math.Min(outputs, (tile + 1) * pattern.Rows); r++)
            {
                for (int i = 0; i < n; i++) costs[i / pattern.Columns] += weights[(r * n) + i] * weights[(r * n) + i] * variances[i];
            }

            int[] order = [.. Enumerable.Range(0, units).OrderBy(u => costs[u])];
            if (pattern.IsFixed)
            {
                order = [.. order.GroupBy(u => u / pattern.Of)
                    .SelectMany(g => g.Take(Math.Max(0, Math.Min(pattern.Of, units - (g.Key * pattern.Of)) - pattern.Kept)))];
            }

            return new PruningTrace(order, [.. order.Select(u => costs[u])]);
        })];
    }

    private sealed class Run(double[] weights, int rows, int n, double[] inverse, SparsityPattern pattern, bool isExact)
    {
        private readonly int _units = (n + pattern.Columns - 1) / pattern.Columns;
        private readonly double[] _block = new double[pattern.Columns * pattern.Columns];
        private readonly double[] _solved = new double[pattern.Columns];

        public PruningTrace Trace(double most)
        {
            var isAlive = new bool[_units];
            Array.Fill(isAlive, true);
            // What may still go of each group.
            int size = pattern.IsFixed ? pattern.Of : _units;
            int[] left = [.. Enumerable.Range(0, (_units + size - 1) / size)
                .Select(g => Math.Min(size, _units - (g * size)) - (pattern.IsFixed ? pattern.Kept : 0))];
            int steps = pattern.IsFixed ? left.Sum(l => Math.Max(0, l)) : (int)Math.Ceiling(_units * Math.Min(1, most));
            var order = new List<int>(steps);
            var costs = new List<double>(steps);
            double[] scores = [.. Enumerable.Range(0, _units).Select(Score)];
            double highest = 0;
            while (order.Count < steps)
            {
                int best = -1;
                for (int u = 0; u < _units; u++)
                {
                    if (isAlive[u] && left[u / size] > 0 && (best < 0 || scores[u] < scores[best])) best = u;
                }

                highest = Math.Max(highest, scores[best]);
                isAlive[best] = false;
                left[best / size]--;
                order.Add(best);
                costs.Add(highest);
                if (!isExact) continue;
                Remove(best, isAlive);
                for (int u = 0; u < _units; u++)
                {
                    if (isAlive[u]) scores[u] = Score(u);
                }
            }

            return new([.. order], [.. costs]);
        }

        private (int First, int Count) Columns(int unit) => (unit * pattern.Columns, Math.Min(pattern.Columns, n - (unit * pattern.Columns)));

        // w_B·(H⁻¹_BB)⁻¹·w_Bᵀ, over all rows.
        private double Score(int unit)
        {
            (int first, int count) = Columns(unit);
            double score = 0;
            if (count == 1)
            {
                for (int r = 0; r < rows; r++) score += weights[(r * n) + first] * weights[(r * n) + first];
                return score / Math.Max(inverse[(first * n) + first], double.Epsilon);
            }

            if (!Factor(first, count)) return 0;
            for (int r = 0; r < rows; r++)
            {
                // |L⁻¹·w|² with L·Lᵀ = H⁻¹_BB.
                for (int i = 0; i < count; i++)
                {
                    double x = weights[(r * n) + first + i];
                    for (int j = 0; j < i; j++) x -= _block[(i * count) + j] * _solved[j];
                    _solved[i] = x / _block[(i * count) + i];
                    score += _solved[i] * _solved[i];
                }
            }

            return score;
        }

        // The lower factor of a diagonal block of the inverse.
        private bool Factor(int first, int count)
        {
            for (int i = 0; i < count; i++)
            {
                for (int j = 0; j <= i; j++)
                {
                    double x = inverse[((first + i) * n) + first + j];
                    for (int k = 0; k < j; k++) x -= _block[(i * count) + k] * _block[(j * count) + k];
                    if (i == j && !(x > 0)) return false;
                    _block[(i * count) + j] = i == j ? Math.Sqrt(x) : x / _block[(j * count) + j];
                }
            }

            return true;
        }

        // Takes the columns out one by one: weights and inverse become those of the problem without them.
        private void Remove(int unit, bool[] isAlive)
        {
            (int first, int count) = Columns(unit);
            for (int q = first; q < first + count; q++)
            {
                Span<double> column = inverse.AsSpan(q * n, n);
                double pivot = Math.Max(column[q], double.Epsilon);
                for (int r = 0; r < rows; r++) LinearAlgebra.AddMultiple(-weights[(r * n) + q] / pivot, column, weights.AsSpan(r * n, n));
                for (int i = 0; i < n; i++)
                {
                    if (i != q && (isAlive[i / pattern.Columns] || i / pattern.Columns == unit) && column[i] != 0)
                        LinearAlgebra.AddMultiple(-column[i] / pivot, column, inverse.AsSpan(i * n, n));
                }

                column.Clear();
                for (int r = 0; r < rows; r++) weights[(r * n) + q] = 0;
            }
        }
    }
}
