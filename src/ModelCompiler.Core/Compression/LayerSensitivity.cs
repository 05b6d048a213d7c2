using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// How much the outputs of a network suffer when single layers of it change: the square error of the outputs, relative to their power.
/// Of probabilities the logits count, because where a class is certain, errors hide.
/// </summary>
internal static class LayerSensitivity
{
    private const int MostSamples = 64;

    // Multiply-accumulate operations that measuring may take.
    private const double MostMacs = 4e10;

    /// <summary>A layer with other constants.</summary>
    /// <param name="Position">Place of its node.</param>
    /// <param name="Constants">What stands in the place of constants, by value number.</param>
    public sealed record Change(int Position, IReadOnlyDictionary<int, TensorData> Constants)
    {
        /// <summary>A value before the position that is rounded to the integers of a quantised one; null for none.</summary>
        public (int Value, Value Integer)? Rounded { get; init; }

        /// <summary>A layer with other weights, and with other biases where it has some.</summary>
        /// <param name="graph">The network.</param>
        /// <param name="position">Place of the layer's node.</param>
        /// <param name="weights">outputs × inputs.</param>
        /// <param name="bias">One per output; null to leave the biases as they are.</param>
        public static Change Of(ModelGraph graph, int position, double[] weights, double[]? bias)
        {
            Node layer = graph.Nodes[position];
            var constants = new Dictionary<int, TensorData> { [layer.Inputs[ILinearLayer.Weights]] = Floats(layer.Inputs[ILinearLayer.Weights], weights) };
            if (bias is not null && FloatLayers.BiasOf(layer) is { } id) constants[id] = Floats(id, bias);
            return new(position, constants);

            TensorData Floats(int value, double[] numbers) => TensorData.Of(graph.Values[value].Shape, Array.ConvertAll(numbers, n => (float)n));
        }
    }

    /// <summary>Values that are rounded one at a time, each to the integers of a quantised one.</summary>
    public static Change[] Roundings(ModelGraph graph, IEnumerable<(int Value, Value Integer)> values)
    {
        var next = graph.Nodes.SelectMany((n, i) => n.Outputs.Select(o => (o, i))).ToDictionary(p => p.o, p => p.i + 1);
        var none = new Dictionary<int, TensorData>();
        return [.. values.Select(v => new Change(next.GetValueOrDefault(v.Value), none) { Rounded = v })];
    }

    /// <summary>The mean error over samples, change by change.</summary>
    public static double[] Measure(ModelGraph graph, PipelineContext context, IReadOnlyList<Change> changes)
    {
        double macs = Math.Max(1, NetworkSize.Of(graph).Macs) * (double)changes.Count / 2;
        IReadOnlyList<TensorData>[] samples = context.Samples!.Spread((int)Math.Clamp(MostMacs / macs, 1, MostSamples));
        Dictionary<int, Node> producers = graph.Producers();
        int[] measured = [.. graph.Outputs.Select(o => Logits(o, producers))];
        var errors = new double[samples.Length][];
        Parallel.For(0, samples.Length, s => errors[s] = MeasureOne(graph, measured, samples[s], changes));
        return [.. changes.Select((_, i) => errors.Sum(e => e[i]) / samples.Length)];
    }

    private static int Logits(int value, Dictionary<int, Node> producers)
    {
        while (producers.TryGetValue(value, out Node? node) && node.Operator is Softmax or LogSoftmax or Reshape or Unary { Kind: UnaryKind.Sigmoid })
            value = node.Inputs[0];
        return value;
    }

    private static double[] MeasureOne(ModelGraph graph, int[] measured, IReadOnlyList<TensorData> sample, IReadOnlyList<Change> changes)
    {
        var known = new Dictionary<int, TensorData>();
        foreach (StateVariable state in graph.States) known[state.Current] = state.Initial;
        new ReferenceInterpreter(graph, RequantizationMode.Float).Run(sample, (value, data) => known[value.Id] = data);
        var errors = new double[changes.Count];
        for (int i = 0; i < changes.Count; i++)
        {
            var changed = new Dictionary<int, TensorData>(changes[i].Constants);
            if (changes[i].Rounded is { } rounded) changed[rounded.Value] = QuantizedSample.Rounded(known[rounded.Value], rounded.Integer);
            for (int n = changes[i].Position; n < graph.Nodes.Length; n++)
            {
                Node node = graph.Nodes[n];
                if (!node.Inputs.Any(changed.ContainsKey)) continue;
                TensorData[] outputs = ReferenceInterpreter.EvaluateNode(node, id => graph.Values[id],
                    id => changed.GetValueOrDefault(id) ?? graph.Values[id].Constant ?? known[id], RequantizationMode.Float);
                for (int o = 0; o < outputs.Length; o++) changed[node.Outputs[o]] = outputs[o];
            }

            foreach (int value in measured)
            {
                if (changed.TryGetValue(value, out TensorData? actual)) errors[i] += RelativeError(known[value], actual);
            }
        }

        return errors;
    }

    private static double RelativeError(TensorData expected, TensorData actual)
    {
        (double error, double power) = (0, 0);
        for (int i = 0; i < expected.Count; i++)
        {
            double x = expected.ToDouble(i), d = x - actual.ToDouble(i);
            if (double.IsFinite(d)) (error, power) = (error + (d * d), power + (x * x));
        }

        return power > 0 ? error / power : 0;
    }
}
