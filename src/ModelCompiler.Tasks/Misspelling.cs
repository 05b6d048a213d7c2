namespace ModelCompiler.Tasks;

/// <summary>Finds metadata that is almost the name of an option. Items may carry other people's metadata, so names further off mean nothing.</summary>
internal static class Misspelling
{
    // Others write these on items, for MSBuild and editors.
    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase) { "Generator", "PlanClass", "PlanNamespace", "PlanDirectory", "PlanOutput", "DataDate" };

    /// <summary>Names that are no option, with the option that is meant.</summary>
    public static IEnumerable<(string Name, string Option)> Find(IEnumerable<string> names, IEnumerable<string> options)
    {
        string[] all = [.. options];
        foreach (string name in names.Order(StringComparer.Ordinal))
        {
            if (Known.Contains(name) || all.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            string nearest = all.MinBy(o => Distance(name, o))!;
            if (Distance(name, nearest) <= Math.Max(1, nearest.Length / 5)) yield return (name, nearest);
        }
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
                table[i, j] = i == 0 ? j : j == 0 ? i : Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[from.Length, to.Length];
    }
}
