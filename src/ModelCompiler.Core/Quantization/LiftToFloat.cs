using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// A network of integers as the float network that it approximates, so that it can get other formats, be pruned or shared. Weights are what their integers
/// stand for, and results stay within the ranges of their integers, where activations that converters leave out hide. Quantised inputs stay what they are,
/// with a conversion behind; outputs become float.
/// </summary>
internal sealed class LiftToFloat
{
    private readonly ModelGraph _graph;
    private readonly GraphEditor _editor = new();
    private readonly Dictionary<int, Value> _real = [];

    private LiftToFloat(ModelGraph graph) => _graph = graph;

    /// <summary>True for a network whose activations are integers.</summary>
    public static bool IsQuantised(ModelGraph graph) => graph.Nodes.Any(n => graph.Values[n.Outputs[0]] is { IsQuantized: true } or { IsQuantized16: true });

    /// <summary>The graph itself, or, where it is quantised and the options ask for what integers do not allow, a float one.</summary>
    /// <exception cref="ModelCompilationException">MC3005: an operator exists on integers only.</exception>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        if (!IsAsked(context.Options) || !IsQuantised(graph)) return graph;
        ModelGraph lifted = new LiftToFloat(graph).Lift();
        int count = graph.Nodes.Count(n => n.Outputs.Any(o => graph.Values[o].IsAffine));
        context.Note(string.Create(CultureInfo.InvariantCulture,
            $"The model is quantised: took the real numbers that the integers of {count} operators stand for as the original."));
        return lifted;
    }

    private static bool IsAsked(CompilationOptions o) => o.Precision is not (Precision.Default or Precision.Int8) || o.WeightBits > 0 || o.Clusters > 0
        || (o.LayerPrecision ?? o.Pruning ?? o.Sparsity ?? o.LowRank) is not null;

    private ModelGraph Lift()
    {
        foreach (Value input in _graph.InputValues)
        {
            Value value = _editor.AddValue(input.Name, input.TensorType);
            _editor.Inputs.Add(value.Id);
            _real[input.Id] = input.IsAffine ? _editor.Add(input.Name, "Dequantize", new Dequantize(), [value.Id]) : value;
        }

        foreach (StateVariable state in _graph.States) _real[state.Current] = _editor.AddValue(state.Name, RealType(_graph.Values[state.Current]));
        foreach (Node node in _graph.Nodes)
        {
            if (node.Operator is Dequantize) _real[node.Outputs[0]] = Real(node.Inputs[0]);
            else if (node.Operator is Quantize) _real[node.Outputs[0]] = Within(node);
            else Compute(node);
        }

        _editor.Outputs.AddRange(_graph.Outputs.Select(o => Real(o).Id));
        _editor.OutputNames.AddRange(_graph.OutputNames);
        _editor.OutputLabels = _graph.OutputLabels;
        _editor.States.AddRange(_graph.States.Select(s => new StateVariable(s.Name, _real[s.Current].Id, Real(s.Next).Id,
            _graph.Values[s.Current] is { IsAffine: true } q ? Reals(s.Initial, q.Q) : s.Initial)));
        return _editor.ToGraph();
    }

    // A conversion to integers only cuts off what is beyond their range. Inputs have a range already.
    private Value Within(Node node)
    {
        Value real = Real(node.Inputs[0]), output = _graph.Values[node.Outputs[0]], input = _graph.Values[node.Inputs[0]];
        return real.Constant is not null || !output.IsAffine || _graph.Inputs.Contains(input.Id) || (input.IsAffine && Covers(Range(output), Range(input)))
            ? real : _editor.Add(node.Name, node.Origin, Unary.Clamp(Range(output)), [real.Id]);
    }

    private void Compute(Node node)
    {
        int[] inputs = [.. node.Inputs.Select((i, place) => i < 0 ? i
            : place == ILinearLayer.Bias && node.Operator is ILinearLayer ? Bias(node).Id : Real(i).Id)];
        Value result = _graph.Values[node.Outputs[0]];
        Operator op = node.Operator is IFusesActivation fused && result.IsAffine ? fused.WithActivation(Both(fused.Activation, Range(result))) : node.Operator;
        Value[] outputs = [.. node.Outputs.Select(o => _editor.AddValue(_graph.Values[o].Name, RealType(_graph.Values[o])))];
        RequireFloat(node, op, inputs, outputs);
        _editor.AddNode(node with { Operator = op, Inputs = [.. inputs], Outputs = [.. outputs.Select(o => o.Id)] });
        for (int i = 0; i < outputs.Length; i++) _real[node.Outputs[i]] = outputs[i];
    }

    private void RequireFloat(Node node, Operator op, int[] inputs, Value[] outputs)
    {
        string reason;
        try
        {
            IReadOnlyList<TensorType> types = op.Infer(new InferenceContext([.. inputs.Select(i => i < 0 ? null : _editor[i])]));
            if (outputs.Zip(types).All(p => p.First.Shape == p.Second.Shape && p.First.TensorType.Holds(p.Second.Type))) return;
            reason = "it computes integers only";
        }
        catch (ModelCompilationException e)
        {
            reason = e.Reason;
        }

        throw new ModelCompilationException("MC3005", $"The model is quantised already, and {node.Label} cannot become float: {reason.TrimEnd('.')}.",
            "Compile the model as it is, without options that ask for other formats or for compression, or compile the float model it was made from.",
            node.Label);
    }

    private Value Real(int id)
    {
        if (_real.TryGetValue(id, out Value? known)) return known;
        Value value = _graph.Values[id];
        return _real[id] = value is { Quantization: { } q, Type: not ElementType.Float32 }
            ? _editor.AddConstant(value.Name, Reals(value.Constant!, q)) : _editor.AddConstant(value.Name, value.Constant!, value.Quantization);
    }

    // Integers of a bias count in units of input scale × weight scale, whatever scale the file gives them.
    private Value Bias(Node node)
    {
        (Value bias, Value input, Value weights) = (_graph.Values[node.Inputs[2]], _graph.Values[node.Inputs[0]], _graph.Values[node.Inputs[1]]);
        if (!input.IsAffine || bias.Type == ElementType.Float32 || bias.Constant is not { } integers || weights.Quantization is not { } scales)
            return Real(bias.Id);
        double[] reals = [.. Enumerable.Range(0, integers.Count).Select(c => integers.ToDouble(c) * input.Q.Scale * scales.ScaleOf(c))];
        return _editor.AddConstant(bias.Name, TensorData.Of(bias.Shape, Array.ConvertAll(reals, r => (float)r)));
    }

    private static TensorData Reals(TensorData integers, QuantizationParameters q) => TensorData.Of(integers.Shape, Dequantize.ToReals(integers, q));

    private static TensorType RealType(Value value) => value.IsAffine ? new TensorType(ElementType.Float32, value.Shape) : value.TensorType;

    private static ActivationRange Range(Value value) => new(
        (float)(((double)value.Type.MinValue() - value.Q.ZeroPoint) * value.Q.Scale),
        (float)(((double)value.Type.MaxValue() - value.Q.ZeroPoint) * value.Q.Scale));

    private static bool Covers(ActivationRange outer, ActivationRange inner) => outer.Min <= inner.Min && outer.Max >= inner.Max;

    private static ActivationRange Both(ActivationRange a, ActivationRange b) => new(Math.Max(a.Min, b.Min), Math.Min(a.Max, b.Max));
}
