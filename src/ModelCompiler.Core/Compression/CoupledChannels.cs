using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Which channels go only together: what a layer computes in one place of the last axis, all that becomes of it up to the next layers, and what is added to
/// it on the way. The dependencies of residual sums, concatenations, depthwise layers and flattened images follow from one rule per operator (compare Fang et
/// al., "DepGraph: Towards Any Structural Pruning", 2023): sets of places, joined until nothing is left to join.
/// </summary>
internal sealed class CoupledChannels
{
    // A tree of sets: a set is known by the number at its root.
    private readonly List<int> _parents = [];
    private readonly HashSet<int> _fixed = [];
    private readonly Dictionary<int, int[]> _places = [];
    private readonly Dictionary<int, ConvGeometry> _layers = []; // by the value that they compute
    private readonly ModelGraph _graph;

    private CoupledChannels(ModelGraph graph)
    {
        _graph = graph;
        HashSet<int> alone = FloatLayers.UsedOnce(graph);
        foreach (Node node in graph.Nodes)
        {
            if (FloatLayers.Is(graph, node) && alone.Contains(node.Inputs[ILinearLayer.Weights])
                && (FloatLayers.BiasOf(node) is not { } bias || graph.Values[bias].Constant is not null)
                && FloatLayers.ShapeOf(graph, node) is var shape && (shape.Groups == 1 || shape.Groups == shape.Channels)
                && graph.Values[node.Inputs[0]].Shape is { Rank: > 0 } input && shape.Channels % input[-1] == 0)
                _layers.Add(node.Outputs[0], shape);
        }

        foreach (int input in graph.Inputs.Concat(graph.States.Select(s => s.Current))) Keep(input);
        foreach (Node node in graph.Nodes) Add(node);
        foreach (int output in graph.Outputs.Concat(graph.States.Select(s => s.Next))) Keep(output);
        foreach (int set in _fixed.ToArray()) _fixed.Add(Find(set));
    }

    /// <summary>Finds the sets of a float network.</summary>
    public static CoupledChannels Of(ModelGraph graph) => new(graph);

    /// <summary>The set of each place of a value's last axis.</summary>
    public int[] this[int value] => Array.ConvertAll(Places(value), Find);

    /// <summary>True for values whose places are known; others stay as they are.</summary>
    public bool Has(int value) => _places.ContainsKey(value);

    /// <summary>True for sets that can go: no input, output or unknown operator needs them.</summary>
    public bool IsFree(int set) => !_fixed.Contains(set);

    /// <summary>True for layers some of whose inputs or outputs can go.</summary>
    public bool IsThinnable(Node node) => _layers.ContainsKey(node.Outputs[0]);

    /// <summary>True for such layers that are depthwise, with one or several outputs to a channel.</summary>
    public bool IsByChannel(Node node) => _layers.TryGetValue(node.Outputs[0], out ConvGeometry? shape) && shape.Groups > 1;

    /// <summary>The sets of a layer's inputs: one for each place of the input's last axis, or of the rows that a dense layer makes of its input.</summary>
    public int[] InputsOf(Node layer)
    {
        int[] places = this[layer.Inputs[0]];
        return [.. Enumerable.Range(0, _layers[layer.Outputs[0]].Channels).Select(i => places[i % places.Length])];
    }

    private int[] Places(int value)
    {
        if (!_places.TryGetValue(value, out int[]? places))
        {
            Shape shape = _graph.Values[value].Shape;
            _places.Add(value, places = New(shape.Rank == 0 ? 1 : shape[-1]));
        }

        return places;
    }

    private int[] New(int count)
    {
        int[] places = [.. Enumerable.Range(_parents.Count, count)];
        _parents.AddRange(places);
        return places;
    }

    private void Add(Node node)
    {
        Value input = _graph.Values[node.Inputs.FirstOrDefault(i => i >= 0, -1) is >= 0 and var first ? first : node.Outputs[0]],
            output = _graph.Values[node.Outputs[0]];
        if (IsThinnable(node))
        {
            if (!IsByChannel(node)) return;
            int each = output.Shape[-1] / input.Shape[-1];
            for (int i = 0; i < output.Shape[-1]; i++) Join(Places(output.Id)[i], Places(input.Id)[i / each]);
        }
        else if (node.Outputs.Length == 1 && input.Shape.Rank > 0 && output.Shape.Rank > 0 && node.Operator.IsChannelwise(input.Shape.Rank))
        {
            foreach (int other in node.Inputs.Where(i => i >= 0)) JoinAlong(other, output);
        }
        else if (node.Operator is Concatenation && output.Shape.Rank > 0)
        {
            int at = 0;
            foreach (int place in node.Inputs.SelectMany(Places)) Join(Places(output.Id)[at++], place);
        }
        else if (node.Operator is Reshape && IsFlattening(input.Shape, output.Shape))
        {
            for (int i = 0; i < output.Shape[-1]; i++) Join(Places(output.Id)[i], Places(input.Id)[i % input.Shape[-1]]);
        }
        else
        {
            foreach (int value in node.Inputs.Where(i => i >= 0).Concat(node.Outputs)) Keep(value);
        }
    }

    // Of values that broadcast along the last axis, the one place stays.
    private void JoinAlong(int value, Value output)
    {
        Shape shape = _graph.Values[value].Shape;
        if (shape.Rank == 0 || shape[-1] != output.Shape[-1])
        {
            Keep(value);
            return;
        }

        for (int i = 0; i < shape[-1]; i++) Join(Places(value)[i], Places(output.Id)[i]);
    }

    // The last axis stays, or some of the last axes become one.
    private static bool IsFlattening(Shape from, Shape to)
    {
        if (from.Rank == 0 || to.Rank == 0) return false;
        return Enumerable.Range(0, from.Rank).Any(axis => from.ElementsBetween(axis, from.Rank) == to[-1]);
    }

    private void Keep(int value) => _fixed.UnionWith(Places(value));

    private int Find(int set)
    {
        while (_parents[set] != set) set = _parents[set] = _parents[_parents[set]];
        return set;
    }

    private void Join(int a, int b) => _parents[Find(Math.Max(a, b))] = Find(Math.Min(a, b));
}
