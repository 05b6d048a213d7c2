using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Takes conversions at the model's edges into its inputs and outputs: these then are integers, and the generated class offers them both as integers
/// and as real numbers.
/// </summary>
internal static class AbsorbEdgeConversions
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        ILookup<int, Node> consumers = graph.Consumers();
        Dictionary<int, Node> producers = graph.Producers();
        for (int i = 0; i < graph.Inputs.Length; i++)
        {
            Value input = graph.Values[graph.Inputs[i]];
            Node[] uses = [.. consumers[input.Id]];
            if (input.Type != ElementType.Float32 || uses.Length == 0 || graph.IsResult(input.Id) || uses.Any(u => u.Operator is not Quantize)) continue;
            Value integer = graph.Values[uses[0].Outputs[0]];
            if (graph.IsResult(integer.Id)) continue; // the conversion is what the network computes
            if (!integer.IsQuantized || !integer.Q.IsPerTensor || uses.Any(u => graph.Values[u.Outputs[0]].TensorType != integer.TensorType)) continue;
            editor.SetValue(integer with { Name = input.Name });
            editor.Inputs[i] = integer.Id;
            foreach (Node use in uses)
            {
                editor.Replace(use);
                if (use.Outputs[0] != integer.Id) editor.ReplaceUses(use.Outputs[0], integer.Id);
            }
        }

        for (int i = 0; i < graph.Outputs.Length; i++)
        {
            if (!producers.TryGetValue(graph.Outputs[i], out Node? producer) || producer.Operator is not Dequantize) continue;
            Value integer = graph.Values[producer.Inputs[0]];
            if (integer.IsQuantized && integer.Q.IsPerTensor && integer.Constant is null && !graph.Inputs.Contains(integer.Id)) editor.Outputs[i] = integer.Id;
        }

        return editor.ToGraph();
    }
}
