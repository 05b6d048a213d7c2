namespace ModelCompiler.Core;

/// <summary>Finds the name that a misspelled one means, whatever the case of its letters.</summary>
internal static class Misspelling
{
    /// <summary>The name that is meant, or null when all are too far off.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="names">What there is; the first of equally near ones is taken.</param>
    /// <param name="tolerance">The share of the right name's letters that may be wrong; one letter always may be.</param>
    public static string? Nearest(string name, IEnumerable<string> names, double tolerance)
    {
        string? nearest = names.MinBy(n => Distance(name, n));
        return nearest is not null && Distance(name, nearest) <= Math.Max(1, (int)(nearest.Length * tolerance)) ? nearest : null;
    }

    /// <summary>Letters to insert, remove, replace or swap with their neighbour, whatever their case.</summary>
    public static int Distance(string from, string to)
    {
        (from, to) = (from.ToUpperInvariant(), to.ToUpperInvariant());
        int[,] table = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
            {
                table[i, j] = i == 0 ? j : j == 0 ? i : Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1,
                    table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[from.Length, to.Length];
    }
}
