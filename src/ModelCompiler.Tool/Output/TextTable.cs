namespace ModelCompiler.Tool.Output;

/// <summary>Lines up columns of text.</summary>
internal sealed class TextTable(params string[] columns)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [];

    /// <summary>Columns whose entries stand at the right, such as numbers.</summary>
    public IReadOnlySet<string> RightAligned { get; init; } = new HashSet<string>();

    /// <summary>Adds a row.</summary>
    public void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Prints heading and rows.</summary>
    public void Write(TextWriter output)
    {
        int[] widths = [.. columns.Select((c, i) => _rows.Select(r => r[i].Length).Append(c.Length).Max())];
        foreach (string[] row in _rows.Prepend(columns))
        {
            output.WriteLine(string.Join(Gap, row.Select((cell, i) => RightAligned.Contains(columns[i]) ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i])))
                .TrimEnd());
        }
    }
}
