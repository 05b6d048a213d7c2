using Google.Protobuf.Collections;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Export;

/// <content>Reshapes and transpositions that cancel, names of outputs, and what nothing uses.</content>
internal sealed partial class OnnxWriter
{
    /// <summary>A value in another shape. Of reshapes in a row only one is left, or none.</summary>
    public string Reshape(string value, Shape shape)
    {
        if (Maker(value, "Reshape") is { } before) value = before.Input[0];
        if (_shapes.TryGetValue(value, out Shape now) && now == shape) return value;
        string result = Apply("Reshape", [value, Int64s([.. shape.Select(d => (long)d)])]);
        Define(result, shape);
        return result;
    }

    /// <summary>A value with its axes in another order. Of transpositions in a row only one is left, or none.</summary>
    public string Transpose(string value, int[] order)
    {
        if (Maker(value, "Transpose") is { } before)
        {
            RepeatedField<long> earlier = before.Attribute[0].Ints;
            (value, order) = (before.Input[0], [.. order.Select(axis => (int)earlier[axis])]);
        }

        return order.SequenceEqual(Enumerable.Range(0, order.Length)) ? value : Apply("Transpose", [value], ("perm", order));
    }

    private NodeProto? Maker(string value, string op) => _makers.TryGetValue(value, out NodeProto? maker) && maker.OpType == op ? maker : null;

    // The node that makes a value makes the output. Inputs, constants and what is an output already are passed on.
    private void NameOutputs()
    {
        var renamed = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string value, string name) in _results)
        {
            if (value == name) continue;
            if (_makers.ContainsKey(value) && renamed.TryAdd(value, name)) continue;
            _graph.Node.Add(new NodeProto { OpType = "Identity", Name = NextName("n"), Input = { value }, Output = { name } });
        }

        foreach (NodeProto node in _graph.Node)
        {
            Rename(node.Input);
            Rename(node.Output);
        }

        void Rename(RepeatedField<string> names)
        {
            for (int i = 0; i < names.Count; i++) names[i] = renamed.GetValueOrDefault(names[i], names[i]);
        }
    }

    private void DropUnused()
    {
        HashSet<string> used = [.. _graph.Output.Select(o => o.Name)];
        for (int i = _graph.Node.Count - 1; i >= 0; i--)
        {
            if (_graph.Node[i].Output.Any(used.Contains)) used.UnionWith(_graph.Node[i].Input);
            else _graph.Node.RemoveAt(i);
        }

        for (int i = _graph.Initializer.Count - 1; i >= 0; i--) if (!used.Contains(_graph.Initializer[i].Name)) _graph.Initializer.RemoveAt(i);
    }
}
