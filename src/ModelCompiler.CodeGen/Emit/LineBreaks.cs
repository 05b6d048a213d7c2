using System;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Where long lines of C# are broken: at the outermost place that still fills a good part of the line, as a person would.</summary>
internal static class LineBreaks
{
    private static readonly string[] Before = ["+ ", "- ", "&& ", "|| ", "? ", ": ", "where ", "throw ", "new "];
    private static readonly string[] After = [", ", "=> ", "= "];

    /// <summary>Length of the slashes and the space that begin a comment; 0 for code.</summary>
    public static int CommentStart(string line) => line.StartsWith("/// ", StringComparison.Ordinal) ? 4 : line.StartsWith("// ", StringComparison.Ordinal) ? 3
        : 0;

    /// <summary>Where the comment behind code begins; 0 when there is none.</summary>
    public static int Remark(string line)
    {
        bool inText = false;
        for (int i = 1; i + 2 < line.Length; i++)
        {
            if (line[i] == '"' && line[i - 1] is not ('\\' or '\'')) inText = !inText;
            if (!inText && string.CompareOrdinal(line, i, "// ", 0, 3) == 0) return i;
        }

        return 0;
    }

    /// <summary>The last space of a comment within so many characters; 0 when there is none.</summary>
    public static int InComment(string line, int start, int room)
    {
        int at = line.LastIndexOf(' ', Math.Min(room, line.Length - 1));
        return at > start ? at + 1 : 0;
    }

    /// <summary>Where a line of code is broken so that its first part has at most so many characters; 0 when it cannot be.</summary>
    public static int InCode(string line, int room)
    {
        (int best, int bestDepth, int depth) = (0, int.MaxValue, 0);
        bool inText = false;
        for (int i = 0; i < line.Length && i <= room; i++)
        {
            char c = line[i];
            if (!inText && c is not (')' or ']' or '}') && i > room / 3 && depth <= bestDepth && IsBreak(line, i)) (best, bestDepth) = (i, depth);
            if (c == '"' && (i == 0 || line[i - 1] is not ('\\' or '\''))) inText = !inText;
            if (inText) continue;
            if (c is '(' or '[' or '{') depth++;
            if (c is ')' or ']' or '}') depth--;
        }

        return best;
    }

    private static bool IsBreak(string line, int at) =>
        line[at - 1] == ' ' && (Array.Exists(Before, b => string.CompareOrdinal(line, at, b, 0, b.Length) == 0)
            || Array.Exists(After, a => at >= a.Length && string.CompareOrdinal(line, at - a.Length, a, 0, a.Length) == 0));
}
