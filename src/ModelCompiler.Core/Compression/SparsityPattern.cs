using System.Globalization;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Which weights of a layer become zero together. The weights are a matrix, outputs × inputs; a unit is a tile of it, of consecutive outputs and consecutive
/// inputs (the channels of one place in the window are neighbours); at the edges of the matrix tiles are smaller.
/// </summary>
/// <param name="Rows">Outputs of a unit.</param>
/// <param name="Columns">Inputs of a unit.</param>
/// <param name="Kept">Of every <paramref name="Of"/> units of a row so many stay; 0 where a share of the layer goes instead.</param>
/// <param name="Of">Units of a group; 0 without groups.</param>
internal sealed partial record SparsityPattern(int Rows, int Columns, int Kept = 0, int Of = 0)
{
    private const int LargestBlock = 256;

    /// <summary>Single weights.</summary>
    public static SparsityPattern Unstructured { get; } = new(1, 1);

    /// <summary>True for weights that go together.</summary>
    public bool IsBlock => Rows * Columns > 1;

    /// <summary>True when the pattern itself says how many weights stay.</summary>
    public bool IsFixed => Of > 0;

    /// <summary>The share of zeros that the pattern itself prescribes.</summary>
    public double FixedShare => IsFixed ? 1 - ((double)Kept / Of) : 0;

    /// <summary>True for layers that can have it: channels that are convolved alone have no neighbours, and groups of N:M must divide the inputs.</summary>
    public bool Suits(ConvGeometry layer) =>
        IsFixed ? layer.Taps % Of == 0 && layer.InPerGroup > 1 : Rows * Columns == 1 || (layer.InPerGroup > 1 && layer.OutPerGroup > 1);

    /// <summary>Outputs and inputs of a unit; at the edges of the matrix there are fewer.</summary>
    public (int Rows, int Columns) SizeOf(int tile, int unit, int outputs, int inputs) =>
        (Math.Min(Rows, outputs - (tile * Rows)), Math.Min(Columns, inputs - (unit * Columns)));

    /// <summary>Reads the option: <c>Unstructured</c>, <c>2:4</c> (any N:M), <c>Block1x4</c> or <c>Block16x4</c> (any outputs × inputs).</summary>
    /// <exception cref="ModelCompilationException">MC9002: another text.</exception>
    public static SparsityPattern Parse(string text)
    {
        if (text.Equals(nameof(Unstructured), StringComparison.OrdinalIgnoreCase)) return Unstructured;
        if (NOfM().Match(text) is { Success: true } some && Number(some, 1) is var kept && Number(some, 2) is var of && kept > 0 && kept < of
            && of <= LargestBlock) return new(1, 1, kept, of);
        if (Block().Match(text) is { Success: true } block && Number(block, 1) is var rows and > 0 and <= LargestBlock
            && Number(block, 2) is var columns and > 0 and <= LargestBlock) return new(rows, columns);
        throw new ModelCompilationException("MC9002", $"'{text}' is not a value of option '{OptionText.Of(nameof(CompilationOptions.Pruning))}'.",
            "Give Channels, Unstructured, N:M such as 2:4 (of every four weights two stay), or a block of outputs × inputs such as Block1x4 or Block16x4.");
    }

    /// <inheritdoc/>
    public override string ToString() => IsFixed ? $"{Kept}:{Of}" : Rows * Columns == 1 ? nameof(Unstructured) : $"Block{Rows}x{Columns}";

    private static int Number(Match match, int group) =>
        int.TryParse(match.Groups[group].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : 0;

    [GeneratedRegex("^([0-9]+):([0-9]+)$")]
    private static partial Regex NOfM();

    [GeneratedRegex("^[Bb]lock([0-9]+)x([0-9]+)$")]
    private static partial Regex Block();
}
