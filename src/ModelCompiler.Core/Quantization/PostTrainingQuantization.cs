using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Post-training quantisation to 8 bits: asymmetric activations from calibrated ranges, symmetric weights (of 8 bits or fewer) per output channel,
/// int32 biases at scale input × weight. Operators without integer kernels stay in float, with conversions around them.
/// </summary>
internal sealed class PostTrainingQuantization
{
    // Notes stand in the header of the generated file.
    private const int MostNamed = 20;

    private readonly ModelGraph _graph;
    private readonly Dictionary<int, ValueRange> _ranges;
    private readonly GraphEditor _editor = new();
    private readonly Dictionary<int, Value> _float = [];
    private readonly Dictionary<int, Value> _integer = [];
    private readonly Dictionary<int, Value> _wide = [];

    private readonly Func<Node, int> _weightBits;
    private readonly LayerFormats _formats;
    private readonly Dictionary<int, string> _keptFloat;

    private PostTrainingQuantization(ModelGraph graph, Dictionary<int, ValueRange> ranges, Func<Node, int> weightBits, LayerFormats formats)
    {
        (_graph, _ranges, _weightBits, _formats, _keptFloat) = (graph, ranges, weightBits, formats, FloatRegions.Find(graph, ranges));
        foreach (Node node in graph.Nodes)
        {
            if (formats.WhyFloat(node) is { } reason) _keptFloat[node.Outputs[0]] = reason;
        }
    }

    /// <summary>The graph in integers, as far as operators have integer kernels, with the ranges and weight bits that the context has.</summary>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        var quantization = new PostTrainingQuantization(graph, context.Ranges, node => context.WeightBits[node.Outputs[0]], context.Formats);
        foreach (int node in context.KeptFloat) quantization._keptFloat.TryAdd(node, "because 8 bits of their values cost the outputs too much");
        ModelGraph result = quantization.Quantize(context.Note);
        context.Originals = quantization._integer.Concat(quantization._wide).Concat(quantization._float).DistinctBy(p => p.Value.Id)
            .ToDictionary(p => p.Value.Id, p => p.Key);
        return result;
    }

    /// <summary>The graph in integers, as far as operators have integer kernels.</summary>
    /// <param name="graph">A float graph.</param>
    /// <param name="ranges">Ranges of its values.</param>
    /// <param name="weightBits">Bits of the weights of a layer, 2 to 8.</param>
    /// <param name="note">Receives what there is to say.</param>
    /// <param name="formats">What the options say about single nodes; null for nothing.</param>
    public static ModelGraph Run(
        ModelGraph graph, Dictionary<int, ValueRange> ranges, Func<Node, int> weightBits, Action<string> note, LayerFormats? formats = null) =>
        new PostTrainingQuantization(graph, ranges, weightBits, formats ?? new(new CompilationOptions())).Quantize(note);

    private string WhyFloat(Node node) => HasKernels(node) && _keptFloat.TryGetValue(node.Outputs[0], out string? reason) ? reason
        : IsWide(node) ? "for lack of 16-bit kernels" : "for lack of integer kernels";

    private ModelGraph Quantize(Action<string> note)
    {
        foreach (Value input in _graph.InputValues)
        {
            Value value = _editor.AddValue(input.Name, input.TensorType);
            _float[input.Id] = value;
            _editor.Inputs.Add(value.Id);
        }

        // State stays in float.
        foreach (StateVariable state in _graph.States) _float[state.Current] = _editor.AddValue(state.Name, _graph.Values[state.Current].TensorType);
        foreach (Node node in _graph.Nodes)
        {
            if (TakesIntegers(node)) _integer[node.Outputs[0]] = _float[node.Inputs[0]];
            else if (!CanQuantize(node)) KeepFloat(node);
            else if (IsWide(node)) Widen(node);
            else if (node.Operator is ILinearLayer) QuantizeLayer(node);
            else QuantizeOperator(node);
        }

        _editor.Outputs.AddRange(_graph.Outputs.Select(o => AsFloat(o).Id));
        _editor.OutputNames.AddRange(_graph.OutputNames);
        _editor.OutputLabels = _graph.OutputLabels;
        _editor.States.AddRange(_graph.States.Select(s => s with { Current = _float[s.Current].Id, Next = AsFloat(s.Next).Id }));
        Node[] kept = [.. _graph.Nodes.Where(n => !CanQuantize(n) && !TakesIntegers(n) && _graph.Values[n.Outputs[0]].Type == ElementType.Float32)];
        int wide = _graph.Nodes.Count(n => CanQuantize(n) && IsWide(n)), narrow = _graph.Nodes.Length - kept.Length - wide;
        if (narrow > 0 || wide == 0) note($"Quantised {narrow} of {_graph.Nodes.Length} operators to 8 bits.");
        if (wide > 0) note($"Quantised {wide} of {_graph.Nodes.Length} operators to 16-bit activations.");
        foreach (IGrouping<string, Node> group in kept.GroupBy(WhyFloat)) note($"Kept in float, {group.Key}: {Names([.. group])}.");
        return _editor.ToGraph();
    }

    private static string Names(Node[] nodes) => nodes.Length <= MostNamed ? string.Join(", ", nodes.Select(n => n.Label))
        : $"{string.Join(", ", nodes.Take(MostNamed).Select(n => n.Label))} and {nodes.Length - MostNamed} others";

    // Inputs that are integers already keep their scale. Layers take both types of bytes, other operators int8 as everything else here is.
    private bool TakesIntegers(Node node) => node.Operator is Dequantize && _graph.Inputs.Contains(node.Inputs[0])
        && _graph.Values[node.Inputs[0]] is { IsQuantized: true, Q.IsPerTensor: true } input
        && (input.Type == ElementType.Int8 || _graph.Nodes.All(n => n.Operator is ILinearLayer || !n.Inputs.Contains(node.Outputs[0])));

    private bool CanQuantize(Node node) => HasKernels(node) && !_keptFloat.ContainsKey(node.Outputs[0]);

    private bool IsWide(Node node) => _formats.Of(node)?.IsWide == true;

    private bool HasKernels(Node node)
    {
        if (IntegerRules.Of(_graph, node) == QuantizationRule.Float || node.Outputs.Length != 1) return false;
        if (node.Inputs.Where((i, place) => i >= 0 && !IntegerRules.IsIndex(node, place)).Append(node.Outputs[0])
            .Any(i => _graph.Values[i].Type != ElementType.Float32)) return false;
        if (IsWide(node) && !WideForms.Has(_graph, node)) return false;
        return node.Operator is not ILinearLayer || node.Inputs.Skip(1).All(i => i < 0 || _graph.Values[i].Constant is not null);
    }

    private void KeepFloat(Node node)
    {
        int[] inputs = [.. node.Inputs.Select(i => i < 0 ? i : AsFloat(i).Id)];
        foreach (int output in node.Outputs) _float[output] = _editor.AddValue(_graph.Values[output].Name, _graph.Values[output].TensorType);
        _editor.AddNode(node with { Inputs = [.. inputs], Outputs = [.. node.Outputs.Select(o => _float[o].Id)] });
    }

    private void QuantizeOperator(Node node)
    {
        Value[] inputs = [.. node.Inputs.Select((i, place) => i < 0 ? null! : IntegerRules.IsIndex(node, place) ? AsFloat(i) : AsInteger(i))];
        QuantizationRule rule = IntegerRules.Of(_graph, node);
        QuantizationParameters q = rule switch
        {
            QuantizationRule.SameAsInput => inputs[0].Q,
            QuantizationRule.Fixed => node.Operator.FixedQuantization!,
            _ => AffineRange.Activation(RangeOf(node.Outputs[0])),
        };
        AddInteger(node, [.. inputs.Select(i => i?.Id ?? -1)], q);
    }

    private void QuantizeLayer(Node node)
    {
        Value input = AsInteger(node.Inputs[0]);
        int limit = (1 << (_weightBits(node) - 1)) - 1;
        Value weights = QuantizeWeights(_graph.Values[node.Inputs[1]], limit,
            node.Inputs.Length > 2 && node.Inputs[2] >= 0 ? _graph.Values[node.Inputs[2]].Constant : null, input.Q.Scale);
        int[] inputs = node.Inputs.Length > 2 && node.Inputs[2] >= 0
            ? [input.Id, weights.Id, QuantizeBias(_graph.Values[node.Inputs[2]], input, weights).Id]
            : [input.Id, weights.Id];
        AddInteger(node, inputs, AffineRange.Activation(RangeOf(node.Outputs[0])));
    }

    private void AddInteger(Node node, int[] inputs, QuantizationParameters q)
    {
        Value output = _graph.Values[node.Outputs[0]];
        Value integer = _editor.AddValue(output.Name, new TensorType(ElementType.Int8, output.Shape, q));
        _editor.AddNode(node with { Inputs = [.. inputs], Outputs = [integer.Id] });
        _integer[output.Id] = integer;
    }

    private void Widen(Node node)
    {
        Value[] inputs = [.. node.Inputs.Select((i, place) => i < 0 || (place > 0 && node.Operator is ILinearLayer) ? null! : AsWide(i))];
        if (node.Operator is ILinearLayer)
        {
            Value weights = QuantizeWeights(_graph.Values[node.Inputs[ILinearLayer.Weights]], sbyte.MaxValue, null, inputs[0].Q.Scale);
            float[] bias = FloatLayers.BiasOf(node) is { } id ? _graph.Values[id].Constant!.ToFloats() : new float[weights.Shape[0]];
            inputs = [inputs[0], weights, _editor.AddConstant(FloatLayers.BiasName(_graph, node), WideForms.Bias(bias, inputs[0].Q, weights.Q))];
        }

        Value output = _graph.Values[node.Outputs[0]];
        QuantizationParameters q = node.Operator is Pool or Reshape or Transpose or Pad ? inputs[0].Q : WideForms.IsUnit(node.Operator) ? WideForms.Unit
            : WideForms.Of(RangeOf(output.Id));
        Value wide = _editor.AddValue(output.Name, new TensorType(ElementType.Int16, output.Shape, q));
        _editor.AddNode(node with { Inputs = [.. inputs.Select(i => i?.Id ?? -1)], Outputs = [wide.Id] });
        _wide[output.Id] = wide;
    }

    // Where all weights of a channel are tiny, the bias decides the scale, or it would not fit int32.
    private Value QuantizeWeights(Value weights, int limit, TensorData? bias, float inputScale)
    {
        float[]? biases = bias?.ToFloats();
        float[] real = weights.Constant!.ToFloats();
        int channels = weights.Shape[0];
        int taps = real.Length / channels;
        var scales = new float[channels];
        var integers = new byte[real.Length];
        for (int c = 0; c < channels; c++)
        {
            scales[c] = AffineRange.Weight(real.AsSpan(c * taps, taps), limit);
            if (biases is not null) scales[c] = Math.Max(scales[c], (float)AffineRange.LeastWeightScale(biases[c], inputScale));
            for (int i = c * taps; i < (c + 1) * taps; i++) integers[i] = unchecked((byte)Requantization.Quantize(real[i], scales[c], 0, -limit, limit));
        }

        return _editor.AddConstant(weights.Name, new TensorData(ElementType.Int8, weights.Shape, integers),
            new QuantizationParameters(scales.ToEquatableArray(), new int[channels].ToEquatableArray()));
    }

    private Value QuantizeBias(Value bias, Value input, Value weights) =>
        _editor.AddConstant(bias.Name, TensorData.Of(bias.Shape, AffineRange.Bias(bias.Constant!.ToFloats(), input.Q, weights.Q)));

    private ValueRange RangeOf(int value) => _ranges.TryGetValue(value, out ValueRange range)
        ? range
        : throw new InvalidOperationException($"Value '{_graph.Values[value].Name}' was not calibrated.");

    private Value AsInteger(int id)
    {
        if (_integer.TryGetValue(id, out Value? known)) return known;
        Value value = _graph.Values[id];
        if (value.Constant is { } constant)
        {
            float[] real = constant.ToFloats();
            QuantizationParameters q = AffineRange.Activation(new(real.DefaultIfEmpty().Min(), real.DefaultIfEmpty().Max()));
            byte[] integers = Array.ConvertAll(real, x => unchecked((byte)Requantization.Quantize(x, q.Scale, q.ZeroPoint, -128, 127)));
            return _integer[id] = _editor.AddConstant(value.Name, new TensorData(ElementType.Int8, value.Shape, integers), q);
        }

        return _integer[id] = _editor.Add(value.Name, "Quantize", new Operators.Quantize(), [Known(id).Id], AffineRange.Activation(RangeOf(id)),
            ElementType.Int8);
    }

    private Value AsWide(int id)
    {
        if (_wide.TryGetValue(id, out Value? known)) return known;
        Value value = _graph.Values[id];
        if (value.Constant is not { } constant)
        {
            return _wide[id] = _editor.Add(value.Name, "Quantize", new Operators.Quantize(), [Known(id).Id], WideForms.Of(RangeOf(id)),
                ElementType.Int16);
        }

        float[] real = constant.ToFloats();
        QuantizationParameters q = WideForms.Of(new(real.DefaultIfEmpty().Min(), real.DefaultIfEmpty().Max()));
        short[] integers = Array.ConvertAll(real, x => (short)Requantization.Quantize(x, q.Scale, 0, short.MinValue, short.MaxValue));
        return _wide[id] = _editor.AddConstant(value.Name, new TensorData(ElementType.Int16, value.Shape,
            System.Runtime.InteropServices.MemoryMarshal.AsBytes(integers.AsSpan()).ToArray()), q);
    }

    // A value in the form in which it is computed.
    private Value Known(int id) => _float.GetValueOrDefault(id) ?? _wide.GetValueOrDefault(id) ?? _integer.GetValueOrDefault(id) ?? AsFloat(id);

    private Value AsFloat(int id)
    {
        if (_float.TryGetValue(id, out Value? known)) return known;
        Value value = _graph.Values[id];
        return _float[id] = value.Constant is { } constant
            ? _editor.AddConstant(value.Name, constant, value.Quantization)
            : _editor.Add(value.Name, "Dequantize", new Dequantize(), [(_wide.GetValueOrDefault(id) ?? _integer[id]).Id]);
    }
}
