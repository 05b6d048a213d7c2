using System.Globalization;

namespace ModelCompiler.Core.Import;

/// <summary>What a model declares about a dimension of an input.</summary>
/// <param name="Size">The size, or what is taken when none is given; null when it is open.</param>
/// <param name="IsFixed">True when no other size may be given.</param>
/// <param name="Name">The name that stands for the size, or empty.</param>
internal readonly record struct InputDimension(int? Size, bool IsFixed, string Name)
{
    /// <summary>Dimensions for people: sizes, else names, else question marks.</summary>
    public static string Text(IEnumerable<InputDimension> dimensions) => $"[{string.Join(", ", dimensions.Select(d => d.ToString()))}]";

    /// <inheritdoc/>
    public override string ToString() => IsFixed ? Size!.Value.ToString(CultureInfo.InvariantCulture) : Name.Length > 0 ? Name : "?";
}

/// <summary>Inputs whose shapes neither the model nor the options tell: they are collected, so that one message names all.</summary>
internal sealed class OpenInputs
{
    // Examples only: a picture, and a length that is no other number's.
    private const int Side = 224;
    private const int Colours = 3;
    private const int Length = 16;
    private readonly List<(string Name, string Shape, string Example)> _inputs = [];
    private readonly Dictionary<string, int> _examples = new(StringComparer.Ordinal);

    /// <summary>Adds one.</summary>
    /// <param name="input">Its name.</param>
    /// <param name="declared">What is known of its dimensions; null when not even how many there are.</param>
    /// <param name="channels">The place of the channels in images.</param>
    public void Add(string input, IReadOnlyList<InputDimension>? declared, int channels)
    {
        string example = declared is null ? $"1x{Length}" : string.Join("x",
            declared.Select((d, i) => Example(d, i, declared.Count, channels).ToString(CultureInfo.InvariantCulture)));
        _inputs.Add((input, declared is null ? "of unknown rank" : InputDimension.Text(declared), example));
    }

    /// <summary>True when the input is one of them.</summary>
    public bool Contains(string input) => _inputs.Any(i => i.Name == input);

    /// <summary>MC2003 when there are some.</summary>
    /// <param name="given">The shapes that are given already, as they stand in the option.</param>
    public void RequireNone(string given)
    {
        if (_inputs.Count == 0) return;
        string reason = _inputs.Count == 1
            ? $"Input '{_inputs[0].Name}' has an open shape: {_inputs[0].Shape}."
            : $"{_inputs.Count.ToString(CultureInfo.InvariantCulture)} inputs have open shapes: "
            + $"{string.Join(", ", _inputs.Select(i => $"'{i.Name}' {i.Shape}"))}.";
        string example = string.Join(";", _inputs.Select(i => $"{i.Name}:{i.Example}").Prepend(given).Where(t => t.Length > 0));
        throw new ModelCompilationException("MC2003", reason,
            $"Say which shapes to compile for with the option {OptionText.Of(nameof(CompilationOptions.InputShapes))}, for example "
            + $"{OptionText.Set(nameof(CompilationOptions.InputShapes), example)}.");
    }

    // Dimensions of one name are of one size.
    private int Example(InputDimension dimension, int axis, int rank, int channels)
    {
        int size = dimension.Size ?? (rank != 4 ? Length : axis == channels ? Colours : Side);
        if (dimension.IsFixed || dimension.Name.Length == 0) return size;
        return _examples.TryGetValue(dimension.Name, out int same) ? same : _examples[dimension.Name] = size;
    }
}
