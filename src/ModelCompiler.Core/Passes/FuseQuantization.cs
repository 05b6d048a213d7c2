using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Turns DequantizeLinear → operator → QuantizeLinear into the operator on integers. This is how ONNX writes quantised networks: float operators between
/// conversions, which no engine is meant to execute.
/// </summary>
internal static class FuseQuantization
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        int fused = 0;
        for (bool again = true; again;)
        {
            var editor = new GraphEditor(graph);
            Dictionary<int, Node> producers = graph.Producers();
            ILookup<int, Node> consumers = graph.Consumers();
            again = false;
            foreach (Node node in graph.Nodes)
            {
                if (!TryFuse(graph, editor, producers, consumers, node)) continue;
                fused++;
                again = true;
                break;
            }

            graph = editor.ToGraph();
        }

        if (fused > 0) note($"Computed {fused} operators between conversions in integers.");
        return graph;
    }

    private static bool TryFuse(ModelGraph graph, GraphEditor editor, Dictionary<int, Node> producers, ILookup<int, Node> consumers, Node node)
    {
        if (node.Operator is Quantize) return TryJoin(graph, editor, producers, node);
        if (node.Operator.QuantizationRule == QuantizationRule.Float || node.Outputs.Length != 1) return false;
        int result = node.Outputs[0];
        if (graph.IsResult(result) || consumers[result].ToArray() is not [{ Operator: Quantize } quantize]) return false;

        // A clamp between the operator and the conversion is fused before; what is left must come from 8-bit values.
        bool isLayer = node.Operator is ILinearLayer;
        var inputs = new List<int>();
        for (int i = 0; i < node.Inputs.Length; i++)
        {
            int input = node.Inputs[i];
            if (input < 0)
            {
                inputs.Add(input);
            }
            else if (producers.TryGetValue(input, out Node? dequantize) && dequantize.Operator is Dequantize)
            {
                Value source = graph.Values[dequantize.Inputs[0]];
                bool isBias = i == ILinearLayer.Bias && isLayer;
                if (isBias ? source.Type != ElementType.Int32 || source.Constant is null : !source.IsQuantized) return false;
                inputs.Add(isBias && !HasBiasScale(source, graph.Values[inputs[0]], graph.Values[inputs[1]])
                    ? IntegerBias(editor, graph.Values[inputs[0]], graph.Values[inputs[1]], node, Dequantize.ToReals(source.Constant!, source.Q))
                    : source.Id);
            }
            else if (i == ILinearLayer.Bias && isLayer && graph.Values[input].Constant is { } bias)
            {
                inputs.Add(IntegerBias(editor, graph.Values[inputs[0]], graph.Values[inputs[1]], node, bias.ToFloats()));
            }
            else
            {
                return false;
            }
        }

        Value output = graph.Values[quantize.Outputs[0]];
        if (!output.IsQuantized || !output.Q.IsPerTensor || !graph.Values[inputs[0]].Q.IsPerTensor) return false;
        if (isLayer && graph.Values[inputs[1]] is not { IsQuantized: true, Constant: not null, Q: { IsPerTensor: true } or { Axis: 0 } }) return false;
        if (!isLayer && inputs.Any(i => i >= 0 && (graph.Values[i].Type != output.Type || graph.Values[i].Q is not { IsPerTensor: true, Scale: > 0 })))
            return false;
        if (HandsOn(node.Operator) && graph.Values[inputs[0]].Quantization is var handed && output.Quantization != handed)
        {
            Value middle = editor.AddValue(node.Name, new TensorType(output.Type, output.Shape, handed));
            editor.Replace(quantize, quantize with { Inputs = [middle.Id] });
            editor.Replace(node, node with { Inputs = [.. inputs], Outputs = [middle.Id] });
            return true;
        }

        editor.Replace(quantize);
        editor.Replace(node, node with { Inputs = [.. inputs], Outputs = [output.Id] });
        return true;
    }

    // A conversion back and forth: nothing when both sides are the same, else integers to integers.
    private static bool TryJoin(ModelGraph graph, GraphEditor editor, Dictionary<int, Node> producers, Node quantize)
    {
        if (!producers.TryGetValue(quantize.Inputs[0], out Node? dequantize) || dequantize.Operator is not Dequantize) return false;
        (Value source, Value target) = (graph.Values[dequantize.Inputs[0]], graph.Values[quantize.Outputs[0]]);
        if (!source.IsQuantized || !source.Q.IsPerTensor || !target.IsQuantized || !target.Q.IsPerTensor) return false;
        if (source.TensorType == target.TensorType && !graph.IsResult(target.Id))
        {
            editor.ReplaceUses(target.Id, source.Id);
            editor.Replace(quantize);
        }
        else
        {
            editor.Replace(quantize, quantize with { Inputs = [source.Id] });
        }

        return true;
    }

    // Means are requantised on the way out; the others of this rule move integers without a look at their scale.
    private static bool HandsOn(Operator op) => op.QuantizationRule == QuantizationRule.SameAsInput && op is not Pool { Kind: PoolKind.Average };

    // Whether integers of the bias count in the accumulator's unit, input scale × weight scale, as they should.
    private static bool HasBiasScale(Value bias, Value input, Value weights)
    {
        QuantizationParameters q = bias.Q;
        if (q.ZeroPoints.Any(z => z != 0)) return false;
        return Enumerable.Range(0, bias.Shape.Elements).All(i => Math.Abs((q.ScaleOf(i) / ((double)input.Q.Scale * weights.Q.ScaleOf(i))) - 1) < 1e-5);
    }

    private static int IntegerBias(GraphEditor editor, Value input, Value weights, Node node, float[] real) =>
        editor.AddConstant(node.Name + "/bias", TensorData.Of(new Shape(real.Length), AffineRange.Bias(real, input.Q, weights.Q))).Id;
}
