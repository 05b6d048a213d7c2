using System.Globalization;
using System.Text;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Tasks;

/// <summary>
/// The folder in <c>obj</c> that holds what one model compiles to. Files are written whole or not at all, and only when their content changes,
/// so that what depends on them stays up to date.
/// </summary>
internal sealed class OutputDirectory(string path)
{
    /// <summary>The plan.</summary>
    public const string PlanFile = "plan.txt";

    /// <summary>Its date says when the model was last compiled; the plan keeps its own date while its content stays the same.</summary>
    public const string StampFile = "stamp";

    /// <summary>Files beside the model that it was compiled from, separated by semicolons, for the next build; only there when there are some.</summary>
    public const string ReadFile = "read.txt";

    /// <summary>Lengths of the files that the model is compiled from.</summary>
    public const string LengthFile = "length.txt";

    /// <summary>Records how long the files are, also those beside the model that were read last, and of folders which files there are, and their dates;
    /// the date of the record changes only when something of this does.</summary>
    /// <param name="sources">Full paths of the model and its data.</param>
    public void RecordLengths(IEnumerable<string> sources)
    {
        if (!Directory.Exists(path)) return;
        string beside = Path.Combine(path, ReadFile);
        IEnumerable<string> files = File.Exists(beside) ? sources.Concat(File.ReadAllText(beside).Split(';').Select(Uri.UnescapeDataString)) : sources;
        IEnumerable<string> lines = files.SelectMany(f => Directory.Exists(f) ? OfFolder(f)
            : [$"{(File.Exists(f) ? Text(new FileInfo(f).Length) : "none")} {f}"]);
        WriteWhenDifferent(LengthFile, Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    // MSBuild compares dates of files only, and knows those it is told of; a folder may have many, which come and go.
    private static IEnumerable<string> OfFolder(string folder) => DataFiles.In(folder).Names.Select(name => new FileInfo(Path.Combine(folder, name)))
        .Select(f => $"{(f.Exists ? $"{Text(f.Length)} {Text(f.LastWriteTimeUtc.Ticks)}" : "none")} {f.FullName}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Replaces what is there by a finished compilation.</summary>
    /// <param name="plan">Text of the plan.</param>
    /// <param name="weights">The weights assembly, if the plan needs one.</param>
    /// <param name="sources">Full paths of the model and its data.</param>
    /// <param name="read">Full paths of the files beside the model that were read.</param>
    public void Write(string plan, (string FileName, byte[] Content)? weights, IReadOnlyCollection<string> sources, IReadOnlyCollection<string> read)
    {
        Directory.CreateDirectory(path);
        File.Delete(Path.Combine(path, StampFile));
        if (weights is { } assembly) WriteWhenDifferent(assembly.FileName, assembly.Content);
        DeleteAssemblies(except: weights?.FileName);
        if (read.Count > 0) WriteWhenDifferent(ReadFile, Encoding.UTF8.GetBytes(string.Join(';', read.Select(Escape))));
        else File.Delete(Path.Combine(path, ReadFile));
        RecordLengths(sources);
        WriteWhenDifferent(PlanFile, Encoding.UTF8.GetBytes(plan));
        File.WriteAllBytes(Path.Combine(path, StampFile), []);
    }

    /// <summary>Removes everything, so that no later build takes it for current.</summary>
    public void Clear()
    {
        if (!Directory.Exists(path)) return;
        File.Delete(Path.Combine(path, StampFile));
        File.Delete(Path.Combine(path, PlanFile));
        File.Delete(Path.Combine(path, ReadFile));
        File.Delete(Path.Combine(path, LengthFile));
        DeleteAssemblies(except: null);
    }

    // As MSBuild writes characters that mean something to it.
    private static string Escape(string file) => string.Concat(file.Select(c => "%;*?@$()'".Contains(c) ? $"%{(int)c:x2}" : c.ToString()));

    private void DeleteAssemblies(string? except)
    {
        foreach (string file in Directory.GetFiles(path, "*.dll"))
        {
            if (!string.Equals(Path.GetFileName(file), except, StringComparison.OrdinalIgnoreCase)) File.Delete(file);
        }
    }

    private void WriteWhenDifferent(string name, byte[] content)
    {
        string file = Path.Combine(path, name);
        if (File.Exists(file) && new FileInfo(file).Length == content.Length && File.ReadAllBytes(file).AsSpan().SequenceEqual(content)) return;
        string temporary = Path.Combine(path, Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, file, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
