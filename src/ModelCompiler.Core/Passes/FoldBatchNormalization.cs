using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Folds batch normalisation into the weights and bias of the layer before it; one that follows no layer becomes a depthwise 1×1 convolution,
/// so that it quantises like any other layer.
/// </summary>
internal static class FoldBatchNormalization
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        Dictionary<int, Node> producers = graph.Producers();
        ILookup<int, Node> consumers = graph.Consumers();
        int folded = 0;
        foreach (Node node in graph.Nodes)
        {
            if (node.Operator is not BatchNormalization normalization || node.Inputs.Skip(1).Any(i => editor[i].Constant is null)) continue;
            Value input = editor[node.Inputs[0]];
            if (normalization.Axis != input.Shape.Rank - 1) continue;
            (float[] scale, float[] offset) = normalization.Affine(editor[node.Inputs[1]].Constant!, editor[node.Inputs[2]].Constant!,
                editor[node.Inputs[3]].Constant!, editor[node.Inputs[4]].Constant!);
            if (producers.TryGetValue(node.Inputs[0], out Node? layer) && consumers[node.Inputs[0]].Count() == 1 && !graph.IsResult(node.Inputs[0])
                && IsFoldable(layer, editor))
            {
                Node current = editor.Nodes.First(n => n.Outputs[0] == layer.Outputs[0]);
                editor.Replace(current, current with { Inputs = [current.Inputs[0], Scaled(editor, current, scale).Id,
                    Bias(editor, current, scale, offset).Id] });
                editor.ReplaceUses(node.Outputs[0], node.Inputs[0]);
                editor.Replace(node);
                folded++;
            }
            else if (input.Shape.Rank == 4)
            {
                Value weights = editor.AddConstant(node.Name + "/scale", TensorData.Of(new Shape(scale.Length, 1, 1, 1), scale));
                Value bias = editor.AddConstant(node.Name + "/offset", TensorData.Of(new Shape(offset.Length), offset));
                editor.Replace(node, node with { Operator = new Conv(1, 1, 1, 1, 0, 0, 0, 0, scale.Length, ActivationRange.None),
                    Inputs = [node.Inputs[0], weights.Id, bias.Id] });
            }
        }

        if (folded > 0) note($"Folded {folded} batch normalisations into the layers before them.");
        return editor.ToGraph();
    }

    private static bool IsFoldable(Node layer, GraphEditor editor) =>
        layer.Operator is Conv { Activation.IsNone: true } or FullyConnected { Activation.IsNone: true }
        && editor[layer.Inputs[1]].Constant is { Type: CodeGen.Plan.ElementType.Float32 }
        && (layer.Inputs.Length < 3 || layer.Inputs[2] < 0 || editor[layer.Inputs[2]].Constant is not null);

    private static Value Scaled(GraphEditor editor, Node layer, float[] scale)
    {
        Value weights = editor[layer.Inputs[1]];
        float[] values = weights.Constant!.ToFloats();
        int taps = values.Length / scale.Length;
        for (int i = 0; i < values.Length; i++) values[i] *= scale[i / taps];
        return editor.AddConstant(weights.Name, TensorData.Of(weights.Shape, values));
    }

    private static Value Bias(GraphEditor editor, Node layer, float[] scale, float[] offset)
    {
        float[] bias = layer.Inputs.Length > 2 && layer.Inputs[2] >= 0 ? editor[layer.Inputs[2]].Constant!.ToFloats() : new float[scale.Length];
        for (int i = 0; i < bias.Length; i++) bias[i] = (bias[i] * scale[i]) + offset[i];
        return editor.AddConstant(layer.Name + "/bias", TensorData.Of(new Shape(bias.Length), bias));
    }
}
