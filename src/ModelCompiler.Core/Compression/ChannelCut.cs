using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>Takes channels out of a network: what computes them, and what reads them.</summary>
internal static class ChannelCut
{
    /// <summary>The network without some sets. Values that become smaller get numbers of their own.</summary>
    /// <param name="graph">The network; weights that read what goes do not count.</param>
    /// <param name="channels">The sets of a network of the same values.</param>
    /// <param name="gone">Sets that go.</param>
    public static ModelGraph Run(ModelGraph graph, CoupledChannels channels, IReadOnlySet<int> gone)
    {
        var editor = new GraphEditor(graph);
        var thinner = new Dictionary<int, int>();
        foreach (Node node in graph.Nodes)
        {
            bool isLayer = channels.IsThinnable(node);
            Value[] inputs = [.. node.Inputs.Select((id, i) => id < 0 ? null! : isLayer && i > 0 ? Parameter(node, i) : Thin(graph.Values[id]))];
            Node changed = node with { Inputs = [.. node.Inputs.Select((id, i) => id < 0 ? id : inputs[i].Id)],
                Outputs = [.. node.Outputs.Select(o => Thin(graph.Values[o]).Id)], Operator = Resized(node, inputs) };
            if (!changed.Inputs.SequenceEqual(node.Inputs) || !changed.Outputs.SequenceEqual(node.Outputs)) editor.Replace(node, changed);
        }

        return editor.ToGraph();

        Value Thin(Value value)
        {
            if (!channels.Has(value.Id) || value.Shape.Rank == 0) return value;
            if (thinner.TryGetValue(value.Id, out int known)) return editor[known];
            int[] kept = Kept(channels[value.Id]);
            Value result = kept.Length == value.Shape[-1] ? value
                : editor.AddValue(value.Name, new TensorType(value.Type, value.Shape.With(-1, kept.Length)),
                    value.Constant is { } constant ? Slice(constant, value.Shape.Rank - 1, kept) : null);
            thinner.Add(value.Id, result.Id);
            return result;
        }

        Value Parameter(Node layer, int input)
        {
            Value value = graph.Values[layer.Inputs[input]];
            TensorData data = Slice(value.Constant!, 0, Kept(channels[layer.Outputs[0]]));
            if (input == ILinearLayer.Weights && !channels.IsByChannel(layer)) data = Slice(data, value.Shape.Rank - 1, Kept(channels.InputsOf(layer)));
            return data.Count == value.Constant!.Count ? value : editor.AddConstant(value.Name, data);
        }

        Operator Resized(Node node, Value[] inputs) => node.Operator switch
        {
            Conv conv when channels.IsThinnable(node) && channels.IsByChannel(node) => conv with { Groups = inputs[0].Shape[-1] },
            Reshape reshape => reshape with { Target = Thin(graph.Values[node.Outputs[0]]).Shape },
            _ => node.Operator,
        };

        int[] Kept(int[] places) => [.. Enumerable.Range(0, places.Length).Where(i => !gone.Contains(places[i]))];
    }

    // Some places of an axis.
    private static TensorData Slice(TensorData data, int axis, int[] places)
    {
        int inner = data.Shape.ElementsBetween(axis + 1, data.Shape.Rank) * data.Bytes.Length / Math.Max(1, data.Count), size = data.Shape[axis];
        if (places.Length == size) return data;
        int outer = data.Shape.ElementsBetween(0, axis);
        byte[] bytes = new byte[outer * places.Length * inner];
        for (int o = 0; o < outer; o++)
        {
            for (int i = 0; i < places.Length; i++)
                data.Bytes.AsSpan(((o * size) + places[i]) * inner, inner).CopyTo(bytes.AsSpan(((o * places.Length) + i) * inner));
        }

        return new TensorData(data.Type, data.Shape.With(axis, places.Length), bytes);
    }
}
