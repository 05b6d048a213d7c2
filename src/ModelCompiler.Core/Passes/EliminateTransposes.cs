using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Brings the network to one layout: transpositions are carried down through operators that work in any layout until they cancel,
/// become a mere change of shape, or meet an operator that needs them.
/// </summary>
internal sealed class EliminateTransposes
{
    private readonly GraphEditor _editor = new();
    private readonly ModelGraph _graph;
    private readonly Dictionary<int, Carried> _carried = [];
    private readonly Dictionary<int, int> _ids = [];
    private readonly HashSet<int> _written = [];

    private EliminateTransposes(ModelGraph graph) => _graph = graph;

    /// <summary>A value that is the transposition of another which is computed.</summary>
    private sealed record Carried(Value Source, int[] Order, string Name, string Origin);

    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        ModelGraph result = new EliminateTransposes(graph).Rewrite();
        int removed = graph.Nodes.Count(n => n.Operator is Transpose) - result.Nodes.Count(n => n.Operator is Transpose);
        if (removed > 0) note($"Removed {removed} transpositions by computing channels-last throughout.");
        return result;
    }

    private ModelGraph Rewrite()
    {
        foreach (Value value in _graph.Values.Values.Where(v => v.Constant is not null).OrderBy(v => v.Id))
            _ids[value.Id] = _editor.AddValue(value.Name, value.TensorType, value.Constant).Id;
        foreach (Value input in _graph.InputValues)
        {
            _ids[input.Id] = _editor.AddValue(input.Name, input.TensorType).Id;
            _editor.Inputs.Add(_ids[input.Id]);
        }

        foreach (StateVariable state in _graph.States) _ids[state.Current] = _editor.AddValue(state.Name, _graph.Values[state.Current].TensorType).Id;
        foreach (Node node in _graph.Nodes)
        {
            if (!CarryThrough(node)) Keep(node);
        }

        foreach (int output in _graph.Outputs) _editor.Outputs.Add(Materialise(output));
        _editor.OutputNames.AddRange(_graph.OutputNames);
        _editor.OutputLabels = _graph.OutputLabels;
        foreach (StateVariable state in _graph.States) _editor.States.Add(state with { Current = _ids[state.Current], Next = Materialise(state.Next) });
        return _editor.ToGraph();
    }

    private bool CarryThrough(Node node)
    {
        Value output = _graph.Values[node.Outputs[0]];
        if (node.Operator is Transpose transpose)
        {
            int input = node.Inputs[0];
            _carried[output.Id] = _carried.TryGetValue(input, out Carried? inner)
                ? inner with { Order = [.. transpose.Order.Select(i => inner.Order[i])], Name = output.Name }
                : new Carried(_editor[_ids[input]], [.. transpose.Order], output.Name, node.Origin);
            return true;
        }

        int[]? order = node.Inputs.Where(i => i >= 0 && _carried.ContainsKey(i)).Select(i => _carried[i].Order).FirstOrDefault();
        if (order is null || node.Outputs.Length != 1 || output.Shape.Rank != order.Length || output.Quantization is { IsPerTensor: false }) return false;
        if (node.Operator.InLayout(order) is not { } moved) return false;
        var inputs = new List<int>();
        foreach (int input in node.Inputs)
        {
            if (input < 0) inputs.Add(input);
            else if (_carried.TryGetValue(input, out Carried? carried) && carried.Order.SequenceEqual(order)) inputs.Add(carried.Source.Id);
            else if (ConstantInLayout(node, input, order) is { } constant) inputs.Add(constant);
            else return false;
        }

        Value source = _editor.AddValue(output.Name, output.TensorType with { Shape = Inverse(output.Shape, order) });
        _editor.AddNode(node with { Operator = moved, Inputs = [.. inputs], Outputs = [source.Id] });
        _carried[output.Id] = new Carried(source, order, output.Name, node.Origin);
        return true;
    }

    // A constant operand in the layout before the transposition; operands by channel (of BatchNormalization) and single numbers stay.
    private int? ConstantInLayout(Node node, int input, int[] order)
    {
        Value value = _graph.Values[input];
        if (value.Constant is null || value.Quantization is { IsPerTensor: false }) return null;
        if (node.Operator is BatchNormalization || (node.Operator.IsElementwise && value.Shape.Elements == 1)) return _ids[input];
        if (value.Shape.Rank > order.Length) return null;
        var full = new Shape(Enumerable.Repeat(1, order.Length - value.Shape.Rank).Concat(value.Shape));
        int[] inverse = [.. Enumerable.Range(0, order.Length).Select(i => Array.IndexOf(order, i))];
        Value reshaped = _editor.AddValue(value.Name, value.TensorType with { Shape = full }, value.Constant.Reshape(full));
        return _editor.Add(value.Name, node.Origin, new Transpose(inverse), [reshaped.Id], value.Quantization).Id;
    }

    private void Keep(Node node)
    {
        int[] inputs = [.. node.Inputs.Select(i => i < 0 ? i : Materialise(i))];
        foreach (int output in node.Outputs)
        {
            Value value = _graph.Values[output];
            _ids[output] = _editor.AddValue(value.Name, value.TensorType).Id;
        }

        _editor.AddNode(node with { Inputs = [.. inputs], Outputs = [.. node.Outputs.Select(o => _ids[o])] });
    }

    private int Materialise(int id)
    {
        if (!_carried.TryGetValue(id, out Carried? carried)) return _ids[id];
        if (!_written.Add(id)) return _ids[id];
        Shape source = carried.Source.Shape;
        if (carried.Order.SequenceEqual(Enumerable.Range(0, carried.Order.Length))) return _ids[id] = carried.Source.Id;
        int[] moving = [.. carried.Order.Where(axis => source[axis] != 1)];
        Operator op = moving.SequenceEqual(moving.Order()) ? new Reshape(source.Permute(carried.Order)) : new Transpose(carried.Order);
        return _ids[id] = _editor.Add(carried.Name, carried.Origin, op, [carried.Source.Id], carried.Source.Quantization).Id;
    }

    private static Shape Inverse(Shape transposed, int[] order)
    {
        var dimensions = new int[order.Length];
        for (int i = 0; i < order.Length; i++) dimensions[order[i]] = transposed[i];
        return new Shape(dimensions);
    }
}
