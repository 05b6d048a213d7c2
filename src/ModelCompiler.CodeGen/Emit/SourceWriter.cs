using System;
using System.Text;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes indented C# with <c>\n</c> line ends, in lines of at most 160 characters where the language lets them be broken.</summary>
/// <param name="levels">Levels by which the text will be moved in later.</param>
internal sealed class SourceWriter(int levels = 0)
{
    /// <summary>Most characters of a file; what is longer comes from a plan that was damaged, and no C# compiler would read it.</summary>
    private const int Limit = 1 << 27;

    private const int LineLength = 160;

    private readonly StringBuilder _text = new();

    /// <summary>Levels of four spaces before each line.</summary>
    public int Indentation { get; set; }

    /// <summary>Writes one line, or several when the text holds line ends; empty lines stay empty.</summary>
    public void Line(string text = "")
    {
        foreach (string line in text.Replace("\r", "").Split('\n')) Wrapped(line, Indentation * 4);

        if (_text.Length > Limit) throw new InvalidOperationException("The code would be too long.");
    }

    private void Wrapped(string line, int indent, bool continues = false)
    {
        // Lines of a body that was written elsewhere are indented already.
        int own = 0;
        while (own < line.Length && line[own] == ' ') own++;
        (line, indent) = (line.Substring(own), indent + own);
        int room = LineLength - (levels * 4) - indent, start = LineBreaks.CommentStart(line),
            remark = line.Length > room && start == 0 ? LineBreaks.Remark(line) : 0;
        if (remark > 0)
        {
            Wrapped(line.Substring(remark), indent);
            line = line.Substring(0, remark).TrimEnd();
        }

        int at = line.Length <= room ? 0 : start > 0 ? LineBreaks.InComment(line, start, room) : LineBreaks.InCode(line, room);
        if (line.Length > 0) _text.Append(' ', indent).Append(at > 0 ? line.Substring(0, at).TrimEnd() : line);
        _text.Append('\n');
        if (at > 0) Wrapped(start > 0 ? line.Substring(0, start) + line.Substring(at).TrimStart() : line.Substring(at).TrimStart(),
            start > 0 || continues ? indent : indent + 4, true);
    }

    /// <summary>Writes a header line and its body in braces; a loop over one short statement becomes one line without.</summary>
    public void Block(string header, Action body)
    {
        int start = _text.Length;
        if (header.Length > 0) Line(header);
        Line("{");
        int inside = _text.Length;
        Indentation++;
        body();
        Indentation--;
        if (header.StartsWith("for (", StringComparison.Ordinal) && OnlyStatement(inside) is { } statement
            && (levels + Indentation) * 4 + header.Length + 1 + statement.Length <= LineLength)
        {
            _text.Length = start;
            Line($"{header} {statement}");
        }
        else Line("}");
    }

    // What was written since a place, if it is one statement in one line that reads well behind the header of a loop: no comment, loop or condition.
    private string? OnlyStatement(int start)
    {
        if (_text.Length - start > 2 * LineLength) return null;
        string text = _text.ToString(start, _text.Length - start);
        string line = text.Trim();
        return text.IndexOf('\n') == text.Length - 1 && line.EndsWith(";", StringComparison.Ordinal) && line.IndexOf("; ", StringComparison.Ordinal) < 0
            && !line.StartsWith("for (", StringComparison.Ordinal) && !line.StartsWith("if (", StringComparison.Ordinal)
            && line.IndexOf("//", StringComparison.Ordinal) < 0 ? line : null;
    }

    /// <summary>Writes a counting loop, or nothing when it has no turns.</summary>
    public void For(string variable, int count, Action body, int step = 1)
    {
        if (count > 0) Block($"for (int {variable} = 0; {variable} < {Literals.Int(count)}; "
            + $"{(step == 1 ? variable + "++" : $"{variable} += {Literals.Int(step)}")})", body);
    }

    /// <summary>Writes a counting loop whose body gets the variable; where there is only one turn, the body alone, which gets 0.</summary>
    internal void For(string variable, int count, Action<string> body, int step = 1)
    {
        if (count > 0 && count <= step) body("0");
        else For(variable, count, () => body(variable), step);
    }

    /// <summary>Writes a loop that counts to an expression.</summary>
    public void For(string variable, string count, Action body) => Block($"for (int {variable} = 0; {variable} < {count}; {variable}++)", body);

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
