using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>Layout changes of dequantised constants become changes of the constants themselves, so that weights stay integers.</summary>
internal static class MoveLayoutIntoConstants
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        Dictionary<int, Node> producers = graph.Producers();
        foreach (Node node in graph.Nodes)
        {
            if (node.Operator is not (Transpose or Reshape) || !producers.TryGetValue(node.Inputs[0], out Node? dequantize) || dequantize.Operator is not Dequantize) continue;
            Value constant = editor[dequantize.Inputs[0]];
            if (constant.Constant is null || (node.Operator is Reshape && constant.Q is { IsPerTensor: false, Axis: not 0 })) continue;
            Value moved = editor.Add(constant.Name, node.Origin, node.Operator, [constant.Id]);
            Node replacement = dequantize with { Name = node.Name, Inputs = dequantize.Inputs.SetItem(0, moved.Id), Outputs = node.Outputs };
            editor.Replace(node, replacement);
            producers[node.Outputs[0]] = replacement;
        }

        return editor.ToGraph();
    }
}
