using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>How nodes take part in post-training quantisation: as their operators say,
/// and library operators that only move elements hand on 8-bit integers.</summary>
internal static class IntegerRules
{
    /// <summary>The rule of a node.</summary>
    public static QuantizationRule Of(ModelGraph graph, Node node) => node.Operator switch
    {
        Gather when graph.Values[node.Inputs[1]].Constant is not null => QuantizationRule.SameAsInput,
        Take take when take.Indices.All(i => i >= 0) && node.Inputs.Length == 1 => QuantizationRule.SameAsInput,
        Resample resample when IsMean(resample) => QuantizationRule.SameAsInput,
        Elementwise { HasTable: true } => QuantizationRule.Integer,
        { } op => op.QuantizationRule,
    };

    // Weighted means, so that zero points stay and no integer overflows.
    private static bool IsMean(Resample op) => op.Indices.All(i => i >= 0) && op.Weights.All(w => w >= 0) && op.Weights.Chunk(op.Taps)
        .All(w => Math.Abs(w.Sum() - 1) < 1e-4f);

    /// <summary>True for an input that is not quantised with the rest: constant indices.</summary>
    public static bool IsIndex(Node node, int input) => node.Operator is Gather && input == 1;
}
