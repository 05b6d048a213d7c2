using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>Takes clamping activations (ReLU, ReLU6, clip) into the operator before them.</summary>
internal static class FuseActivations
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        int fused = 0;
        for (bool again = true; again;)
        {
            again = false;
            var editor = new GraphEditor(graph);
            Dictionary<int, Node> producers = graph.Producers();
            ILookup<int, Node> consumers = graph.Consumers();
            var touched = new HashSet<Node>();
            foreach (Node node in graph.Nodes)
            {
                if (node.Operator is not IClampingActivation { Range: { } range } || !producers.TryGetValue(node.Inputs[0], out Node? before)) continue;
                if (before.Operator is not IFusesActivation fusing || touched.Contains(before) || consumers[node.Inputs[0]].Count() != 1
                    || graph.IsResult(node.Inputs[0])) continue;
                Value middle = graph.Values[node.Inputs[0]];
                Value output = graph.Values[node.Outputs[0]];
                if (middle.Quantization != output.Quantization) continue;
                editor.Replace(before, before with { Operator = fusing.WithActivation(fusing.Activation.Then(range)), Outputs = node.Outputs });
                editor.Replace(node);
                touched.Add(before);
                touched.Add(node);
                fused++;
                again = true;
            }

            graph = editor.ToGraph();
        }

        if (fused > 0) note($"Fused {fused} activations into the layers before them.");
        return graph;
    }
}
