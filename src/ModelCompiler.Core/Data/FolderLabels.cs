using System.Globalization;

namespace ModelCompiler.Core.Data;

/// <summary>
/// Labels of the samples in a folder: from its file <c>labels.csv</c> (file, label), else the names of its sub-folders, when every sample lies in one.
/// Names that are all whole numbers are the labels themselves; others are numbered in ordinal order.
/// </summary>
internal static class FolderLabels
{
    private const string File = "labels.csv";
    private const int MostNamed = 10;

    /// <summary>Finds them; null when there are none.</summary>
    /// <param name="files">The folder.</param>
    /// <param name="all">All samples of the folder.</param>
    /// <param name="chosen">Those whose labels are asked for.</param>
    /// <param name="request">Names the folder.</param>
    /// <exception cref="ModelCompilationException">MC1015, MC3003: the file of labels cannot be read, or names none for a sample.</exception>
    public static (NumpyArray? Labels, Diagnostic? Notice) Find(DataFiles files, string[] all, string[] chosen, DataRequest request)
    {
        bool isListed = files.Names.Contains(File);
        if (!isListed && !all.All(n => n.Contains('/', StringComparison.Ordinal))) return default;
        Dictionary<string, string> texts = isListed ? Listed(files, all, SampleFolder.PathOf(File, request))
            : all.ToDictionary(n => n, n => n[..n.IndexOf('/', StringComparison.Ordinal)], StringComparer.Ordinal);
        if (texts.Values.All(t => CsvTable.TryNumber(t, out _)))
            return (NumpyArray.Of<float>([.. chosen.Select(n => CsvTable.TryNumber(texts[n], out double v) ? (float)v : 0)]), null);

        string[] classes = [.. texts.Values.Distinct().Order(StringComparer.Ordinal)];
        string mapping = string.Join(", ", classes.Take(MostNamed).Select((c, i) => string.Create(CultureInfo.InvariantCulture, $"'{c}' is {i}")));
        var notice = new Diagnostic("MC3013", DiagnosticSeverity.Info, request.File, null,
            $"Classes are numbered in the order of their names: {mapping}{(classes.Length > MostNamed ? " and so on" : "")}.",
            "Where the network's outputs have another order, call the classes by their numbers.");
        return (NumpyArray.Of<float>([.. chosen.Select(n => (float)Array.IndexOf(classes, texts[n]))]), notice);
    }

    private static Dictionary<string, string> Listed(DataFiles files, string[] all, string path)
    {
        var known = all.ToHashSet(StringComparer.Ordinal);
        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (CsvLine line in CsvTable.Read(files.Read(File, path), path))
        {
            string name = line.Fields[0].Replace('\\', '/');
            if (name.StartsWith("./", StringComparison.Ordinal)) name = name[2..];
            if (texts.Count == 0 && line.Number == 1 && !known.Contains(name) && Path.GetExtension(name).Length == 0) continue;
            if (line.Fields.Length != 2) throw CsvTable.Error($"Line {line.Number} has {line.Fields.Length} columns.", path);
            if (!known.Contains(name)) throw CsvTable.Error($"Line {line.Number} names '{name}', and there is no such sample.", path);
            if (!texts.TryAdd(name, line.Fields[1])) throw CsvTable.Error($"Line {line.Number} names '{name}' again.", path);
        }

        return all.FirstOrDefault(n => !texts.ContainsKey(n)) is { } missing
            ? throw new ModelCompilationException("MC3003", $"There is no label for '{missing}'.", "Give every sample a line 'file,label'.", file: path)
            : texts;
    }
}
