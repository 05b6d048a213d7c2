using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Import;

/// <summary>
/// The option <c>InputValues</c>: inputs that become constants of the network, such as <c>axes:0,2;depth:10</c>. Exporters write axes,
/// shapes and counts as inputs that never change; a compiler must know them.
/// </summary>
internal sealed class InputValues
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = [];

    /// <summary>Reads the option.</summary>
    /// <exception cref="ModelCompilationException">MC9002: the text is not a list of values.</exception>
    public static InputValues Parse(string? text)
    {
        var result = new InputValues();
        foreach (string item in (text ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int colon = item.LastIndexOf(':');
            if (colon < 0) throw Unreadable(item);
            result._values[item[..colon].Trim()] = item[(colon + 1)..].Trim();
        }

        return result;
    }

    /// <summary>The elements given for an input, or null.</summary>
    /// <exception cref="ModelCompilationException">MC9002: they are not as many as the shape needs, or not of its type.</exception>
    public TensorData? For(string input, TensorType type)
    {
        if (!_values.TryGetValue(input, out string? text)) return null;
        _used.Add(input);
        string[] items = text.Length == 0 ? [] : text.Split(',', StringSplitOptions.TrimEntries);
        if (items.Length != type.Shape.Elements)
            throw new ModelCompilationException("MC9002", $"Option '{OptionText.Of(nameof(CompilationOptions.InputValues))}' gives {items.Length} values for "
                + $"input '{input}' of shape {type.Shape}.", $"Give {type.Shape.Elements} values, row-major.");
        var data = new TensorData(type.Type, type.Shape);
        for (int i = 0; i < items.Length; i++)
        {
            if (!TrySet(data, i, items[i])) throw Unreadable($"{input}:{items[i]}");
        }

        return data;
    }

    /// <summary>MC9003 when values were given for an input that does not exist.</summary>
    public void RequireAllUsed()
    {
        string? unused = _values.Keys.FirstOrDefault(k => !_used.Contains(k));
        if (unused is not null)
            throw new ModelCompilationException("MC9003", $"Option '{OptionText.Of(nameof(CompilationOptions.InputValues))}' names the input '{unused}', "
                + "which the model does not have.", "Use the names that 'modelc inspect' shows.");
    }

    /// <summary>The text that gives an input these elements.</summary>
    public static string Format(string input, TensorData data)
    {
        return $"{input}:{string.Join(",", Enumerable.Range(0, data.Count).Select(Element))}";

        string Element(int i) => data.Type switch
        {
            ElementType.Int64 => data.As<long>()[i].ToString(CultureInfo.InvariantCulture),
            ElementType.UInt64 => data.As<ulong>()[i].ToString(CultureInfo.InvariantCulture),
            _ => data.ToDouble(i).ToString("R", CultureInfo.InvariantCulture).Replace("Infinity", "inf", StringComparison.Ordinal),
        };
    }

    private static bool TrySet(TensorData data, int i, string text)
    {
        if (data.Type == ElementType.Int64 && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long integer))
            data.As<long>()[i] = integer;
        else if (data.Type == ElementType.UInt64 && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong unsigned))
            data.As<ulong>()[i] = unsigned;
        else if (double.TryParse(text.Replace("inf", "Infinity", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out double real))
            data.Set(i, real);
        else return false;
        return true;
    }

    private static ModelCompilationException Unreadable(string item) =>
        new("MC9002", $"'{item}' is not a value for option '{OptionText.Of(nameof(CompilationOptions.InputValues))}'.",
            "Give values such as 'axes:0,2;depth:10', separated by semicolons.");
}
