using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>Takes padding with zeros into the convolution after it.</summary>
internal static class FusePadding
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        Dictionary<int, Node> producers = graph.Producers();
        int fused = 0;
        foreach (Node node in graph.Nodes)
        {
            if (node.Operator is not Conv conv || !producers.TryGetValue(node.Inputs[0], out Node? before) || before.Operator is not Pad pad) continue;
            Value source = graph.Values[before.Inputs[0]];
            if (source.Shape.Rank != 4 || !pad.PadsWithZeros(source) || source.Quantization != graph.Values[node.Inputs[0]].Quantization) continue;
            int[] begin = [.. pad.Before];
            int[] end = [.. pad.After];
            if (begin[0] != 0 || end[0] != 0 || begin[3] != 0 || end[3] != 0 || begin.Any(p => p < 0) || end.Any(p => p < 0)) continue;
            Conv padded = conv with { PadTop = conv.PadTop + begin[1], PadBottom = conv.PadBottom + end[1], PadLeft = conv.PadLeft + begin[2],
                PadRight = conv.PadRight + end[2] };
            editor.Replace(node, node with { Operator = padded, Inputs = node.Inputs.SetItem(0, before.Inputs[0]) });
            fused++;
        }

        if (fused > 0) note($"Fused {fused} paddings into the convolutions after them.");
        return editor.ToGraph();
    }
}
