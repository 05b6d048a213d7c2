using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// The small static methods that emitted kernels share. A helper is written into the generated file only when something
/// there mentions it as <c>Class.Member</c>, so kernels need not declare what they use.
/// </summary>
public static class HelperLibrary
{
    /// <summary>Name of the class of routines.</summary>
    public const string RoutineClass = "Routine";

    private static readonly SortedDictionary<string, SortedDictionary<string, string>> Classes = Load();

    /// <summary>Writes the helper classes that the text mentions, with what these mention in turn, in ordinal order.</summary>
    public static void Write(string text, SourceWriter writer)
    {
        var used = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        Collect(text, used);
        foreach (KeyValuePair<string, SortedSet<string>> helperClass in used)
        {
            writer.Line();
            writer.Line($"/// <summary>{Summaries[helperClass.Key]}</summary>");
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
    }

    private static readonly Dictionary<string, string> Summaries = new(StringComparer.Ordinal)
    {
        ["Simd128"] = "Vector operations the kernels need, 128 bits wide, on any platform.",
        ["Simd256"] = "Vector operations the kernels need, 256 bits wide, on x64 with AVX2.",
        ["Scalar"] = "Arithmetic of single numbers, exactly as the vector operations do it.",
        ["Routine"] = "Algorithms of single layers, exactly as the compiler's reference interpreter runs them.",
        ["Edge"] = "Conversions between the caller's numbers and the network's.",
    };

    private static void Collect(string text, SortedDictionary<string, SortedSet<string>> used)
    {
        foreach (Match match in Regex.Matches(text, @"\b(Simd128|Simd256|Scalar|Edge|Routine)\.(\w+)")) Use(match.Groups[1].Value, match.Groups[2].Value, used);
    }

    private static void Use(string helperClass, string member, SortedDictionary<string, SortedSet<string>> used)
    {
        if (!Classes[helperClass].TryGetValue(member, out string? source)) throw new InvalidOperationException($"There is no helper {helperClass}.{member}.");
        if (!used.TryGetValue(helperClass, out SortedSet<string>? set)) used.Add(helperClass, set = new SortedSet<string>(StringComparer.Ordinal));
        if (!set.Add(member)) return;
        Collect(source, used);

        // Helpers call others of their own class, and name their tables, without its name.
        foreach (Match match in Regex.Matches(source, helperClass == RoutineClass ? @"(?<![\w.])(\w+)" : @"(?<![\w.])(\w+)\("))
        {
            if (Classes[helperClass].ContainsKey(match.Groups[1].Value)) Use(helperClass, match.Groups[1].Value, used);
        }
    }

    /// <summary>First sentence of a helper's documentation, to stand in a list.</summary>
    public static string Describe(string helperClass, string member)
    {
        if (!Classes[helperClass].TryGetValue(member, out string? source)) throw new InvalidOperationException($"There is no helper {helperClass}.{member}.");
        string summary = Regex.Replace(source.Substring(0, source.IndexOf("</summary>", StringComparison.Ordinal)), @"\s*///\s*(<summary>)?\s*", " ").Trim();
        int end = summary.IndexOfAny(['.', ':', ';']);
        if (end > 0) summary = summary.Substring(0, end);
        return summary.Substring(0, 1).ToLowerInvariant() + summary.Substring(1);
    }

    // The members of the class in every file of routines, which are resources of this assembly.
    private static IEnumerable<string> Routines()
    {
        Assembly assembly = typeof(HelperLibrary).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("Routines.", StringComparison.Ordinal)).OrderBy(n => n, StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            string text = reader.ReadToEnd().Replace("\r", "");
            int start = text.IndexOf("\n{\n", StringComparison.Ordinal) + 3;
            string body = text.Substring(start, text.LastIndexOf("\n}", StringComparison.Ordinal) - start);
            yield return Regex.Replace(body, "^    ", "", RegexOptions.Multiline);
        }
    }

    private static SortedDictionary<string, SortedDictionary<string, string>> Load()
    {
        var classes = new SortedDictionary<string, SortedDictionary<string, string>>(StringComparer.Ordinal);
        Add("Simd128", SimdHelpers.ForWidth(128));
        Add("Simd256", SimdHelpers.ForWidth(256));
        Add("Scalar", ScalarHelpers.Source);
        Add("Edge", EdgeHelpers.Source);
        Add(RoutineClass, string.Join("\n\n", Routines()));
        return classes;

        // Members are separated by a blank line and begin with their documentation; overloads of one name stay together.
        void Add(string name, string source)
        {
            var members = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (string part in Regex.Split(source.Replace("\r", "").Trim('\n'), "\n\n(?=///)"))
            {
                string signature = part.Split('\n').First(l => l.StartsWith("public static", StringComparison.Ordinal));
                string member = Regex.Match(signature, @"(\w+)(?:<[\w, ]+>)?(\(| =>)").Groups[1].Value;
                members[member] = members.TryGetValue(member, out string? overload) ? overload + "\n\n" + part : part;
            }

            classes.Add(name, members);
        }
    }
}
