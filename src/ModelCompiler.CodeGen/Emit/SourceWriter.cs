using System;
using System.Text;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes indented C# with <c>\n</c> line ends.</summary>
public sealed class SourceWriter
{
    /// <summary>Most characters of a file; what is longer comes from a plan that was damaged, and no C# compiler would read it.</summary>
    private const int Limit = 1 << 27;

    private readonly StringBuilder _text = new();

    /// <summary>Levels of four spaces before each line.</summary>
    public int Indentation { get; set; }

    /// <summary>Writes one line, or several when the text holds line ends; empty lines stay empty.</summary>
    public void Line(string text = "")
    {
        foreach (string line in text.Replace("\r", "").Split('\n'))
        {
            if (line.Length > 0) _text.Append(' ', Indentation * 4).Append(line);
            _text.Append('\n');
        }

        if (_text.Length > Limit) throw new InvalidOperationException("The code would be too long.");
    }

    /// <summary>Writes a header line and its body in braces.</summary>
    public void Block(string header, Action body)
    {
        if (header.Length > 0) Line(header);
        Line("{");
        Indentation++;
        body();
        Indentation--;
        Line("}");
    }

    /// <summary>Writes a counting loop, or nothing when it has no turns.</summary>
    public void For(string variable, int count, Action body, int step = 1)
    {
        if (count > 0) Block($"for (int {variable} = 0; {variable} < {Literals.Int(count)}; {(step == 1 ? variable + "++" : $"{variable} += {Literals.Int(step)}")})", body);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
