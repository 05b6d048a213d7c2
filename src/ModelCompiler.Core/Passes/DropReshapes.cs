using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Takes out changes of shape that change nothing, as importers write them to give values the names of the file:
/// between elementwise operators they would hide what these compute together.
/// </summary>
internal static class DropReshapes
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        bool found = false;
        foreach (Node node in graph.Nodes)
        {
            if (node.Operator is not Reshape || graph.IsResult(node.Outputs[0])) continue;
            (Value input, Value output) = (graph.Values[node.Inputs[0]], graph.Values[node.Outputs[0]]);
            if (input.TensorType != output.TensorType || output.Type is not (ElementType.Float32 or ElementType.Float16)) continue;
            editor.ReplaceUses(output.Id, input.Id);
            found = true;
        }

        return found ? editor.ToGraph() : graph;
    }
}
