using System.Globalization;
using System.Text;

namespace ModelCompiler.Core.Data;

/// <summary>A line of a table that is not empty.</summary>
/// <param name="Number">Counted from 1.</param>
/// <param name="Fields">What stands between the commas, without white space and quotes around it.</param>
internal sealed record CsvLine(int Number, string[] Fields);

/// <summary>Reads text of comma-separated values: a line per row, UTF-8, fields perhaps in double quotes (doubled inside), numbers with a point.</summary>
internal static class CsvTable
{
    /// <summary>The lines that are not empty.</summary>
    /// <exception cref="ModelCompilationException">MC1015: a quote does not end on its line, or is not alone in its field.</exception>
    public static IEnumerable<CsvLine> Read(ReadOnlyMemory<byte> bytes, string file)
    {
        ReadOnlySpan<byte> content = bytes.Span;
        if (content.StartsWith(Encoding.UTF8.Preamble)) content = content[Encoding.UTF8.Preamble.Length..];
        return Lines(Encoding.UTF8.GetString(content), file);
    }

    /// <summary>Reads a number.</summary>
    public static bool TryNumber(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    /// <summary>An error of the table.</summary>
    public static ModelCompilationException Error(string reason, string file, string remedy = "Correct the line, or write the table again.") =>
        new("MC1015", reason, remedy, file: file);

    private static IEnumerable<CsvLine> Lines(string text, string file)
    {
        using var reader = new StringReader(text);
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line)) yield return new CsvLine(number, Fields(line, number, file));
        }
    }

    private static string[] Fields(string line, int number, string file)
    {
        if (!line.Contains('"', StringComparison.Ordinal)) return line.Split(',', StringSplitOptions.TrimEntries);
        var fields = new List<string>();
        for (int at = 0; at <= line.Length;)
        {
            while (at < line.Length && line[at] is ' ' or '\t') at++;
            int end;
            if (at < line.Length && line[at] == '"')
            {
                var field = new StringBuilder();
                for (at++; at < line.Length && (line[at] != '"' || (at + 1 < line.Length && line[at + 1] == '"')); at++)
                {
                    if (line[at] == '"') at++;
                    field.Append(line[at]);
                }

                end = at >= line.Length ? -1 : line.IndexOf(',', at + 1) is var comma && comma < 0 ? line.Length : comma;
                if (end < 0 || !string.IsNullOrWhiteSpace(line[(at + 1)..end]))
                    throw Error(string.Create(CultureInfo.InvariantCulture, $"Line {number}, column {fields.Count + 1}: a quote does not end."), file);
                fields.Add(field.ToString());
            }
            else
            {
                end = line.IndexOf(',', at) is var comma && comma < 0 ? line.Length : comma;
                fields.Add(line[at..end].Trim());
            }

            at = end + 1;
        }

        return [.. fields];
    }
}
