using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>A flattened transposition before a fully connected layer becomes a permutation of the layer's weight columns.</summary>
internal static class FoldTransposeIntoWeights
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        Dictionary<int, Node> producers = graph.Producers();
        foreach (Node node in graph.Nodes)
        {
            if (node.Operator is not FullyConnected || !producers.TryGetValue(node.Inputs[0], out Node? flatten) || flatten.Operator is not Reshape) continue;
            if (!producers.TryGetValue(flatten.Inputs[0], out Node? transpose) || transpose.Operator is not Transpose { Order: var order } || order[0] != 0)
                continue;
            Value weights = editor[node.Inputs[1]];
            Value source = editor[transpose.Inputs[0]];
            if (weights.Constant is null || source.Shape[0] * weights.Shape[1] != source.Shape.Elements || editor[node.Inputs[0]].Shape.Rank != 2) continue;

            // Columns follow the transposed order; put them back into the source's order.
            int[] inverse = [.. Enumerable.Range(0, order.Count).Select(i => order.ToList().IndexOf(i))];
            var columns = new Shape(editor[flatten.Inputs[0]].Shape.Select((d, i) => i == 0 ? weights.Shape[0] : d));
            Value split = editor.AddConstant(weights.Name, weights.Constant.Reshape(columns), weights.Quantization);
            Value permuted = editor.Add(weights.Name, node.Origin, new Transpose(inverse), [split.Id], weights.Quantization);
            Value joined = editor.AddConstant(weights.Name, permuted.Constant!.Reshape(weights.Shape), weights.Quantization);
            Value flat = editor.Add(flatten.Name, flatten.Origin, flatten.Operator, [source.Id], source.Quantization);
            editor.Replace(node, node with { Inputs = [flat.Id, joined.Id, .. node.Inputs.Skip(2)] });
            note($"Folded a transposition into the weights of '{node.Name}'.");
        }

        return editor.ToGraph();
    }
}
