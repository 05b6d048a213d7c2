using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Compression;

/// <summary>Runs a network on many samples node by node, so that a node may change before it is computed.
/// Values are dropped when nothing needs them any more.</summary>
internal sealed class LayerwiseRun
{
    private readonly ModelGraph _graph;
    private readonly RequantizationMode _mode;
    private readonly Dictionary<int, TensorData[]> _data = [];
    private readonly Dictionary<int, int> _uses;

    /// <summary>Starts with the inputs.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="samples">One tensor per input, for each sample, in the network's own types.</param>
    /// <param name="mode">How accumulators become activations.</param>
    /// <param name="keep">Values that are needed once more than by the network itself.</param>
    public LayerwiseRun(ModelGraph graph, IReadOnlyList<TensorData>[] samples, RequantizationMode mode, IEnumerable<int> keep)
    {
        (_graph, _mode) = (graph, mode);
        _uses = graph.Nodes.SelectMany(n => n.Inputs.Where(i => i >= 0).Distinct()).Concat(keep).GroupBy(i => i).ToDictionary(g => g.Key, g => g.Count());
        for (int i = 0; i < graph.Inputs.Length; i++)
        {
            TensorData[] data = new TensorData[samples.Length];
            for (int s = 0; s < data.Length; s++) data[s] = samples[s][i].Reshape(graph.Values[graph.Inputs[i]].Shape);
            _data[graph.Inputs[i]] = data;
        }

        foreach (StateVariable state in graph.States) _data[state.Current] = [.. Enumerable.Repeat(state.Initial, samples.Length)];
        Samples = samples.Length;
    }

    /// <summary>Number of samples.</summary>
    public int Samples { get; }

    /// <summary>Position of the next node.</summary>
    public int Next { get; private set; }

    /// <summary>True when a value has been computed and not been dropped.</summary>
    public bool Has(int value) => _data.ContainsKey(value);

    /// <summary>A value, for each sample.</summary>
    public TensorData[] this[int value] => _data[value];

    /// <summary>Computes the next node.</summary>
    public void Step() => Step(_graph.Nodes[Next], id => _graph.Values[id]);

    /// <summary>Computes nodes up to a layer, and gives the layer's sums before its activation; its values after it take their place in the run.</summary>
    /// <param name="node">Position of a node whose operator can clamp its result.</param>
    public TensorData[] Sums(int node)
    {
        while (Next < node) Step();
        Node layer = _graph.Nodes[Next++];
        var op = (IFusesActivation)layer.Operator;
        TensorData[] sums = Compute(layer with { Operator = op.WithActivation(ActivationRange.None) }, id => _graph.Values[id])[0];
        Put(Next - 1, [op.Activation == ActivationRange.None ? sums
            : [.. sums.Select(s => TensorData.Of(s.Shape, Array.ConvertAll(s.ToFloats(), op.Activation.Apply)))]]);
        return sums;
    }

    /// <summary>Computes the next node with another in its place.</summary>
    /// <param name="node">A node with the outputs of the next one.</param>
    /// <param name="values">Values by number, those of new constants included.</param>
    public void Step(Node node, Func<int, Value> values) => Put(Next++, Compute(node, values));

    /// <summary>Says that a value which was to be kept is not needed any more.</summary>
    public void Release(int value)
    {
        if (--_uses[value] == 0) _data.Remove(value);
    }

    // By output, then by sample.
    private TensorData[][] Compute(Node node, Func<int, Value> values)
    {
        var results = new TensorData[Samples][];
        Parallel.For(0, Samples, s => results[s] = ReferenceInterpreter.EvaluateNode(node, values, id => values(id).Constant ?? _data[id][s], _mode));
        return [.. node.Outputs.Select((_, o) => Array.ConvertAll(results, r => r[o]))];
    }

    private void Put(int position, TensorData[][] results)
    {
        Node node = _graph.Nodes[position];
        for (int o = 0; o < results.Length; o++)
        {
            if (_uses.ContainsKey(node.Outputs[o]) || _graph.IsResult(node.Outputs[o])) _data[node.Outputs[o]] = results[o];
        }

        foreach (int input in node.Inputs.Where(i => i >= 0).Distinct()) Release(input);
    }
}
