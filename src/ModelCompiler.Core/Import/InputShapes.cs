using System.Globalization;

namespace ModelCompiler.Core.Import;

/// <summary>The option <c>InputShapes</c>: shapes for inputs whose dimensions the model leaves open, such as <c>image:1x3x224x224;mask:1x77</c>.</summary>
internal sealed class InputShapes
{
    private readonly Dictionary<string, int[]> _shapes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = [];
    private readonly HashSet<string> _absent = [];

    /// <summary>Reads the option.</summary>
    /// <exception cref="ModelCompilationException">MC9002: the text is not a list of shapes.</exception>
    public static InputShapes Parse(string? text)
    {
        var result = new InputShapes();
        foreach (string item in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int colon = item.LastIndexOf(':');
            string name = colon < 0 ? "" : item[..colon].Trim();
            if (item[(colon + 1)..].Trim() == "none")
            {
                result._absent.Add(name);
                continue;
            }

            if (colon == item.Length - 1)
            {
                result._shapes[name] = [];
                continue;
            }

            string[] dimensions = item[(colon + 1)..].Split('x', StringSplitOptions.TrimEntries);
            var shape = new int[dimensions.Length];
            for (int i = 0; i < shape.Length; i++)
            {
                if (!int.TryParse(dimensions[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]) )
                {
                    throw new ModelCompilationException("MC9002", $"'{item}' is not a shape for option 'InputShapes'.", "Give shapes such as 'image:1x3x224x224', separated by semicolons.");
                }
            }

            result._shapes[name] = shape;
        }

        return result;
    }

    /// <summary>The shape given for an input, or null. A shape without a name belongs to the only input.</summary>
    public int[]? For(string input, int inputCount)
    {
        string key = _shapes.ContainsKey(input) || inputCount != 1 ? input : "";
        _used.Add(key);
        return _shapes.GetValueOrDefault(key);
    }

    /// <summary>True when the option says that an optional value is not there, or that a sequence is empty: <c>name:none</c>.</summary>
    public bool IsAbsent(string input) => _absent.Contains(input);

    /// <summary>How many elements of a sequence have shapes: those called name_0, name_1 and so on.</summary>
    public int ElementsOf(string input)
    {
        int count = 0;
        while (_shapes.ContainsKey($"{input}_{count.ToString(CultureInfo.InvariantCulture)}")) count++;
        return count;
    }

    /// <summary>MC9003 when a shape was given for an input that does not exist.</summary>
    public void RequireAllUsed()
    {
        string? unused = _shapes.Keys.FirstOrDefault(k => !_used.Contains(k));
        if (unused is not null) throw new ModelCompilationException("MC9003", $"Option 'InputShapes' names the input '{unused}', which the model does not have.", "Use the names that 'modelc inspect' shows.");
    }

    /// <summary>MC2003: a dimension is open.</summary>
    public ModelCompilationException Missing(string input, string what) => new("MC2003", $"Input '{input}' has an open shape ({what}).", $"Bind it with the option InputShapes, such as InputShapes=\"{input}:1x…\".");

    /// <summary>MC9003: the given shape contradicts the model.</summary>
    public ModelCompilationException Mismatch(string input, int[] given, int rank) =>
        new("MC9003", $"Option 'InputShapes' gives {string.Join("x", given)} for input '{input}', which the model contradicts (rank {rank}).", "Give a shape that agrees with the model's fixed dimensions.");
}
