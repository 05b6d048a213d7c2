using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// The small static methods that emitted kernels share. A helper is written into the generated file only when something
/// there mentions it as <c>Class.Member</c>, so kernels need not declare what they use.
/// </summary>
public static class HelperLibrary
{
    private static readonly SortedDictionary<string, SortedDictionary<string, string>> Classes = Load();

    /// <summary>Every helper, as <c>Class.Member</c>.</summary>
    public static IEnumerable<string> Members => Classes.SelectMany(c => c.Value.Keys.Select(m => c.Key + "." + m));

    /// <summary>Writes the helper classes that the text mentions, with what these mention in turn, in ordinal order.</summary>
    public static void Write(string text, SourceWriter writer)
    {
        var used = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        var types = new SortedSet<string>(StringComparer.Ordinal);
        Collect(text, used, types);
        foreach (KeyValuePair<string, SortedSet<string>> helperClass in used)
        {
            writer.Line();
            writer.Line(Summaries.TryGetValue(helperClass.Key, out string? summary) ? $"/// <summary>{summary}</summary>" : LibrarySource.Classes[helperClass.Key].Summary);
            writer.Block($"file static unsafe class {helperClass.Key}", () =>
            {
                bool first = true;
                foreach (string member in helperClass.Value)
                {
                    if (!first) writer.Line();
                    first = false;
                    writer.Line(Classes[helperClass.Key][member]);
                }
            });
        }

        foreach (string type in types)
        {
            writer.Line();
            writer.Line(LibrarySource.Types[type]);
        }
    }

    private static readonly Dictionary<string, string> Summaries = new(StringComparer.Ordinal)
    {
        ["Simd128"] = "Vector operations the kernels need, 128 bits wide, on any platform.",
        ["Simd256"] = "Vector operations the kernels need, 256 bits wide, on x64 with AVX2.",
        ["Simd512"] = "Vector operations of the matrix products, 512 bits wide, on x64 with AVX-512.",
        [SimdArm64.Name] = "Vector operations the kernels need, 128 bits wide, on 64-bit Arm.",
        ["Scalar"] = "Arithmetic of single numbers, exactly as the vector operations do it.",
        ["Edge"] = "Conversions between the caller's numbers and the network's.",
    };

    // Classes of the library are mentioned as Class.Member, its structures and interfaces by their name alone.
    private static void Collect(string text, SortedDictionary<string, SortedSet<string>> used, SortedSet<string> types)
    {
        foreach (Match match in Regex.Matches(text, @"\b([A-Z]\w*)\.(\w+)"))
        {
            if (Classes.ContainsKey(match.Groups[1].Value)) Use(match.Groups[1].Value, match.Groups[2].Value, used, types);
        }

        foreach (Match match in Regex.Matches(text, @"\b[A-Z]\w*\b"))
        {
            if (LibrarySource.Types.TryGetValue(match.Value, out string? source) && types.Add(match.Value)) Collect(source, used, types);
        }
    }

    private static void Use(string helperClass, string member, SortedDictionary<string, SortedSet<string>> used, SortedSet<string> types)
    {
        if (!Classes[helperClass].TryGetValue(member, out string? source)) throw new InvalidOperationException($"There is no helper {helperClass}.{member}.");
        if (!used.TryGetValue(helperClass, out SortedSet<string>? set)) used.Add(helperClass, set = new SortedSet<string>(StringComparer.Ordinal));
        if (!set.Add(member)) return;
        Collect(source, used, types);

        // Helpers call others of their own class, and name tables of the library's, without its name.
        foreach (Match match in Regex.Matches(source, LibrarySource.Classes.ContainsKey(helperClass) ? @"(?<![\w.])(\w+)" : @"(?<![\w.])(\w+)\("))
        {
            if (Classes[helperClass].ContainsKey(match.Groups[1].Value)) Use(helperClass, match.Groups[1].Value, used, types);
        }
    }

    private static SortedDictionary<string, SortedDictionary<string, string>> Load()
    {
        var classes = new SortedDictionary<string, SortedDictionary<string, string>>(StringComparer.Ordinal);
        Add("Simd128", SimdHelpers.ForWidth(128));
        Add("Simd256", SimdHelpers.ForWidth(256));
        Add("Simd512", TileHelpers.ForWidth(512));
        Add(SimdArm64.Name, SimdHelpers.With(SimdArm64.Source, 128));
        Add("Scalar", ScalarHelpers.Source);
        Add("Edge", EdgeHelpers.Source);
        foreach (var library in LibrarySource.Classes) classes.Add(library.Key, library.Value.Members);
        return classes;

        // Members are separated by a blank line and begin with their documentation; overloads of one name stay together.
        void Add(string name, string source)
        {
            var members = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (string part in Regex.Split(source.Replace("\r", "").Trim('\n'), "\n\n(?=///)"))
            {
                string signature = part.Split('\n').First(l => l.StartsWith("public static", StringComparison.Ordinal));
                string member = Regex.Match(signature, @"(\w+)\(").Groups[1].Value;
                members[member] = members.TryGetValue(member, out string? overload) ? overload + "\n\n" + part : part;
            }

            classes.Add(name, members);
        }
    }
}
