using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// The source of the library, which this assembly carries as text. Its files hold types at the left margin, each with its documentation; members of static classes
/// are separated by blank lines and begin with theirs.
/// </summary>
internal static class LibrarySource
{
    private static readonly Regex Declaration = new(@"^internal (?:static |unsafe |readonly |partial )*(?:class|struct|interface) (\w+)", RegexOptions.Multiline);

    /// <summary>Static classes by name: their documentation and, by name, their members.</summary>
    public static SortedDictionary<string, (string Summary, SortedDictionary<string, string> Members)> Classes { get; } = new(StringComparer.Ordinal);

    /// <summary>Structures and interfaces by name.</summary>
    public static SortedDictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    static LibrarySource()
    {
        Assembly assembly = typeof(LibrarySource).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("Library/", StringComparison.Ordinal)).OrderBy(n => n, StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            string text = reader.ReadToEnd().Replace("\r", "");
            foreach (string part in Regex.Split(text, "\n\n(?=///)").Skip(1)) Add(part.TrimEnd('\n'));
        }
    }

    // Members of one class may lie in several files.
    private static void Add(string text)
    {
        string name = Declaration.Match(text).Groups[1].Value;
        if (!text.Contains("internal static unsafe partial class "))
        {
            Types.Add(name, Regex.Replace(text, "^internal ", "file ", RegexOptions.Multiline));
            return;
        }

        int open = text.IndexOf("\n{\n", StringComparison.Ordinal);
        if (!Classes.TryGetValue(name, out (string Summary, SortedDictionary<string, string> Members) found))
        {
            found = (text.Split('\n')[0], new SortedDictionary<string, string>(StringComparer.Ordinal));
            Classes.Add(name, found);
        }

        string body = text.Substring(open + 3, text.LastIndexOf("\n}", StringComparison.Ordinal) - open - 3);
        foreach (string part in Regex.Split(body, "\n\n(?=    ///)"))
        {
            string source = Regex.Replace(part, "^    ", "", RegexOptions.Multiline);
            string signature = source.Split('\n').First(l => Regex.IsMatch(l, "^(public|private) "));
            string member = Regex.Match(signature, @"(\w+)(?:<[^(]*>)?\(").Groups[1].Value;
            if (member.Length == 0) member = Regex.Match(signature, @"(\w+) (=|=>)").Groups[1].Value;
            found.Members[member] = found.Members.TryGetValue(member, out string? overload) ? overload + "\n\n" + source : source;
        }
    }
}
