using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Builds small networks with random constants; values and constants are reproducible from the seed.</summary>
internal sealed class CaseBuilder(int seed)
{
    private readonly GraphEditor _graph = new();
    private readonly Random _random = new(seed);

    /// <summary>A float input.</summary>
    public Value Input(params int[] shape) => AddInput(new TensorType(ElementType.Float32, new Shape(shape)));

    /// <summary>An 8-bit input with a random scale and zero point.</summary>
    public Value QuantizedInput(ElementType type, params int[] shape) => AddInput(new TensorType(type, new Shape(shape), Parameters(type)));

    /// <summary>An integer input that stands for itself.</summary>
    public Value IntegerInput(ElementType type, params int[] shape) => AddInput(new TensorType(type, new Shape(shape)));

    /// <summary>A random scale and zero point.</summary>
    public QuantizationParameters Parameters(ElementType type, double scale = 0.05) =>
        new((float)(scale * (0.5 + _random.NextDouble())), _random.Next(type.MinValue(), type.MaxValue() + 1));

    /// <summary>Float constants between −1 and 1.</summary>
    public Value Constant(params int[] shape)
    {
        var data = new TensorData(ElementType.Float32, new Shape(shape));
        foreach (ref float x in data.Floats) x = (float)((_random.NextDouble() * 2) - 1);
        return _graph.AddConstant("constant", data);
    }

    /// <summary>8-bit constants, many of them at the ends of the range, with one scale for the tensor or one per slice of the first axis.</summary>
    public Value QuantizedConstant(ElementType type, bool perChannel, params int[] shape)
    {
        var data = new TensorData(type, new Shape(shape));
        for (int i = 0; i < data.Bytes.Length; i++)
        {
            int value = _random.Next(4) switch { 0 => type.MinValue(), 1 => type.MaxValue(), _ => _random.Next(type.MinValue(), type.MaxValue() + 1) };
            data.Bytes[i] = unchecked((byte)value);
        }

        int count = perChannel ? shape[0] : 1;
        int zero = perChannel ? 0 : type == ElementType.UInt8 ? _random.Next(256) : 0;
        return _graph.AddConstant("weights", data, new QuantizationParameters(
            Enumerable.Range(0, count).Select(_ => (float)(0.002 * (0.2 + _random.NextDouble()))).ToEquatableArray(),
            Enumerable.Repeat(zero, count).ToEquatableArray()));
    }

    /// <summary>Int32 constants.</summary>
    public Value Bias(int count) => _graph.AddConstant("bias",
        TensorData.Of(new Shape(count), Enumerable.Range(0, count).Select(_ => _random.Next(-20000, 20000)).ToArray()));

    /// <summary>Applies an operator.</summary>
    public Value Apply(Operator op, params Value?[] inputs) => Apply(op, null, null, inputs);

    /// <summary>Applies an operator with a quantised output.</summary>
    public Value Apply(Operator op, ElementType? type, QuantizationParameters? quantization, params Value?[] inputs) =>
        _graph.Add(op.Name, op.Name, op, [.. inputs.Select(i => i?.Id ?? -1)], quantization, type);

    /// <summary>An input of integers around zero.</summary>
    public Value SymmetricInput(ElementType type, float scale, params int[] shape) =>
        AddInput(new TensorType(type, new Shape(shape), new QuantizationParameters(scale, 0)));

    /// <summary>Constants of any type.</summary>
    public Value Numbers(ElementType type, QuantizationParameters? quantization, Func<Random, double> next, params int[] shape)
    {
        var data = new TensorData(type, new Shape(shape));
        for (int i = 0; i < data.Count; i++) data.Set(i, next(_random));
        return _graph.AddConstant("constant", data, quantization);
    }

    /// <summary>State, of zeros before the first run or of bytes of this value.</summary>
    public Value State(TensorType type, byte fill = 0)
    {
        Value current = _graph.AddValue($"state{_graph.States.Count}", type);
        var initial = new TensorData(type.Type, type.Shape);
        initial.Bytes.AsSpan().Fill(fill);
        _graph.States.Add(new StateVariable(current.Name, current.Id, current.Id, initial));
        return current;
    }

    /// <summary>Says what a state becomes.</summary>
    public void Become(Value state, Value next)
    {
        int i = _graph.States.FindIndex(s => s.Current == state.Id);
        _graph.States[i] = _graph.States[i] with { Next = next.Id };
    }

    /// <summary>Applies an operator with several outputs; quantisation is given where it is not inferred.</summary>
    public Value[] ApplyAll(Operator op, QuantizationParameters?[] quantization, params Value?[] inputs)
    {
        IReadOnlyList<TensorType> types = op.Infer(new InferenceContext([.. inputs]));
        Value[] outputs = [.. types.Select((t, i) => _graph.AddValue($"{op.Name}{i}",
            t with { Quantization = i < quantization.Length ? quantization[i] ?? t.Quantization : t.Quantization }))];
        _graph.AddNode(new Node(op.Name, op.Name, op, [.. inputs.Select(i => i?.Id ?? -1)], [.. outputs.Select(o => o.Id)]));
        return outputs;
    }

    /// <summary>The network with these outputs.</summary>
    public ModelGraph Build(params Value[] outputs)
    {
        foreach (Value output in outputs)
        {
            _graph.Outputs.Add(output.Id);
            _graph.OutputNames.Add($"y{_graph.OutputNames.Count}");
        }

        return _graph.ToGraph();
    }

    /// <summary>Random contents for an input.</summary>
    public static TensorData Random(Value input, Random random)
    {
        var data = new TensorData(input.Type, input.Shape);
        if (input.Type == ElementType.Float32)
        {
            foreach (ref float x in data.Floats) x = (float)((random.NextDouble() * 8) - 4);
        }
        else if (input.Type.IsFloat())
        {
            for (int i = 0; i < data.Count; i++) data.Set(i, (random.NextDouble() * 8) - 4);
        }
        else
        {
            random.NextBytes(data.Bytes);
            if (input.Type == ElementType.Bool) foreach (ref byte x in data.Bytes.AsSpan()) x &= 1;
        }

        return data;
    }

    private Value AddInput(TensorType type)
    {
        Value value = _graph.AddValue($"x{_graph.Inputs.Count}", type);
        _graph.Inputs.Add(value.Id);
        return value;
    }
}
