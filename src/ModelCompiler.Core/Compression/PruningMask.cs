namespace ModelCompiler.Core.Compression;

/// <summary>Which weights of a layer stay.</summary>
internal static class PruningMask
{
    // A trace goes this much further than the share of the whole layer, because some rows can spare more than others.
    private const double Beyond = 0.35;

    /// <summary>The part of each trace that may be needed when a layer gives up a share of its weights.</summary>
    public static double MostOf(SparsityPattern pattern, double share) => pattern.IsFixed ? 1 : Math.Min(1, share + Beyond);

    /// <summary>Masks of all groups of a layer: of the units that traces offer, the cheapest go until the share is reached.</summary>
    /// <param name="problems">The problem of each group.</param>
    /// <param name="pattern">The units.</param>
    /// <param name="share">The share of the layer's weights that becomes zero; where the pattern is fixed, it says so itself.</param>
    /// <returns>For each group outputs × inputs, true for weights that stay.</returns>
    public static bool[][] Choose(LayerProblem[] problems, SparsityPattern pattern, double share)
    {
        var traces = new PruningTrace[problems.Length][];
        Parallel.For(0, problems.Length, g => traces[g] = PruningTrace.Of(problems[g], pattern, MostOf(pattern, share)));
        return Choose(traces, problems[0].Outputs, problems[0].Inputs, pattern, share);
    }

    /// <summary>The mask of weights whose inputs are taken for independent: a unit costs the sum of squares times the variances of the inputs.</summary>
    /// <param name="weights">outputs × inputs.</param>
    /// <param name="outputs">Outputs.</param>
    /// <param name="variances">One per input.</param>
    /// <param name="pattern">The units.</param>
    /// <param name="share">The share that becomes zero.</param>
    public static bool[] ChooseAlone(double[] weights, int outputs, double[] variances, SparsityPattern pattern, double share) =>
        Choose([PruningTrace.OfIndependent(weights, outputs, variances, pattern)], outputs, variances.Length, pattern, share)[0];

    /// <summary>The masks that traces lead to, one for each group.</summary>
    public static bool[][] Choose(PruningTrace[][] traces, int outputs, int inputs, SparsityPattern pattern, double share)
    {
        bool[][] masks = Array.ConvertAll(traces, _ => Enumerable.Repeat(true, outputs * inputs).ToArray());
        foreach (RemovedUnit removed in Removed(traces, outputs, inputs, pattern, share))
        {
            for (int r = 0; r < removed.Rows; r++)
                masks[removed.Group].AsSpan((((removed.Tile * pattern.Rows) + r) * inputs) + (removed.Unit * pattern.Columns), removed.Columns).Clear();
        }

        return masks;
    }

    /// <summary>The units that go, the cheapest first.</summary>
    public static IEnumerable<RemovedUnit> Removed(PruningTrace[][] traces, int outputs, int inputs, SparsityPattern pattern, double share)
    {
        double wanted = share * traces.Length * outputs * inputs, gone = 0;
        foreach ((int group, int tile, int unit, double cost) in traces.SelectMany((group, g) => group.SelectMany((trace, t) =>
            trace.Units.Select((unit, i) => (Group: g, Tile: t, Unit: unit, Cost: trace.Costs[i])))).OrderBy(u => u.Cost))
        {
            (int rows, int columns) = pattern.SizeOf(tile, unit, outputs, inputs);
            // The one that crosses the line goes when more of it is before the line than behind.
            if (!pattern.IsFixed && gone + (rows * columns / 2.0) > wanted) yield break;
            gone += rows * columns;
            yield return new(group, tile, unit, rows, columns, cost);
        }
    }

    /// <summary>A unit that becomes zero.</summary>
    /// <param name="Group">Its group.</param>
    /// <param name="Tile">Its row of tiles.</param>
    /// <param name="Unit">Its number from the left.</param>
    /// <param name="Rows">Its outputs.</param>
    /// <param name="Columns">Its inputs.</param>
    /// <param name="Cost">The error that it adds.</param>
    public readonly record struct RemovedUnit(int Group, int Tile, int Unit, int Rows, int Columns, double Cost);
}
