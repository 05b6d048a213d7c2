using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// The small static methods that emitted kernels share. A helper is written into the generated file only when something
/// there mentions it as <c>Class.Member</c>, so kernels need not declare what they use.
/// </summary>
internal static class HelperLibrary
{
    /// <summary>Every helper, as <c>Class.Member</c>.</summary>
    public static IEnumerable<string> Members => EmbeddedSource.Classes.SelectMany(c => c.Value.Members.Keys.Select(m => c.Key + "." + m));

    /// <summary>Writes the helper classes that the text mentions outside of comments, which hold names of the model, with what these mention in turn,
    /// in ordinal order.</summary>
    public static void Write(string text, SourceWriter writer)
    {
        var used = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        var types = new SortedSet<string>(StringComparer.Ordinal);
        Collect(Regex.Replace(text, "(?<!/)//(?!/).*", ""), used, types);
        foreach (KeyValuePair<string, SortedSet<string>> helperClass in used)
        {
            writer.Line();
            writer.Line(EmbeddedSource.Classes[helperClass.Key].Summary);
            writer.Block($"internal static unsafe class {helperClass.Key}", () =>
            {
                bool first = true;
                foreach (string member in helperClass.Value)
                {
                    if (!first) writer.Line();
                    first = false;
                    writer.Line(EmbeddedSource.Classes[helperClass.Key].Members[member]);
                }
            });
        }

        foreach (string type in types)
        {
            writer.Line();
            writer.Line(EmbeddedSource.Types[type]);
        }
    }

    // Classes of the library are mentioned as Class.Member, its structures and interfaces by their name alone.
    private static void Collect(string text, SortedDictionary<string, SortedSet<string>> used, SortedSet<string> types)
    {
        foreach (Match match in Regex.Matches(text, @"\b([A-Z]\w*)\.(\w+)"))
        {
            if (EmbeddedSource.Classes.ContainsKey(match.Groups[1].Value)) Use(match.Groups[1].Value, match.Groups[2].Value, used, types);
        }

        foreach (Match match in Regex.Matches(text, @"\b[A-Z]\w*\b"))
        {
            if (EmbeddedSource.Types.TryGetValue(match.Value, out string? source) && types.Add(match.Value)) Collect(source, used, types);
        }
    }

    private static void Use(string helperClass, string member, SortedDictionary<string, SortedSet<string>> used, SortedSet<string> types)
    {
        SortedDictionary<string, string> members = EmbeddedSource.Classes[helperClass].Members;
        if (!members.TryGetValue(member, out string? source)) throw new InvalidOperationException($"There is no helper {helperClass}.{member}.");
        if (!used.TryGetValue(helperClass, out SortedSet<string>? set)) used.Add(helperClass, set = new SortedSet<string>(StringComparer.Ordinal));
        if (!set.Add(member)) return;
        Collect(source, used, types);

        // Helpers call others of their own class, and name its tables, without its name.
        foreach (Match match in Regex.Matches(Regex.Replace(source, @"^ *///.*$", "", RegexOptions.Multiline), @"(?<![\w.])(\w+)"))
        {
            if (members.ContainsKey(match.Groups[1].Value)) Use(helperClass, match.Groups[1].Value, used, types);
        }
    }
}
