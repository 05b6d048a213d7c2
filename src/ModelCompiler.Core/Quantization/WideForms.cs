using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Activations of 16 bits beside weights of 8: symmetric, as TFLite has them (its "16x8" scheme), so that no zero point costs anything, with biases and sums
/// of 64 bits.
/// </summary>
internal static class WideForms
{
    /// <summary>What TFLite gives results between −1 and 1.</summary>
    public static QuantizationParameters Unit { get; } = new(1f / 32768, 0);

    /// <summary>True for an operator that computes on such activations.</summary>
    public static bool Has(ModelGraph graph, Node node) => node.Operator switch
    {
        Conv or FullyConnected => true,
        Binary { Kind: BinaryKind.Add or BinaryKind.Subtract or BinaryKind.Multiply } => true,
        Unary unary => unary.Range is not null || unary.Kind is UnaryKind.LeakyRelu || IsUnit(node.Operator),
        Softmax softmax => softmax.Axis == graph.Values[node.Inputs[0]].Shape.Rank - 1,
        Pool pool => pool is { DilationDown: 1, DilationRight: 1, CountIncludePad: false },
        Reshape or Transpose or Pad => true,
        _ => false,
    };

    /// <summary>True for functions whose results lie between −1 and 1.</summary>
    public static bool IsUnit(Operator op) => op is Softmax or Unary { Kind: UnaryKind.Sigmoid or UnaryKind.Tanh };

    /// <summary>The scale of a value: its largest magnitude becomes 32767.</summary>
    public static QuantizationParameters Of(ValueRange range)
    {
        float largest = Math.Max(Math.Abs(range.Min), Math.Abs(range.Max));
        return new(largest > 0 ? largest / short.MaxValue : 1f / 32768, 0);
    }

    /// <summary>A bias in units of input scale × weight scale.</summary>
    public static TensorData Bias(ReadOnlySpan<float> bias, QuantizationParameters input, QuantizationParameters weights)
    {
        var integers = new long[bias.Length];
        for (int c = 0; c < integers.Length; c++) integers[c] = (long)Math.Round(bias[c] / ((double)input.Scale * weights.ScaleOf(c)));
        return TensorData.Of(new Shape(integers.Length), integers);
    }
}
