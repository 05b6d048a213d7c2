using System.Numerics;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>What there is to say about the weights of a layer.</summary>
internal static class LayerWeights
{
    /// <summary>The facts with those about the weights.</summary>
    /// <param name="facts">Those about the layer's result.</param>
    /// <param name="layer">Its operator.</param>
    /// <param name="graph">The network that the node is of.</param>
    /// <param name="node">The layer.</param>
    /// <param name="compiled">The weights in the compiled network; null when they are not known.</param>
    public static LayerFacts Complete(LayerFacts facts, ILinearLayer layer, ModelGraph graph, Node node, Value? compiled)
    {
        Value weights = graph.Values[node.Inputs[ILinearLayer.Weights]];
        return facts with
        {
            WeightBits = compiled is { Quantization: not null, Constant: { Count: > 0 } integers } ? Bits(integers, compiled.Q) : null,
            WeightSpread = weights.Constant is { Count: > 0 } constant ? Spread(constant, weights) : null,
            IsDepthwise = layer.Geometry(graph.Values[node.Inputs[0]].Shape, weights.Shape, graph.Values[node.Outputs[0]].Shape).IsDepthwise,
        };
    }

    // Of two's complement around the zero point.
    private static int Bits(TensorData integers, QuantizationParameters q)
    {
        int slice = Math.Max(1, integers.Count / q.ZeroPoints.Count), largest = 0;
        for (int i = 0; i < integers.Count; i++)
        {
            int x = integers.ToInt32(i) - (q.IsPerTensor ? q.ZeroPoint : q.Axis == 0 ? q.ZeroPointOf(Math.Min(i / slice, q.ZeroPoints.Count - 1)) : 0);
            largest = Math.Max(largest, x < 0 ? ~x : x);
        }

        return Math.Clamp(BitOperations.Log2((uint)Math.Max(1, largest)) + 2, 2, integers.Type.Size() * 8);
    }

    private static double? Spread(TensorData constant, Value weights)
    {
        int channels = weights.Shape[0], slice = constant.Count / Math.Max(1, channels);
        double smallest = double.PositiveInfinity, largest = 0;
        for (int c = 0; c < channels; c++)
        {
            double most = 0;
            for (int i = c * slice; i < (c + 1) * slice; i++) most = Math.Max(most, Math.Abs(Real(i, c)));
            if (most > 0) smallest = Math.Min(smallest, most);
            largest = Math.Max(largest, most);
        }

        return largest > 0 ? largest / smallest : null;

        double Real(int i, int channel) => weights.Quantization is { } q && weights.Type.IsInteger()
            ? (constant.ToDouble(i) - (q.Axis == 0 ? q.ZeroPointOf(channel) : q.ZeroPoint)) * (q.Axis == 0 ? q.ScaleOf(channel) : q.Scale)
            : constant.ToDouble(i);
    }
}
