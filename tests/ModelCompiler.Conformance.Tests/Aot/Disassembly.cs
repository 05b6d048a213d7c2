using System.Text.RegularExpressions;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>The instructions of one method, as the native compiler lists them.</summary>
/// <param name="Name">Class and method.</param>
/// <param name="Lines">Labels and instructions.</param>
internal sealed partial record Disassembly(string Name, IReadOnlyList<string> Lines)
{
    /// <summary>All methods of a listing.</summary>
    public static IEnumerable<Disassembly> Read(IEnumerable<string> listing)
    {
        string? name = null;
        List<string> lines = [];
        foreach (string line in listing)
        {
            if (Header().Match(line) is { Success: true } header)
            {
                if (name is not null) yield return new(name, lines);
                (name, lines) = (header.Groups[1].Value, []);
            }
            else if (Instruction().IsMatch(line) || Label().IsMatch(line))
            {
                lines.Add(line.Trim());
            }
        }

        if (name is not null) yield return new(name, lines);
    }

    /// <summary>The instructions of the innermost loop with the most of some instructions; those between prologue and epilogue when there is no loop.</summary>
    public IReadOnlyList<string> MainLoop(Regex instruction)
    {
        Dictionary<string, int> labels = Enumerable.Range(0, Lines.Count).Where(i => Label().IsMatch(Lines[i]))
            .ToDictionary(i => Label().Match(Lines[i]).Groups[1].Value);
        List<(int Start, int End)> loops = [];
        for (int i = 0; i < Lines.Count; i++)
        {
            if (Jump().Match(Lines[i]) is { Success: true } jump && labels[jump.Groups[1].Value] < i) loops.Add((labels[jump.Groups[1].Value], i));
        }

        IEnumerable<(int Start, int End)> innermost = loops.Where(l => !loops.Any(o => o != l && o.Start >= l.Start && o.End <= l.End));
        int[] borders = [.. labels.Values.Order()];
        (int start, int end) = loops.Count > 0 ? innermost.MaxBy(l => Instructions(l).Count(instruction.IsMatch)) : (borders[1], borders[^1]);
        return [.. Instructions((start, end))];

        IEnumerable<string> Instructions((int Start, int End) range) =>
            Lines.Skip(range.Start).Take(range.End - range.Start + 1).Where(l => !Label().IsMatch(l));
    }

    [GeneratedRegex(@"^; Assembly listing for method (\S+?)\(")]
    private static partial Regex Header();

    [GeneratedRegex(@"^(G_M\w+):")]
    private static partial Regex Label();

    [GeneratedRegex(@"^\s+(?!align)[a-z]")]
    private static partial Regex Instruction();

    [GeneratedRegex(@"^(?:j\w+|b\.?\w*|cbn?z|tbn?z)\s.*?(G_M\w+)$")]
    private static partial Regex Jump();
}
