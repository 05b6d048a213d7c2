using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// The source of the library and of the vector vocabulary, which this assembly carries as text. Its files hold types at the left margin,
/// each with its documentation; members of static classes are separated by blank lines and begin with theirs.
/// </summary>
/// <remarks>
/// What the vocabulary's classes have in common is written once, for 128 bits; the other classes get that text with the names of their own vectors.
/// It says how wide vectors are with
/// <c>Vector128&lt;T&gt;.Count</c> only.
/// </remarks>
internal static class EmbeddedSource
{
    private static readonly Regex Declaration = new(@"^internal (?:static |unsafe |readonly |partial )*(?:class|struct|interface) (\w+)",
        RegexOptions.Multiline);

    private static readonly (string File, string Class, (string From, string To)[] Names)[] Copies =
    [
        ("EveryVector", "SimdArm64", []),
        ("EveryVector", "Simd256", [("Vector128", "Vector256")]),
        ("EveryVector", "Simd512", [("Vector128", "Vector512")]),
        ("EveryTile", "Simd256", [("Vector128", "Vector256"), ("Sse2.", "Avx2.")]),
        ("EveryTile", "Simd512", [("Vector128", "Vector512"), ("Sse2.", "Avx512F.")]),
    ];

    /// <summary>Static classes by name.</summary>
    public static SortedDictionary<string, HelperClass> Classes { get; } = new(StringComparer.Ordinal);

    /// <summary>Structures and interfaces by name.</summary>
    public static SortedDictionary<string, string> Types { get; } = new(StringComparer.Ordinal);

    static EmbeddedSource()
    {
        Assembly assembly = typeof(EmbeddedSource).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".cs", StringComparison.Ordinal))
            .OrderBy(n => n, StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            string text = reader.ReadToEnd().Replace("\r", "");
            bool isLibrary = name.StartsWith("Library/", StringComparison.Ordinal);
            string[] parts = Regex.Split(text, "\n\n(?=///)");
            foreach (string part in parts.Skip(1)) Add(Declaration.Match(part).Groups[1].Value, part.TrimEnd('\n'), isLibrary);
            foreach ((_, string copy, (string From, string To)[] names) in Copies.Where(c => name == $"Vocabulary/{c.File}.cs"))
            {
                Add(copy, names.Aggregate(parts[1].TrimEnd('\n'), (t, n) => t.Replace(n.From, n.To)), isLibrary);
            }
        }
    }

    // Members of one class may lie in several files.
    private static void Add(string name, string text, bool isLibrary)
    {
        if (!text.Contains("internal static unsafe partial class "))
        {
            Types.Add(name, text);
            return;
        }

        int open = text.IndexOf("\n{\n", StringComparison.Ordinal);
        if (!Classes.TryGetValue(name, out HelperClass? found)) Classes.Add(name, found = new HelperClass(isLibrary));
        if (found.Summary.Length == 0 && Declaration.Match(text).Groups[1].Value == name)
            found.Summary = text.Substring(0, text.IndexOf("\ninternal ", StringComparison.Ordinal));

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

/// <summary>A static class of which generated files take what they use.</summary>
/// <param name="isLibrary">True for routines that plans call by name, false for the vocabulary that kernels are written in.</param>
internal sealed class HelperClass(bool isLibrary)
{
    /// <summary>True for routines that plans call by name.</summary>
    public bool IsLibrary { get; } = isLibrary;

    /// <summary>Its documentation, as written.</summary>
    public string Summary { get; set; } = "";

    /// <summary>Its members by name, overloads together.</summary>
    public SortedDictionary<string, string> Members { get; } = new(StringComparer.Ordinal);
}
