using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Turns names from models and files into C# identifiers.</summary>
internal static class Names
{
    private static readonly HashSet<string> Keywords = new(
        ("abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else enum event explicit extern "
        + "false finally " +
        "fixed float for foreach goto if implicit in int interface internal is lock long namespace new null object operator out override params private "
        + "protected public " +
        "readonly ref return sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort "
        + "using virtual void " +
        "volatile while").Split(' '));

    // What generated code calls its members, its helpers and the framework's classes: a class of this name would hide them.
    private static readonly HashSet<string> Taken = new(
        ("Address AdvSimd ArenaBytes ArgumentException Avx Avx2 Avx512BW Avx512F Dispose Dp Fma GC GeneratedCode Half IDisposable Infer Info "
        + "InvalidOperationException Math MathF MemoryMarshal MethodImpl MethodImplOptions MidpointRounding " +
        "NativeMemory ObjectDisposedException PlatformNotSupportedException ReadOnlySpan Reset Run SelfTest Span Sse2 Sse41 Ssse3 Unsafe Vector64 Vector128 "
        + "Vector256 Vector512 Weights " +
        "WeightsData ArgumentOutOfRangeException IBinaryInteger IEquatable IFloatingPointIeee754 INumber").Split(' '));

    /// <summary><c>kws_int8.tflite</c> without its extension becomes <c>KwsInt8</c>, <c>weights.onnx</c> <c>WeightsModel</c>;
    /// letters of all scripts stay.</summary>
    public static string Pascal(string name)
    {
        string text = Join(name.Normalize(NormalizationForm.FormC), char.IsLetterOrDigit);
        if (text.Length == 0) return "Model";
        if (char.IsDigit(text[0])) return "Model" + text;
        return IsTaken(text) ? text + "Model" : text;
    }

    /// <summary><c>serving_default_input_1:0</c> becomes <c>servingDefaultInput1</c>.</summary>
    public static string Camel(string name, string fallback)
    {
        int colon = name.LastIndexOf(':');
        if (colon > 0 && name.Skip(colon + 1).All(char.IsDigit)) name = name.Substring(0, colon);
        string text = Join(name, c => c < 128 && char.IsLetterOrDigit(c));
        if (text.Length == 0 || char.IsDigit(text[0])) text = fallback + text;
        text = text.Substring(0, 1).ToLower(CultureInfo.InvariantCulture) + text.Substring(1);
        return Keywords.Contains(text) ? "@" + text : text;
    }

    /// <summary>Gives every name its own identifier, in order.</summary>
    public static IReadOnlyList<string> Unique(IEnumerable<string> names)
    {
        var taken = new HashSet<string>();
        var result = new List<string>();
        foreach (string name in names)
        {
            string unique = name;
            for (int i = 2; !taken.Add(unique); i++) unique = name + Literals.Int(i);
            result.Add(unique);
        }

        return result;
    }

    /// <summary>True when a generated class cannot have this name, because its own code means something else by it.</summary>
    public static bool IsTaken(string className) => Taken.Contains(className) || EmbeddedSource.Classes.ContainsKey(className)
        || EmbeddedSource.Types.ContainsKey(className);

    /// <summary>True when the text may stand as a C# identifier.</summary>
    public static bool IsIdentifier(string text) =>
        text.Length > 0 && (char.IsLetter(text[0]) || text[0] == '_') && text.All(c => char.IsLetterOrDigit(c) || c == '_') && !Keywords.Contains(text);

    private static string Join(string name, Func<char, bool> isKept)
    {
        var text = new StringBuilder();
        bool upper = true;
        foreach (char c in name)
        {
            bool keep = isKept(c);
            if (keep) text.Append(upper ? char.ToUpper(c, CultureInfo.InvariantCulture) : c);
            upper = !keep;
        }

        return text.ToString();
    }
}
