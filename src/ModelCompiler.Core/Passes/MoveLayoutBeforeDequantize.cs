using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Layout changes of dequantised values become changes of the integers: constants stay integers, and operators see the conversion right before them.
/// </summary>
internal static class MoveLayoutBeforeDequantize
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        Dictionary<int, Node> producers = graph.Producers();
        foreach (Node node in graph.Nodes)
        {
            if (node.Operator is not (Transpose or Reshape) || !producers.TryGetValue(node.Inputs[0], out Node? dequantize)
                || dequantize.Operator is not Dequantize) continue;
            Value integer = editor[dequantize.Inputs[0]];
            if (integer.Constant is null && !integer.IsQuantized) continue;
            if (node.Operator is Reshape && integer.Q is { IsPerTensor: false, Axis: not 0 }) continue;
            Value moved = editor.Add(integer.Constant is null ? node.Name : integer.Name, node.Origin, node.Operator, [integer.Id]);
            Node replacement = dequantize with { Name = node.Name, Inputs = dequantize.Inputs.SetItem(0, moved.Id), Outputs = node.Outputs };
            editor.Replace(node, replacement);
            producers[node.Outputs[0]] = replacement;
        }

        return editor.ToGraph();
    }
}
