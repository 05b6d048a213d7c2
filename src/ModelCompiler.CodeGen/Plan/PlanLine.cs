using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>One line of a plan, split into a keyword, positional words and <c>name=value</c> words.</summary>
internal sealed class PlanLine
{
    private readonly List<string> _words = [];
    private readonly Dictionary<string, string> _named = [];

    public string Keyword { get; private set; } = "";

    public string Word(int index) => index < _words.Count ? _words[index] : throw new FormatException($"The '{Keyword}' line ends too early.");

    public string Word(int index, string fallback) => index < _words.Count ? _words[index] : fallback;

    public EquatableArray<string> From(int index) => _words.Skip(index).ToEquatableArray();

    public string Named(string name) => _named.TryGetValue(name, out string? value) ? value
        : throw new FormatException($"The '{Keyword}' line lacks '{name}='.");

    public string Named(string name, string fallback) => _named.TryGetValue(name, out string? value) ? value : fallback;

    public static PlanLine Parse(string line)
    {
        var result = new PlanLine();
        int i = 0;
        while (i < line.Length)
        {
            if (line[i] == ' ')
            {
                i++;
            }
            else if (line[i] == '"')
            {
                result._words.Add(Unquote(line, ref i));
            }
            else
            {
                int start = i;
                int depth = 0;
                for (; i < line.Length && (line[i] != ' ' || depth > 0); i++) depth += line[i] == '[' ? 1 : line[i] == ']' ? -1 : 0;
                result.Add(line.Substring(start, i - start));
            }
        }

        return result;
    }

    private void Add(string word)
    {
        int equals = word.IndexOf('=');
        if (Keyword.Length == 0) Keyword = word;
        else if (equals > 0) _named[word.Substring(0, equals)] = word.Substring(equals + 1);
        else _words.Add(word);
    }

    private static string Unquote(string line, ref int i)
    {
        var text = new StringBuilder();
        for (i++; i < line.Length; i++)
        {
            if (line[i] == '"')
            {
                i++;
                return text.ToString();
            }

            if (line[i] == '\\' && ++i < line.Length) text.Append(line[i] switch { 'n' => '\n', 'r' => '\r', char c => c });
            else if (i < line.Length) text.Append(line[i]);
        }

        throw new FormatException("A quoted text has no closing quote.");
    }
}
