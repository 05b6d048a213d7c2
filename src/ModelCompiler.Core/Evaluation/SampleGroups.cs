using System.Globalization;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Core.Evaluation;

/// <summary>A group of samples.</summary>
/// <param name="Name">What they have in common.</param>
/// <param name="Samples">Their numbers.</param>
internal sealed record SampleGroup(string Name, int[] Samples);

/// <summary>Samples by what <see cref="CompilationOptions.GroupBy"/> names: an array of the file, a column of a table, or a level of folders.</summary>
internal static class SampleGroups
{
    private const string Folder = "folder";

    /// <summary>Finds the groups, in the order of their names.</summary>
    /// <param name="groupBy">What was asked for.</param>
    /// <param name="data">The data.</param>
    /// <param name="samples">Number of samples.</param>
    /// <param name="file">Name for messages.</param>
    /// <exception cref="ModelCompilationException">MC3015: the data has no such groups.</exception>
    public static IReadOnlyList<SampleGroup> Find(string groupBy, DataArrays data, int samples, string file)
    {
        string[] names = Names(groupBy, data, samples, file);
        return [.. names.Select((name, i) => (name, i)).GroupBy(p => p.name, p => p.i, StringComparer.Ordinal)
            .Select(g => new SampleGroup(g.Key, [.. g]))
            .OrderBy(g => CsvTable.TryNumber(g.Name, out double number) ? number : double.PositiveInfinity).ThenBy(g => g.Name, StringComparer.Ordinal)];
    }

    private static string[] Names(string groupBy, DataArrays data, int samples, string file)
    {
        if (data.Arrays.TryGetValue(groupBy, out NumpyArray? array))
        {
            if (array.Shape.Length == 0 || array.Count != samples)
                throw Misfit($"Array '{groupBy}' has {array.Count} entries for {samples} samples", "Give one number or text for each sample.", file);
            return array.Texts?.ToArray() ?? [.. array.ToDoubles().Select(v => v.ToString("R", CultureInfo.InvariantCulture))];
        }

        if (data.Names is not null && Level(groupBy) is { } level)
        {
            string[][] parts = [.. data.Names.Select(f => f.Split('/'))];
            return Array.TrueForAll(parts, p => p.Length > level) ? [.. parts.Select(p => p[level - 1])]
                : throw Misfit($"'{data.Names[Array.FindIndex(parts, p => p.Length <= level)]}' does not lie {level} folders deep",
                    "Give a level of folders that every sample has.", file);
        }

        IEnumerable<string> known = [.. data.Arrays.Keys.Where(k => k != DataArrays.Labels), .. data.Names is null ? [] : (string[])[Folder, Folder + ":2"]];
        throw Misfit($"There is no '{groupBy}' to group samples by",
            "Name an array with one entry for each sample, a column of a table with a header, or a level of folders. "
            + $"There are: {string.Join(", ", known)}.", file);
    }

    // folder, folder:2 …
    private static int? Level(string text) => text.Equals(Folder, StringComparison.OrdinalIgnoreCase) ? 1
        : text.StartsWith(Folder + ":", StringComparison.OrdinalIgnoreCase)
            && int.TryParse(text.AsSpan(Folder.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int level) && level > 0 ? level : null;

    private static ModelCompilationException Misfit(string problem, string remedy, string file) => new("MC3015", problem + ".", remedy, file: file);
}
