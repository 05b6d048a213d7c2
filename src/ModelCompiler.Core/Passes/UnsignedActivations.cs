using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Turns int8 activations into uint8 with a zero point 128 higher, for processors that multiply uint8 by int8. The real numbers stay the same, and so do all
/// results: only values whose operators compute with differences to the zero point change. Inputs and outputs of the model stay as they are.
/// </summary>
internal static class UnsignedActivations
{
    private const int Offset = 128;

    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        RequantizationMode mode = context.Options.Requantization;
        HashSet<int> signed = [.. graph.Inputs, .. graph.Outputs];
        for (int before = -1; before != signed.Count;)
        {
            before = signed.Count;
            foreach (Node node in graph.Nodes)
            {
                (int[] inputs, int[] outputs) = ([.. node.Inputs.Where(i => i >= 0)], [.. node.Outputs]);
                switch (node.Operator.Signs(new SignContext(graph.Values[node.Inputs.FirstOrDefault(i => i >= 0, outputs[0])], graph.Values[outputs[0]], mode)))
                {
                    case SignRule.InputsTogether:
                        TogetherOrNot(inputs);
                        break;
                    case SignRule.AllTogether:
                        TogetherOrNot([.. inputs, .. outputs]);
                        break;
                    case SignRule.Keep:
                        signed.UnionWith([.. inputs, .. outputs]);
                        break;
                }
            }
        }

        var editor = new GraphEditor(graph);
        int changed = 0;
        foreach (Value value in graph.Nodes.SelectMany(n => n.Outputs).Select(o => graph.Values[o]))
        {
            if (signed.Contains(value.Id) || value.Type != ElementType.Int8 || !value.IsQuantized || !value.Q.IsPerTensor) continue;
            editor.SetValue(value with { Type = ElementType.UInt8, Quantization = new QuantizationParameters(value.Q.Scale, value.Q.ZeroPoint + Offset) });
            changed++;
        }

        if (changed > 0) context.Note($"Holds {changed} int8 tensors as uint8, zero point 128 higher, which the processor multiplies faster.");
        return changed > 0 ? editor.ToGraph() : graph;

        // One that keeps its sign keeps that of the others; constants keep theirs.
        void TogetherOrNot(int[] values)
        {
            if (values.Any(v => signed.Contains(v) || graph.Values[v].Constant is not null || !graph.Values[v].IsQuantized)) signed.UnionWith(values);
        }
    }
}
