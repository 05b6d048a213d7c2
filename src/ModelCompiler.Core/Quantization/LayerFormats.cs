using System.IO.Enumeration;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>The numeric format of one layer.</summary>
/// <param name="Precision">Float32, Float16, Int16 or Int8.</param>
/// <param name="WeightBits">Bits of integer weights, 2 to 8; 0 for as many as the other options say.</param>
internal sealed record NumberFormat(Precision Precision, int WeightBits)
{
    /// <summary>True when activations are integers.</summary>
    public bool IsInteger => Precision is not (Precision.Float32 or Precision.Float16);

    /// <summary>True when activations are 16-bit integers.</summary>
    public bool IsWide => Precision == Precision.Int16;
}

/// <summary>
/// The formats that <see cref="CompilationOptions.Precision"/> and <see cref="CompilationOptions.LayerPrecision"/> give the nodes of a network.
/// </summary>
internal sealed class LayerFormats
{
    private const double NameTolerance = 0.4;

    private readonly List<(string Pattern, NumberFormat Format)> _rules = [];
    private readonly NumberFormat? _common;

    /// <summary>Reads the options.</summary>
    /// <exception cref="ModelCompilationException">MC9002: they cannot be read.</exception>
    public LayerFormats(CompilationOptions options)
    {
        _common = options.Precision is Precision.Float32 or Precision.Float16 or Precision.Int16 ? new(options.Precision, 0) : null;
        foreach (string entry in (options.LayerPrecision ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = entry.LastIndexOf('=');
            if (equals <= 0) throw Wrong(entry, "names no layer and format");
            _rules.Add((entry[..equals].Trim(), Format(entry, entry[(equals + 1)..].Trim())));
        }
    }

    /// <summary>True when some layers are to be integers although the network as a whole is not.</summary>
    public bool HasIntegers => _rules.Exists(r => r.Format.IsInteger);

    /// <summary>True when single layers have formats of their own.</summary>
    public bool HasRules => _rules.Count > 0;

    /// <summary>What the options say about a node; null when they leave it open.</summary>
    public NumberFormat? Of(Node node) => Rule(node) ?? _common;

    /// <summary>What the options say about the bits of a layer's weights; 0 when they leave it open.</summary>
    public int WeightBits(Node node) => Rule(node)?.WeightBits ?? 0;

    /// <summary>Why a node stays in float, as far as the options say so; null when they do not.</summary>
    public string? WhyFloat(Node node) => Of(node) is not { IsInteger: false } format ? null
        : $"as {(Rule(node) is null ? nameof(CompilationOptions.Precision) : nameof(CompilationOptions.LayerPrecision))} says {format.Precision}";

    /// <summary>To call with the network that users know the names of.</summary>
    /// <exception cref="ModelCompilationException">MC9002: a name fits no node.</exception>
    public void RequireKnown(ModelGraph graph)
    {
        string[] names = [.. graph.Nodes.Where(n => n.Operator is ILinearLayer).Concat(graph.Nodes).Select(n => n.ShortName).Distinct()];
        foreach ((string pattern, _) in _rules)
        {
            if (graph.Nodes.Any(n => IsNamed(n, pattern))) continue;
            throw new ModelCompilationException("MC9002", $"{OptionText.Of(nameof(CompilationOptions.LayerPrecision))} names '{pattern}', and no layer is "
                + $"called so{(Misspelling.Nearest(pattern, names, NameTolerance) is { } nearest ? $"; did you mean '{nearest}'?" : ".")}",
                $"Layers are: {string.Join(", ", names.Take(12).Select(n => $"'{n}'"))}{(names.Length > 12 ? $" and {names.Length - 12} others" : "")}; "
                + "modelc inspect lists them.");
        }
    }

    private NumberFormat? Rule(Node node) => _rules.FindLast(r => IsNamed(node, r.Pattern)).Format;

    // Chains of factors are called like the layer that they stand for, with a letter behind.
    private static bool IsNamed(Node node, string pattern) => node.ShortName is var name && (FileSystemName.MatchesSimpleExpression(pattern, name)
        || FileSystemName.MatchesSimpleExpression(pattern, node.Name)
        || (name.Length > 2 && name[^2] == '/' && char.IsAsciiLetterLower(name[^1])
            && FileSystemName.MatchesSimpleExpression(pattern, name.AsSpan(0, name.Length - 2))));

    private static NumberFormat Format(string entry, string text)
    {
        if (text.Length == 4 && text.StartsWith("Int", StringComparison.OrdinalIgnoreCase) && text[3] is >= '2' and <= '7')
            return new(Precision.Int8, text[3] - '0');
        if (Enum.TryParse(text, ignoreCase: true, out Precision precision) && precision is Precision.Float32 or Precision.Float16 or Precision.Int16
            or Precision.Int8)
            return new(precision, precision is Precision.Int16 or Precision.Int8 ? 8 : 0);
        throw Wrong(entry, $"asks for '{text}', which is no format");
    }

    private static ModelCompilationException Wrong(string entry, string problem) => new("MC9002",
        $"{OptionText.Of(nameof(CompilationOptions.LayerPrecision))} '{entry}' {problem}.",
        "Give names and formats such as 'conv1=Float32;block3/*=Int4': Float32, Float16, Int16, or Int2 to Int8 for the bits of weights.");
}
