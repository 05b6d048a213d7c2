using System.Runtime.ExceptionServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>A compiled network beside the original on samples, value by value: how far apart they are, and what of the integers' range is used.
/// No I/O.</summary>
internal sealed class LayerAnalysis
{
    private readonly ModelGraph? _original;
    private readonly ModelGraph _compiled;
    private readonly RequantizationMode _mode;
    private readonly Dictionary<int, int> _twins;
    private readonly Dictionary<int, Node> _producers;
    private readonly List<ValueStatistics> _values = [];
    private readonly Dictionary<int, double> _errors = [];

    private LayerAnalysis(ModelGraph? original, ModelGraph compiled, IReadOnlyDictionary<int, int> originals, RequantizationMode mode)
    {
        (_original, _compiled, _mode) = (original, compiled, mode);
        _twins = original is null ? [] : ValueTwins.Find(original, compiled, originals);
        ModelGraph graph = original ?? compiled;
        _producers = graph.Producers();
        foreach (int id in graph.Inputs.Concat(graph.Nodes.SelectMany(n => n.Outputs)))
        {
            Value value = graph.Values[id];
            if (original is null && (value.IsAffine || value.Type == ElementType.Float32)) _values.Add(new(null, value, NaturalEnds(value)));
            if (_twins.TryGetValue(id, out int twin) && value.Type == ElementType.Float32) _values.Add(new(value, compiled.Values[twin], default));
        }
    }

    /// <summary>True when there is an original to compare with.</summary>
    public bool HasOriginal => _original is not null;

    /// <summary>Number of samples.</summary>
    public int Samples { get; private set; }

    /// <summary>Inputs and what nodes compute, in the order of the network.</summary>
    public IReadOnlyList<LayerFacts> Layers { get; private set; } = [];

    /// <summary>The outputs; none without an original.</summary>
    public IReadOnlyList<OutputFacts> Outputs { get; private set; } = [];

    /// <summary>Runs both networks.</summary>
    /// <param name="original">The float network; null when there is none, because the model was quantised already.</param>
    /// <param name="compiled">The compiled one.</param>
    /// <param name="originals">The original's value that a compiled one stands for, by number, as <see cref="CompilationResult.Originals"/> says;
    /// where empty, names tell.</param>
    /// <param name="samples">One tensor per input for each sample, in the types of the original, or of the compiled network without one.
    /// State carries over from sample to sample.</param>
    /// <param name="mode">How accumulators become activations.</param>
    /// <param name="progress">Receives the number of samples done, now and then.</param>
    public static LayerAnalysis Run(
        ModelGraph? original, ModelGraph compiled, IReadOnlyDictionary<int, int> originals, IReadOnlyList<IReadOnlyList<TensorData>> samples,
        RequantizationMode mode, Action<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(compiled);
        var analysis = new LayerAnalysis(original, compiled, originals, mode);
        analysis.Observe(samples, progress);
        return analysis;
    }

    /// <summary>The layer that adds most to the error, one that gives no numbers before all others; null when none does.</summary>
    internal LayerFacts? Worst() => Layers.Where(l => l.Place != LayerPlace.Input && l.AddedError is { } e && (e > 0 || double.IsNaN(e)))
        .OrderByDescending(l => double.IsNaN(l.AddedError!.Value) ? double.MaxValue : l.AddedError.Value).FirstOrDefault();

    private void Observe(IReadOnlyList<IReadOnlyList<TensorData>> samples, Action<int>? progress)
    {
        var interpreter = new ReferenceInterpreter(_compiled, _mode);
        ReferenceInterpreter? reference = _original is null ? null : new(_original, _mode);
        OutputStatistics[] outputs = _original is null ? [] : [.. _original.Outputs.Select((_, i) => new OutputStatistics(_original, _compiled, i))];
        bool isStateful = !_compiled.States.IsEmpty || _original?.States.IsEmpty == false;
        int batch = isStateful ? 1 : Environment.ProcessorCount;
        HashSet<int> wanted = [.. _values.Select(v => v.Value.Id)], expected = [.. _values.Where(v => v.From is not null).Select(v => v.From!.Id)];
        for (int start = 0; start < samples.Count; start += batch)
        {
            var runs = new Observation[Math.Min(batch, samples.Count - start)];
            InParallel(runs.Length, i => runs[i] = new(Watch(reference, samples[start + i], expected), Watch(interpreter, Own(samples[start + i]), wanted)));
            // In the order of the samples, so that sums do not depend on the number of processors.
            InParallel(_values.Count, v =>
            {
                foreach (Observation run in runs)
                    _values[v].Add(_values[v].From is { } from ? run.Original!.Values[from.Id] : null, run.Compiled!.Values[_values[v].Value.Id]);
            });
            for (int o = 0; o < outputs.Length; o++)
            {
                foreach (Observation run in runs) outputs[o].Add(run.Original!.Outputs[o], run.Compiled!.Outputs[o]);
            }

            progress?.Invoke(start + runs.Length);
        }

        Samples = samples.Count;
        Outputs = [.. outputs.Select(o => o.ToFacts())];
        foreach (ValueStatistics value in _values.Where(v => v.From is not null)) _errors[value.From!.Id] = value.RelativeError;
        Node[] layers = [.. (_original ?? _compiled).Nodes.Where(n => n.Operator is ILinearLayer)];
        Layers = [.. _values.Select(v => Facts(v, layers))];
    }

    private IReadOnlyList<TensorData> Own(IReadOnlyList<TensorData> sample) =>
        _original is null ? sample : [.. sample.Select((data, j) => QuantizedSample.Integers(data, _compiled.Values[_compiled.Inputs[j]]))];

    private static ValuesOfRun? Watch(ReferenceInterpreter? interpreter, IReadOnlyList<TensorData> sample, HashSet<int> wanted)
    {
        if (interpreter is null) return null;
        var seen = new Dictionary<int, TensorData>();
        return new(interpreter.Run(sample, (value, data) =>
        {
            if (wanted.Contains(value.Id)) seen[value.Id] = data;
        }), seen);
    }

    private LayerFacts Facts(ValueStatistics statistics, Node[] layers)
    {
        ModelGraph graph = _original ?? _compiled;
        (Value value, int id) = (statistics.Value, statistics.From?.Id ?? statistics.Value.Id);
        Node? node = _producers.GetValueOrDefault(id);
        var facts = new LayerFacts
        {
            Name = node?.Name ?? graph.Values[id].Name,
            Label = node?.Label ?? $"input '{graph.Values[id].Name}'",
            Operator = node?.Operator.Name ?? "Input",
            Type = value.Type,
            Shape = [.. value.Shape],
            Place = node is null ? LayerPlace.Input : layers.Length > 1 && node == layers[0] ? LayerPlace.First : layers.Length > 1 && node == layers[^1]
            ? LayerPlace.Last : LayerPlace.Inner,
            HasOwnRange = value.IsAffine && (node is null || node.Operator is Quantize
                || IntegerRules.Of(graph, node) is QuantizationRule.Integer or QuantizationRule.Float),
            AddedError = _original is null ? null : Added(node, id),
        };
        facts = statistics.Complete(facts);
        return node?.Operator is ILinearLayer layer ? LayerWeights.Complete(facts, layer, graph, node, Compiled(node)) : facts;
    }

    // The compiled value of a layer's weights.
    private Value? Compiled(Node node)
    {
        if (_original is null) return _compiled.Values[node.Inputs[ILinearLayer.Weights]];
        Node? twin = _twins.TryGetValue(node.Outputs[0], out int id) ? _compiled.Nodes.FirstOrDefault(n => n.Outputs.Contains(id)) : null;
        return twin?.Operator is ILinearLayer ? _compiled.Values[twin.Inputs[ILinearLayer.Weights]] : null;
    }

    private double Added(Node? node, int id)
    {
        if (node is null) return _errors[id];
        double before = Before(node, []);
        return double.IsNaN(before) ? 0 : _errors[id] - before;
    }

    // Values that have no twin hand on the error of what they were computed from.
    private double Before(Node node, HashSet<int> visited) => node.Inputs.Select(i => _errors.TryGetValue(i, out double error) ? error
        : visited.Add(i) && _producers.TryGetValue(i, out Node? producer) ? Before(producer, visited) : 0).DefaultIfEmpty(0).Max();

    // Where activations, or the operator itself, end the range of a value of a network without an original.
    private (bool Low, bool High) NaturalEnds(Value value)
    {
        if (!value.IsAffine) return default;
        Node? node = _producers.GetValueOrDefault(value.Id);
        if (node is not null && node.Operator is not Quantize && IntegerRules.Of(_compiled, node) is QuantizationRule.Fixed or QuantizationRule.SameAsInput)
            return (true, true);
        (double low, double high) = (((double)value.Type.MinValue() - value.Q.ZeroPoint) * value.Q.Scale,
            ((double)value.Type.MaxValue() - value.Q.ZeroPoint) * value.Q.Scale);
        ActivationRange activation = (node?.Operator as IFusesActivation)?.Activation ?? ActivationRange.None;
        return (value.Q.ZeroPoint == value.Type.MinValue() || activation.Min > low - value.Q.Scale,
            value.Q.ZeroPoint == value.Type.MaxValue() || activation.Max < high + value.Q.Scale);
    }

    private static void InParallel(int count, Action<int> body)
    {
        try
        {
            Parallel.For(0, count, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private sealed record ValuesOfRun(IReadOnlyList<TensorData> Outputs, Dictionary<int, TensorData> Values);

    private sealed record Observation(ValuesOfRun? Original, ValuesOfRun? Compiled);
}
