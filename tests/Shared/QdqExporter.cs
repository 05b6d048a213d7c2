using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Testing;

/// <summary>
/// Writes a network as ONNX with QuantizeLinear and DequantizeLinear around every operator: uint8 activations, weights with a scale per channel, int32 biases,
/// channels-first images. This is the form that ONNX Runtime fuses into its fastest integer kernels.
/// </summary>
internal sealed class QdqExporter
{
    private const int Opset = 17;

    private static readonly int[] ToFirst = [0, 3, 1, 2];

    private static readonly int[] ToLast = [0, 2, 3, 1];

    private readonly ModelGraph _graph;
    private readonly OnnxGraph _onnx = new(opset: Opset);

    // Names of the tensors written so far, as the network has them and channels-first.
    private readonly Dictionary<(int Value, bool ChannelsFirst), string> _names = [];

    private QdqExporter(ModelGraph graph) => _graph = graph;

    /// <summary>Writes the network.</summary>
    /// <exception cref="NotSupportedException">There is no such operator in this form; the message names the node.</exception>
    public static QdqModel Export(ModelGraph graph) => new QdqExporter(graph).Export();

    private QdqModel Export()
    {
        ILookup<int, Node> consumers = _graph.Consumers();
        var inputs = new List<QdqEdge>();
        foreach (Value input in _graph.InputValues)
        {
            bool first = input.Shape.Rank == 4 && !consumers[input.Id].All(n => n.Operator is Transpose or Reshape);
            var edge = new QdqEdge("", input.Type, input.Shape, first);
            edge = edge with { Name = _onnx.Input(TypeOf(input), [.. edge.FileShape]) };
            _names.Add((input.Id, first), edge.Name);
            inputs.Add(edge);
        }

        foreach (Node node in _graph.Nodes) Write(node);
        var outputs = new List<QdqEdge>();
        foreach (Value output in _graph.OutputValues)
        {
            bool first = IsFirst(output);
            outputs.Add(new QdqEdge(Name(output, first), output.Type, output.Shape, first));
            _onnx.Output(outputs[^1].Name, TypeOf(output));
        }

        return new QdqModel(_onnx.Write(), inputs, outputs);
    }

    private void Write(Node node)
    {
        Value[] inputs = [.. node.Inputs.Where(i => i >= 0).Select(i => _graph.Values[i])];
        (Value x, Value y) = (inputs[0], _graph.Values[node.Outputs[0]]);
        switch (node.Operator)
        {
            case Conv conv:
                Convolution(conv, inputs, y);
                break;
            case FullyConnected layer:
                Layer(layer, inputs, y);
                break;
            case Pool pool:
                Window(pool, x, y);
                break;
            case ReduceMean mean:
                Mean(mean, x, y);
                break;
            case Binary binary:
                bool images = y.Shape.Rank == 4 && inputs.Any(IsFirst) && inputs.All(i => i.Shape.Rank == 4 || i.Constant is not null);
                string op = binary.Kind switch { BinaryKind.Add => "Add", BinaryKind.Subtract => "Sub", BinaryKind.Multiply => "Mul", _ => "Div" };
                Bind(y, images, Clamped(_onnx.Apply(op, [.. inputs.Select(i => Real(i, images))]), binary.Activation, y));
                break;
            case Concatenation concat:
                Join(concat, inputs, y);
                break;
            case Unary unary:
                Bind(y, IsFirst(x), Function(unary, Real(x, IsFirst(x)), y));
                break;
            case Softmax { Beta: 1 } softmax:
                Bind(y, IsFirst(x), _onnx.Apply("Softmax", [Real(x, IsFirst(x))], ("axis", IsFirst(x) ? Array.IndexOf(ToFirst, softmax.Axis) : softmax.Axis)));
                break;
            case Pad pad:
                Surround(pad, x, y);
                break;
            case Quantize or Dequantize:
                Bind(y, IsFirst(x), Real(x, IsFirst(x)));
                break;
            case Reinterpret:
                _names.Add((y.Id, IsFirst(x)), Name(x, IsFirst(x)));
                break;
            case Reshape:
                _names.Add((y.Id, false), Reshaped(InOrder(x), y.Shape));
                break;
            case Transpose { Order: var order }:
                Permute([.. order], x, y);
                break;
            default:
                throw new NotSupportedException($"{node.Label} cannot be written as an ONNX operator between conversions.");
        }
    }

    private void Convolution(Conv conv, Value[] inputs, Value y)
    {
        Value weights = inputs[1];
        string[] operands =
        [
            Real(inputs[0], true),
            Constant(weights, QdqEdge.Permute(weights.Constant!, ToFirst), 0),
            .. inputs.Skip(2).Select(bias => Bias(bias, inputs[0], weights)),
        ];
        string sum = _onnx.Apply(
            "Conv", operands, ("kernel_shape", new[] { weights.Shape[1], weights.Shape[2] }), ("strides", new[] { conv.StrideDown, conv.StrideRight }),
            ("dilations", new[] { conv.DilationDown, conv.DilationRight }), ("pads", new[] { conv.PadTop, conv.PadLeft, conv.PadBottom, conv.PadRight }),
            ("group", conv.Groups));
        Bind(y, true, Clamped(sum, conv.Activation, y));
    }

    private void Layer(FullyConnected layer, Value[] inputs, Value y)
    {
        (Value x, Value weights) = (inputs[0], inputs[1]);
        var rows = new Shape(x.Shape.Elements / weights.Shape[1], weights.Shape[1]);
        string[] operands =
        [
            Real(x, x.Shape == rows ? InOrder(x) : Reshaped(InOrder(x), rows)),
            Constant(weights, QdqEdge.Permute(weights.Constant!, [1, 0]), 1),
            .. inputs.Skip(2).Select(bias => Bias(bias, x, weights)),
        ];
        string result = Integers(y, Clamped(_onnx.Apply("Gemm", operands), layer.Activation, y));
        _names.Add((y.Id, false), y.Shape.Rank == 2 ? result : Reshaped(result, y.Shape));
    }

    private void Window(Pool pool, Value x, Value y)
    {
        bool whole = pool.WindowHeight == x.Shape[1] && pool.WindowWidth == x.Shape[2] && y.Shape[1] * y.Shape[2] == 1
            && pool.PadTop + pool.PadLeft + pool.PadBottom + pool.PadRight == 0;
        (string, object)[] attributes =
        [
            ("kernel_shape", new[] { pool.WindowHeight, pool.WindowWidth }), ("strides", new[] { pool.StrideDown, pool.StrideRight }),
            ("pads", new[] { pool.PadTop, pool.PadLeft, pool.PadBottom, pool.PadRight }), ("ceil_mode", pool.CeilMode ? 1 : 0),
        ];
        if (pool.Kind == PoolKind.Max)
        {
            attributes = [.. attributes, ("dilations", new[] { pool.DilationDown, pool.DilationRight })];
            if (x.IsQuantized && x.Quantization == y.Quantization && pool.Activation.IsNone)
                _names.Add((y.Id, true), _onnx.Apply("MaxPool", [Name(x, true)], attributes));
            else Bind(y, true, Clamped(_onnx.Apply("MaxPool", [Real(x, true)], attributes), pool.Activation, y));
            return;
        }

        if (pool.DilationDown * pool.DilationRight != 1) throw new NotSupportedException("A mean over a dilated window does not exist in this operator set.");
        string mean = whole
            ? _onnx.Apply("GlobalAveragePool", [Real(x, true)])
            : _onnx.Apply("AveragePool", [Real(x, true)], [.. attributes, ("count_include_pad", pool.CountIncludePad ? 1 : 0)]);
        Bind(y, true, Clamped(mean, pool.Activation, y));
    }

    // A mean over the pixels of an image has a kernel of its own.
    private void Mean(ReduceMean mean, Value x, Value y)
    {
        if (x.Shape.Rank == 4 && mean.Axes.SequenceEqual([1, 2]))
        {
            string result = Integers(y, _onnx.Apply("GlobalAveragePool", [Real(x, true)]));
            if (mean.KeepDimensions) _names.Add((y.Id, true), result);
            else _names.Add((y.Id, false), Reshaped(result, y.Shape));
            return;
        }

        Bind(y, false, _onnx.Apply("ReduceMean", [Real(x, false)], ("axes", mean.Axes.ToArray()), ("keepdims", mean.KeepDimensions ? 1 : 0)));
    }

    private void Join(Concatenation concat, Value[] inputs, Value y)
    {
        bool first = inputs.Any(IsFirst);
        (string, object) axis = ("axis", first ? Array.IndexOf(ToFirst, concat.Axis) : concat.Axis);
        if (inputs.All(i => i.Quantization == y.Quantization)) _names.Add((y.Id, first), _onnx.Apply("Concat", [.. inputs.Select(i => Name(i, first))], axis));
        else Bind(y, first, _onnx.Apply("Concat", [.. inputs.Select(i => Real(i, first))], axis));
    }

    private void Surround(Pad pad, Value x, Value y)
    {
        bool first = IsFirst(x);
        IEnumerable<int> axes = first ? ToFirst : Enumerable.Range(0, x.Shape.Rank);
        string amounts = _onnx.Int64s([.. axes.Select(a => (long)pad.Before[a]), .. axes.Select(a => (long)pad.After[a])]);
        string constant = _onnx.Scalar(pad.Value);
        if (y.IsQuantized) constant = Integers(y, constant);
        _names.Add((y.Id, first), _onnx.Apply("Pad", [Name(x, first), amounts, constant]));
    }

    // To channels-last and back costs nothing where the other form is there already.
    private void Permute(int[] order, Value x, Value y)
    {
        if (order.SequenceEqual(ToLast) && _names.TryGetValue((x.Id, false), out string? last)) _names.Add((y.Id, true), last);
        else if (order.SequenceEqual(ToFirst) && _names.TryGetValue((x.Id, true), out string? first)) _names.Add((y.Id, false), first);
        else _names.Add((y.Id, false), _onnx.Apply("Transpose", [Name(x, false)], ("perm", order)));
    }

    private string Function(Unary unary, string x, Value y) => unary.Kind switch
    {
        UnaryKind.Clamp => Clamped(x, unary.Range!.Value, y),
        UnaryKind.LeakyRelu => _onnx.Apply("LeakyRelu", [x], ("alpha", unary.Alpha)),
        UnaryKind.Elu => _onnx.Apply("Elu", [x], ("alpha", unary.Alpha)),
        UnaryKind.HardSigmoid => _onnx.Apply("HardSigmoid", [x], ("alpha", unary.Alpha), ("beta", unary.Beta)),
        UnaryKind.Negate => _onnx.Apply("Neg", [x]),
        UnaryKind.HardSwish or UnaryKind.Sigmoid or UnaryKind.Tanh or UnaryKind.Abs or UnaryKind.Exp or UnaryKind.Log or UnaryKind.Sqrt or UnaryKind.Reciprocal
        or UnaryKind.Softplus =>
            _onnx.Apply(unary.Kind.ToString(), [x]),
        _ => throw new NotSupportedException($"{unary.Kind} is not an ONNX operator."),
    };

    /// <summary>A clamp, unless the saturation of the output's integers does it.</summary>
    private string Clamped(string real, ActivationRange activation, Value output)
    {
        if (!output.IsQuantized) return activation.IsNone ? real : Clip(activation.Min, activation.Max);
        (int low, int high) = activation.Quantized(output);
        if (low == output.Type.MinValue() && high == output.Type.MaxValue()) return real;
        return Clip((low - output.Q.ZeroPoint) * output.Q.Scale, (high - output.Q.ZeroPoint) * output.Q.Scale);

        string Clip(float min, float max) => _onnx.Apply("Clip", [real, _onnx.Scalar(min), _onnx.Scalar(max)]);
    }

    private void Bind(Value value, bool channelsFirst, string real) => _names.Add((value.Id, channelsFirst), Integers(value, real));

    /// <summary>Real numbers as a value's own type.</summary>
    private string Integers(Value value, string real) => value.IsQuantized ? _onnx.Apply("QuantizeLinear", [real, .. Parameters(value)]) : real;

    private string Real(Value value, bool channelsFirst) => Real(value, Name(value, channelsFirst));

    // Every use has a conversion of its own, which ONNX Runtime wants for fusing.
    private string Real(Value value, string name) => value.IsQuantized ? _onnx.Apply("DequantizeLinear", [name, .. Parameters(value)]) : name;

    private string[] Parameters(Value value) =>
        [_onnx.Scalar(value.Q.Scale), _onnx.Constant(DataType.Uint8, [], [(byte)(value.Q.ZeroPoint - value.Type.MinValue())])];

    private bool IsFirst(Value value) => _names.ContainsKey((value.Id, true));

    /// <summary>A name under which the elements lie in the network's own order.</summary>
    private string InOrder(Value value) => IsFirst(value) && IsSameOrder(value.Shape) ? Name(value, true) : Name(value, false);

    private static bool IsSameOrder(Shape shape) => shape[3] == 1 || shape[1] * shape[2] == 1;

    private string Name(Value value, bool channelsFirst)
    {
        if (_names.TryGetValue((value.Id, channelsFirst), out string? name)) return name;
        if (value.Constant is { } constant)
        {
            if (channelsFirst) constant = QdqEdge.Permute(constant.Reshape(new Shape([.. Enumerable.Repeat(1, 4 - constant.Shape.Rank), .. constant.Shape])),
                ToFirst);
            var edge = new QdqEdge("", value.Type, constant.Shape, false);
            name = _onnx.Constant(TypeOf(value), [.. constant.Shape], edge.ToFile(constant).Bytes);
        }
        else
        {
            string other = _names[(value.Id, !channelsFirst)];
            name = IsSameOrder(value.Shape)
                ? Reshaped(other, channelsFirst ? value.Shape.Permute(ToFirst) : value.Shape)
                : _onnx.Apply("Transpose", [other], ("perm", channelsFirst ? ToFirst : ToLast));
        }

        _names.Add((value.Id, channelsFirst), name);
        return name;
    }

    private string Reshaped(string name, Shape shape) => _onnx.Apply("Reshape", [name, _onnx.Int64s([.. shape.Select(d => (long)d)])]);

    /// <summary>Weights in the type they have.</summary>
    private string Constant(Value weights, TensorData data, int axis)
    {
        int[] shape = [.. data.Shape];
        if (!weights.IsQuantized) return _onnx.Constant(DataType.Float, shape, data.ToFloats());
        int[] slices = weights.Q.IsPerTensor ? [] : [weights.Q.Scales.Count];
        DataType type = weights.Type == ElementType.Int8 ? DataType.Int8 : DataType.Uint8;
        string[] operands =
        [
            _onnx.Constant(type, shape, data.Bytes), _onnx.Constant(DataType.Float, slices, weights.Q.Scales.ToArray()),
            _onnx.Constant(type, slices, weights.Q.ZeroPoints.Select(z => unchecked((byte)z)).ToArray()),
        ];
        return _onnx.Apply("DequantizeLinear", operands, ("axis", axis));
    }

    private string Bias(Value bias, Value x, Value weights)
    {
        TensorData data = bias.Constant!;
        if (!x.IsQuantized) return _onnx.Constant(DataType.Float, [data.Count], data.ToFloats());
        float[] scales = [.. weights.Q.Scales.Select(s => x.Q.Scale * s)];
        int[] slices = weights.Q.IsPerTensor ? [] : [scales.Length];
        string[] operands = [_onnx.Constant(DataType.Int32, [data.Count], data.ToInt32s()), _onnx.Constant(DataType.Float, slices, scales),
            _onnx.Constant(DataType.Int32, slices, new int[scales.Length])];
        return _onnx.Apply("DequantizeLinear", operands, ("axis", 0));
    }

    private static DataType TypeOf(Value value) => value.Type switch
    {
        ElementType.Int8 or ElementType.UInt8 when value.IsQuantized => DataType.Uint8,
        ElementType.Float32 => DataType.Float,
        ElementType.Int32 => DataType.Int32,
        ElementType.Int64 => DataType.Int64,
        _ => throw new NotSupportedException($"'{value.Name}' is {value.Type}, which is not written."),
    };
}
