using System.Collections.Immutable;
using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Graph;

/// <summary>Builds a graph, from nothing (importers) or from another graph (passes).</summary>
internal sealed class GraphEditor
{
    private const int MostFoldedElements = 1 << 24;
    private const long MostFoldedWork = 1L << 30;

    private readonly Dictionary<int, Value> _values = [];
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<int, int> _replacements = [];
    private int _nextId;

    /// <summary>Starts with nothing.</summary>
    public GraphEditor()
    {
    }

    /// <summary>Starts with a graph.</summary>
    public GraphEditor(ModelGraph graph)
    {
        foreach ((int id, Value value) in graph.Values) _values.Add(id, value);
        _nodes.AddRange(graph.Nodes);
        Inputs.AddRange(graph.Inputs);
        Outputs.AddRange(graph.Outputs);
        OutputNames.AddRange(graph.OutputNames);
        OutputLabels = graph.OutputLabels;
        States.AddRange(graph.States);
        _nextId = _values.Count == 0 ? 0 : _values.Keys.Max() + 1;
    }

    /// <summary>Inputs of the model.</summary>
    public List<int> Inputs { get; } = [];

    /// <summary>Outputs of the model.</summary>
    public List<int> Outputs { get; } = [];

    /// <summary>Names of the outputs.</summary>
    public List<string> OutputNames { get; } = [];

    /// <summary>What the numbers or columns of outputs stand for, by name of the output.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> OutputLabels { get; set; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>What lives from run to run.</summary>
    public List<StateVariable> States { get; } = [];

    /// <summary>The nodes so far.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    /// <summary>The value that now stands for this number, replacements followed.</summary>
    public Value this[int id] => _values[Resolve(id)];

    /// <summary>Adds a value.</summary>
    /// <exception cref="ModelCompilationException">MC1003: it has more elements than fit in memory.</exception>
    public Value AddValue(string name, TensorType type, TensorData? constant = null)
    {
        _ = type.Shape.Elements;
        var value = new Value(_nextId++, name, type.Type, type.Shape, type.Quantization, constant);
        _values.Add(value.Id, value);
        return value;
    }

    /// <summary>Adds a constant.</summary>
    public Value AddConstant(string name, TensorData data, QuantizationParameters? quantization = null) =>
        AddValue(name, new TensorType(data.Type, data.Shape, quantization), data);

    /// <summary>Changes type, shape, quantisation, name or content of a value, keeping its number.</summary>
    public void SetValue(Value value) => _values[value.Id] = value;

    /// <summary>Adds a node whose output values exist.</summary>
    public void AddNode(Node node) => _nodes.Add(node);

    /// <summary>
    /// Adds a node with one output of inferred type; when all inputs are constants, adds the computed constant instead.
    /// </summary>
    /// <exception cref="ModelCompilationException">The operator refuses its inputs.</exception>
    public Value Add(string name, string origin, Operator op, ReadOnlySpan<int> inputs, QuantizationParameters? quantization = null, ElementType? type = null)
    {
        ImmutableArray<int> ids = [.. inputs];
        Value output;
        try
        {
            RequireScales(op, ids.AsSpan());
            TensorType inferred = op.Infer(new InferenceContext([.. ids.Select(i => i < 0 ? null : this[i])]))[0];
            TensorType declared = inferred with { Type = type ?? inferred.Type, Quantization = quantization ?? inferred.Quantization };
            RequireType(name, declared, inferred.Type);
            output = AddValue(name, declared);
        }
        catch (ModelCompilationException e)
        {
            throw e.At($"'{name}' ({origin})");
        }

        var node = new Node(name, origin, op, ids, [output.Id]);
        // Dequantised constants stay as they are until it is known whether an integer operator takes them.
        if (op is not Dequantize && ids.All(i => i < 0 || this[i].Constant is not null) && ids.Any(i => i >= 0) && IsWorthFolding(node))
        {
            TensorData data = ReferenceInterpreter.EvaluateNode(node, id => this[id], id => this[id].Constant!, RequantizationMode.Float)[0];
            output = output with { Constant = data };
            SetValue(output);
        }
        else
        {
            AddNode(node);
            RequireOneScale(output);
        }

        return output;
    }

    /// <summary>Adds a node with several outputs of inferred types; when all inputs are constants, adds the computed constants instead.</summary>
    /// <exception cref="ModelCompilationException">The operator refuses its inputs.</exception>
    public IReadOnlyList<Value> AddMany(string name, string origin, Operator op, ReadOnlySpan<int> inputs)
    {
        ImmutableArray<int> ids = [.. inputs];
        Value[] outputs;
        try
        {
            RequireScales(op, ids.AsSpan());
            outputs = [.. op.Infer(new InferenceContext([.. ids.Select(i => i < 0 ? null : this[i])]))
                .Select((type, i) => AddValue(i == 0 ? name : $"{name}/{i}", type))];
        }
        catch (ModelCompilationException e)
        {
            throw e.At($"'{name}' ({origin})");
        }

        var node = new Node(name, origin, op, ids, [.. outputs.Select(o => o.Id)]);
        if (ids.Any(i => i >= 0 && this[i].Constant is null) || ids.All(i => i < 0) || !IsWorthFolding(node))
        {
            AddNode(node);
            return outputs;
        }

        TensorData[] data = ReferenceInterpreter.EvaluateNode(node, id => this[id], id => this[id].Constant!, RequantizationMode.Float);
        for (int i = 0; i < outputs.Length; i++) SetValue(outputs[i] = outputs[i] with { Constant = data[i] });
        return outputs;
    }

    /// <summary>Stops when integers at an input have scales that the operator does not compute with.</summary>
    /// <exception cref="ModelCompilationException">MC2002: a scale per slice, or one that is not positive.</exception>
    internal void RequireScales(Operator op, ReadOnlySpan<int> inputs)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] < 0 || HasOneScale(this[inputs[i]]) || (this[inputs[i]].Constant is not null && op.TakesAnyScales(i))) continue;
            throw ManyScales(this[inputs[i]], this[inputs[i]].Constant is null ? "only constants may have" : $"{op.Name} does not compute with there");
        }
    }

    /// <summary>Stops when a value is declared with a type that does not hold what its operator computes.</summary>
    /// <exception cref="ModelCompilationException">MC1012: it does not.</exception>
    internal static void RequireType(string name, TensorType declared, ElementType computed)
    {
        if (!declared.Holds(computed))
            throw new ModelCompilationException("MC1012", $"'{name}' is declared as {declared.Type}, and the operator computes {computed}.",
                "Export the model again with consistent types.");
    }

    /// <summary>Stops when a value that is computed does not have one positive scale.</summary>
    /// <exception cref="ModelCompilationException">MC2002: a scale per slice, or one that is not positive.</exception>
    internal static void RequireOneScale(Value value)
    {
        if (value.Constant is null && !HasOneScale(value)) throw ManyScales(value, "only constants may have");
    }

    private static bool HasOneScale(Value value) => value.Quantization is null or { IsPerTensor: true, Scale: > 0 } || !value.Type.IsInteger();

    private static ModelCompilationException ManyScales(Value value, string why)
    {
        string what = value.Q.Scales.All(s => s > 0) ? $"{value.Q.Scales.Count.ToString(CultureInfo.InvariantCulture)} scales, one per slice"
            : "a scale below zero";
        return new("MC2002", $"'{value.Name}' has {what}, which {why}.", "Quantise it with one positive scale for the tensor.");
    }

    /// <summary>False for constants that take long to compute, and for large ones that grow out of small ones, such as by repetition:
    /// they are computed at run time.</summary>
    internal bool IsWorthFolding(Node node) =>
        node.Outputs.All(o => this[o].Shape.Elements <= Math.Max(MostFoldedElements, node.Inputs.Where(i => i >= 0).Sum(i => (long)this[i].Shape.Elements)))
        && node.Operator.Work(new ChoiceContext(node, i => this[i], RequantizationMode.Float)) <= MostFoldedWork;

    /// <summary>Names of the model's inputs that a value depends on.</summary>
    public IReadOnlyList<string> InputsBehind(int id)
    {
        var wanted = new HashSet<int> { Resolve(id) };
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            if (_nodes[i].Outputs.Any(wanted.Contains)) wanted.UnionWith(_nodes[i].Inputs.Where(v => v >= 0).Select(Resolve));
        }

        return [.. Inputs.Where(wanted.Contains).Select(i => _values[i].Name)];
    }

    /// <summary>Replaces one node in place by others (none to remove it).</summary>
    public void Replace(Node node, params ReadOnlySpan<Node> replacements)
    {
        int index = _nodes.IndexOf(node);
        _nodes.RemoveAt(index);
        _nodes.InsertRange(index, replacements);
    }

    /// <summary>Makes every use of a value, outputs of the model included, a use of another.</summary>
    public void ReplaceUses(int old, int replacement) => _replacements[Resolve(old)] = Resolve(replacement);

    /// <summary>The finished graph: topologically ordered, without dead nodes and values.</summary>
    /// <exception cref="ModelCompilationException">MC1010: the nodes form a cycle.</exception>
    public ModelGraph ToGraph()
    {
        List<Node> nodes = [.. _nodes.Select(n => n with { Inputs = [.. n.Inputs.Select(i => i < 0 ? i : Resolve(i))] })];
        ImmutableArray<int> outputs = [.. Outputs.Select(Resolve)];
        nodes = Sort(nodes);
        (List<Node> live, ImmutableArray<StateVariable> states) = LiveParts(nodes, outputs);
        var used = new HashSet<int>(Inputs.Concat(outputs).Concat(states.SelectMany(s => new[] { s.Current, s.Next }))
            .Concat(live.SelectMany(n => n.Inputs.Concat(n.Outputs))));
        return new ModelGraph(_values.Where(p => used.Contains(p.Key)).ToImmutableDictionary(), [.. live], [.. Inputs],
            outputs) { OutputNames = [.. OutputNames], OutputLabels = OutputLabels, States = states };
    }

    // A state is needed when something that is needed reads it, and then so is all that computes what it becomes.
    private (List<Node> Nodes, ImmutableArray<StateVariable> States) LiveParts(List<Node> nodes, ImmutableArray<int> outputs)
    {
        ImmutableArray<StateVariable> states = [];
        while (true)
        {
            List<Node> live = LiveNodes(nodes, [.. outputs, .. states.Select(s => s.Next)]);
            var read = new HashSet<int>(live.SelectMany(n => n.Inputs).Concat(outputs).Concat(states.Select(s => s.Next)));
            ImmutableArray<StateVariable> needed = [.. States.Where(s => read.Contains(s.Current)).Select(s => s with { Next = Resolve(s.Next) })];
            if (needed.Length == states.Length) return (live, states);
            states = needed;
        }
    }

    private int Resolve(int id)
    {
        while (_replacements.TryGetValue(id, out int next)) id = next;
        return id;
    }

    private List<Node> Sort(List<Node> nodes)
    {
        // Kahn's algorithm with the original order as tie break, so that the order is stable.
        var producers = nodes.SelectMany((n, i) => n.Outputs.Select(o => (o, i))).ToDictionary(p => p.o, p => p.i);
        var remaining = new int[nodes.Count];
        var dependents = new List<int>[nodes.Count];
        for (int i = 0; i < nodes.Count; i++) dependents[i] = [];
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (int producer in nodes[i].Inputs.Where(producers.ContainsKey).Select(v => producers[v]).Distinct())
            {
                dependents[producer].Add(i);
                remaining[i]++;
            }
        }

        var ready = new SortedSet<int>(Enumerable.Range(0, nodes.Count).Where(i => remaining[i] == 0));
        var sorted = new List<Node>(nodes.Count);
        while (ready.Count > 0)
        {
            int next = ready.Min;
            ready.Remove(next);
            sorted.Add(nodes[next]);
            foreach (int dependent in dependents[next])
            {
                if (--remaining[dependent] == 0) ready.Add(dependent);
            }
        }

        if (sorted.Count == nodes.Count) return sorted;
        Node stuck = nodes.First(n => !sorted.Contains(n));
        throw new ModelCompilationException("MC1010", "The nodes of the model form a cycle.", "Export the model again; a network must be an acyclic graph.",
            stuck.Label);
    }

    private static List<Node> LiveNodes(List<Node> nodes, ImmutableArray<int> results)
    {
        var needed = new HashSet<int>(results);
        var live = new List<Node>();
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            if (!nodes[i].Outputs.Any(needed.Contains)) continue;
            live.Add(nodes[i]);
            needed.UnionWith(nodes[i].Inputs);
        }

        live.Reverse();
        return live;
    }
}
