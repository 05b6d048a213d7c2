namespace ModelCompiler.Core.Tests.Docs;

/// <summary>
/// A page of the documentation or another file, parts of which are generated: they lie between <c>&lt;!-- generated:
/// name --&gt;</c> and <c>&lt;!-- /generated --&gt;</c>. With the environment variable MODELCOMPILER_UPDATE_DOCS=1, tests rewrite them instead of comparing.
/// </summary>
internal sealed class DocumentationPage(string name, string folder = "src/ModelCompiler/docs")
{
    private readonly string _path = Path.Combine(SharedData.RepositoryRoot, folder, name);

    /// <summary>The text.</summary>
    public string Text => File.ReadAllText(_path).ReplaceLineEndings("\n");

    /// <summary>Fails unless the part holds these lines.</summary>
    public void Verify(string part, IEnumerable<string> lines)
    {
        string begin = $"<!-- generated: {part} -->\n", end = "<!-- /generated -->";
        string text = Text;
        int from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length, to = text.IndexOf(end, from, StringComparison.Ordinal);
        string expected = "\n" + string.Concat(lines.Select(l => l + "\n")) + "\n";
        if (Environment.GetEnvironmentVariable("MODELCOMPILER_UPDATE_DOCS") == "1") File.WriteAllText(_path, text[..from] + expected + text[to..]);
        else Assert.Equal(expected, text[from..to]);
    }

    /// <summary>A table.</summary>
    public static IEnumerable<string> Table(string[] header, IEnumerable<string[]> rows) =>
        rows.Prepend([.. header.Select(_ => "---")]).Prepend(header)
        .Select(row => $"| {string.Join(" | ", row.Select(c => c.Replace("|", "\\|", StringComparison.Ordinal)))} |");
}
