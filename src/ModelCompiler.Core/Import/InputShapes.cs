using System.Globalization;

namespace ModelCompiler.Core.Import;

/// <summary>The option <c>InputShapes</c>: shapes for inputs whose dimensions the model leaves open, such as <c>image:1x3x224x224;mask:1x77</c>.</summary>
internal sealed class InputShapes
{
    private readonly Dictionary<string, int[]> _shapes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = [];
    private readonly HashSet<string> _absent = [];
    private readonly OpenInputs _open = new();
    private string _text = "";

    private static string Option { get; } = $"Option '{OptionText.Of(nameof(CompilationOptions.InputShapes))}'";

    /// <summary>Reads the option.</summary>
    /// <exception cref="ModelCompilationException">MC9002: the text is not a list of shapes.</exception>
    public static InputShapes Parse(string? text)
    {
        var result = new InputShapes { _text = (text ?? "").Trim().Trim(';') };
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
                if (!int.TryParse(dimensions[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
                {
                    throw new ModelCompilationException("MC9002", $"'{item}' is not a shape for option "
                        + $"'{OptionText.Of(nameof(CompilationOptions.InputShapes))}'.", "Give shapes such as 'image:1x3x224x224', separated by semicolons.");
                }
            }

            result._shapes[name] = shape;
        }

        return result;
    }

    /// <summary>
    /// The shape of an input: the one that is given, else the declared one. Where neither tells, the input counts as open, and its shape here means nothing.
    /// </summary>
    /// <param name="input">Its name. A shape without a name belongs to the only input.</param>
    /// <param name="declared">What the model says of its dimensions; null when not even how many there are.</param>
    /// <param name="inputCount">How many inputs the model has.</param>
    /// <param name="channels">The place of the channels in images, for examples.</param>
    /// <exception cref="ModelCompilationException">MC9003: the given shape contradicts the model.</exception>
    public int[] Bind(string input, IReadOnlyList<InputDimension>? declared, int inputCount, int channels)
    {
        string key = _shapes.ContainsKey(input) || inputCount != 1 ? input : "";
        _used.Add(key);
        if (_shapes.TryGetValue(key, out int[]? given))
        {
            if (declared is not null) RequireAgreement(input, given, declared);
            return given;
        }

        if (declared is null || declared.Any(d => d.Size is null)) _open.Add(input, declared, channels);
        return declared is null ? [] : [.. declared.Select(d => d.Size ?? 1)];
    }

    /// <summary>True when the shape of an input is not known.</summary>
    public bool IsOpen(string input) => _open.Contains(input);

    /// <summary>True when the option says that an optional value is not there, or that a sequence is empty: <c>name:none</c>.</summary>
    public bool IsAbsent(string input) => _absent.Contains(input);

    /// <summary>How many elements of a sequence have shapes: those called name_0, name_1 and so on.</summary>
    public int ElementsOf(string input)
    {
        int count = 0;
        while (_shapes.ContainsKey($"{input}_{count.ToString(CultureInfo.InvariantCulture)}")) count++;
        return count;
    }

    /// <summary>To call after all inputs.</summary>
    /// <exception cref="ModelCompilationException">MC9003: a shape was given for an input that does not exist. MC2003: inputs are open.</exception>
    public void RequireAll()
    {
        string? unused = _shapes.Keys.FirstOrDefault(k => !_used.Contains(k));
        if (unused is not null)
            throw new ModelCompilationException("MC9003", $"{Option} names the input '{unused}', which the model does not have.",
                "Use the names that 'modelc inspect' shows.");
        _open.RequireNone(_text);
    }

    private static void RequireAgreement(string input, int[] given, IReadOnlyList<InputDimension> declared)
    {
        string declaration = $"the model declares {InputDimension.Text(declared)}";
        string gives = $"{Option} gives {string.Join("x", given.Select(d => d.ToString(CultureInfo.InvariantCulture)))} for input '{input}'";
        if (given.Length != declared.Count)
            throw new ModelCompilationException("MC9003", $"{gives}, which has {given.Length} dimensions; {declaration}, which has {declared.Count}.",
                $"Give {declared.Count} dimensions.");
        string[] wrong = [.. Enumerable.Range(0, given.Length).Where(i => declared[i].IsFixed && declared[i].Size != given[i])
            .Select(i => $"dimension {i} must be {declared[i].Size}, not {given[i]}")];
        if (wrong.Length > 0) throw new ModelCompilationException("MC9003", $"{gives}, but {declaration}.", $"Counted from 0, {string.Join(", ", wrong)}.");
    }
}
