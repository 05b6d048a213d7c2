using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Export;

/// <summary>
/// Writes a network as ONNX with QuantizeLinear and DequantizeLinear around every operator: weights with a scale per channel, int32 biases, channels-first
/// images. Other runtimes fuse this form into integer kernels.
/// </summary>
internal sealed partial class QdqExporter
{
    private const int Opset = 17;

    private static readonly int[] ToFirst = [0, 3, 1, 2];

    private static readonly int[] ToLast = [0, 2, 3, 1];

    private readonly ModelGraph _graph;
    private readonly OnnxWriter _onnx;

    // Whose inputs and outputs the file has; null when they may be as suits runtimes.
    private readonly ModelGraph? _edges;

    // Names of the tensors written so far, as the network has them and channels-first.
    private readonly Dictionary<(int Value, bool ChannelsFirst), string> _names = [];

    private QdqExporter(ModelGraph graph, ModelGraph? edges)
    {
        (_graph, _edges) = (graph, edges);
        _onnx = new OnnxWriter(Opset, new HashSet<string>(edges is null ? [] : [.. graph.InputValues.Select(v => v.Name), .. graph.OutputNames]));
    }

    /// <summary>Writes the network as runtimes take it fastest: 8-bit activations are uint8, images at the edges channels-first; names are made up.</summary>
    /// <exception cref="ModelCompilationException">MC2006: there is no such operator in this form.</exception>
    public static QdqModel Export(ModelGraph graph) => new QdqExporter(graph, edges: null).Export();

    /// <summary>Writes the network with the inputs and outputs that its user knows, by name, type, shape and order, as the content of an ONNX file.</summary>
    /// <param name="graph">The compiled network.</param>
    /// <param name="original">The network before quantisation: what is float there at the edges is float in the file.</param>
    /// <exception cref="ModelCompilationException">MC2006: there is no such operator in this form.</exception>
    public static byte[] ExportModel(ModelGraph graph, ModelGraph original) => new QdqExporter(graph, original).Export().Bytes;

    private QdqModel Export()
    {
        RefuseStatesAndWideIntegers();
        ILookup<int, Node> consumers = _graph.Consumers();
        var inputs = new List<QdqEdge>();
        foreach ((Value input, int i) in _graph.InputValues.Select((v, i) => (v, i)))
        {
            bool first = _edges is null && input.Shape.Rank == 4 && !consumers[input.Id].All(n => n.Operator is Transpose or Reshape);
            var edge = new QdqEdge(_edges is null ? _onnx.NextName("x") : input.Name, input.Type, input.Shape, first);
            bool real = IsReal(input, _edges?.Values[_edges.Inputs[i]]);
            _onnx.Input(edge.Name, real ? DataType.Float : TypeOf(input), edge.FileShape);
            Define(input, first, real ? Integers(input, edge.Name) : edge.Name);
            inputs.Add(edge);
        }

        foreach (Node node in _graph.Nodes)
        {
            try
            {
                Write(node);
            }
            catch (ModelCompilationException e)
            {
                throw e.At(node.Label);
            }
        }

        var outputs = new List<QdqEdge>();
        foreach ((Value output, int i) in _graph.OutputValues.Select((v, i) => (v, i)))
        {
            bool first = _edges is null && IsFirst(output);
            string name = Name(output, first);
            bool real = IsReal(output, _edges?.Values[_edges.Outputs[i]]);
            if (real) name = Real(output, name);
            var edge = new QdqEdge(_edges is null ? name : _graph.OutputNames[i], output.Type, output.Shape, first);
            outputs.Add(edge);
            _onnx.Output(name, edge.Name, real ? DataType.Float : TypeOf(output), edge.FileShape);
        }

        return new QdqModel(_onnx.Write(), inputs, outputs);
    }

    // Inputs and outputs have types that only make sense without them.
    private void RefuseStatesAndWideIntegers()
    {
        foreach (Node node in _graph.Nodes)
        {
            Value[] values = [.. node.Inputs.Concat(node.Outputs).Where(v => v >= 0).Select(v => _graph.Values[v])];
            if (values.FirstOrDefault(v => v.IsQuantized16) is { } wide) throw NotExported($"'{wide.Name}' has integers of 16 bits").At(node.Label);
            if (_graph.States.FirstOrDefault(s => values.Any(v => v.Id == s.Current)) is { } state)
                throw NotExported($"'{state.Name}' lives from run to run").At(node.Label);
        }
    }

    private void Write(Node node)
    {
        Value[] inputs = [.. node.Inputs.Where(i => i >= 0).Select(i => _graph.Values[i])];
        if (inputs.Length == 0 || node.Outputs.Length != 1) throw NotExported($"operator {node.Operator.Name} has no single input and output");
        (Value x, Value y) = (inputs[0], _graph.Values[node.Outputs[0]]);
        switch (node.Operator)
        {
            case Conv or FullyConnected when inputs.Skip(1).Any(i => i.Constant is null):
                throw NotExported("the weights are computed at run time");
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
                Bind(y, images, Clamped(_onnx.Apply(NameOf(binary.Kind), [.. inputs.Select(i => Real(i, images))]), binary.Activation, y));
                break;
            case Concatenation concat:
                Join(concat, inputs, y);
                break;
            case Unary unary:
                Bind(y, IsFirst(x), Function(unary, Real(x, IsFirst(x)), y));
                break;
            case Softmax softmax:
                string scaled = softmax.Beta == 1 ? Real(x, IsFirst(x)) : _onnx.Apply("Mul", [Real(x, IsFirst(x)), _onnx.Scalar(softmax.Beta)]);
                Bind(y, IsFirst(x), _onnx.Apply("Softmax", [scaled], ("axis", AxisOf(softmax.Axis, x))));
                break;
            case LogSoftmax softmax:
                Bind(y, IsFirst(x), _onnx.Apply("LogSoftmax", [Real(x, IsFirst(x))], ("axis", AxisOf(softmax.Axis, x))));
                break;
            case Pad pad:
                Surround(pad, x, y);
                break;
            case Quantize or Dequantize:
                Bind(y, IsFirst(x), Real(x, IsFirst(x)));
                break;
            case Reinterpret when x.IsQuantized == y.IsQuantized:
                Define(y, IsFirst(x), Name(x, IsFirst(x)));
                break;
            case Reshape:
                Define(y, false, _onnx.Reshape(InOrder(x), y.Shape));
                break;
            case Transpose { Order: var order }:
                Permute([.. order], x, y);
                break;
            default:
                throw NotExported($"operator {node.Operator.Name} has no form in the file");
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
            Real(x, x.Shape == rows ? InOrder(x) : _onnx.Reshape(InOrder(x), rows)),
            Constant(weights, QdqEdge.Permute(weights.Constant!, [1, 0]), 1),
            .. inputs.Skip(2).Select(bias => Bias(bias, x, weights)),
        ];
        string result = Integers(y, Clamped(_onnx.Apply("Gemm", operands), layer.Activation, y));
        Define(y, false, y.Shape.Rank == 2 ? result : _onnx.Reshape(result, y.Shape));
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
                Define(y, true, _onnx.Apply("MaxPool", [Name(x, true)], attributes));
            else Bind(y, true, Clamped(_onnx.Apply("MaxPool", [Real(x, true)], attributes), pool.Activation, y));
            return;
        }

        if (pool.DilationDown * pool.DilationRight != 1) throw NotExported("a mean over a dilated window does not exist in the file's operator set");
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
            if (mean.KeepDimensions) Define(y, true, result);
            else Define(y, false, _onnx.Reshape(result, y.Shape));
            return;
        }

        Bind(y, false, _onnx.Apply("ReduceMean", [Real(x, false)], ("axes", mean.Axes.ToArray()), ("keepdims", mean.KeepDimensions ? 1 : 0)));
    }

    private void Join(Concatenation concat, Value[] inputs, Value y)
    {
        bool first = inputs.Any(IsFirst);
        (string, object) axis = ("axis", first ? Array.IndexOf(ToFirst, concat.Axis) : concat.Axis);
        if (inputs.All(i => i.Quantization == y.Quantization && i.Type == y.Type))
            Define(y, first, _onnx.Apply("Concat", [.. inputs.Select(i => Name(i, first))], axis));
        else Bind(y, first, _onnx.Apply("Concat", [.. inputs.Select(i => Real(i, first))], axis));
    }

    private void Surround(Pad pad, Value x, Value y)
    {
        bool first = IsFirst(x);
        IEnumerable<int> axes = first ? ToFirst : Enumerable.Range(0, x.Shape.Rank);
        string amounts = _onnx.Int64s([.. axes.Select(a => (long)pad.Before[a]), .. axes.Select(a => (long)pad.After[a])]);
        string constant = _onnx.Scalar(pad.Value);
        if (y.IsQuantized) constant = Integers(y, constant);
        Define(y, first, _onnx.Apply("Pad", [Name(x, first), amounts, constant]));
    }

    // To channels-last and back costs nothing where the other form is there already.
    private void Permute(int[] order, Value x, Value y)
    {
        if (order.SequenceEqual(ToLast) && _names.TryGetValue((x.Id, false), out string? last)) Define(y, true, last);
        else if (order.SequenceEqual(ToFirst) && _names.TryGetValue((x.Id, true), out string? first)) Define(y, false, first);
        else Define(y, false, _onnx.Transpose(Name(x, false), order));
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
        _ => throw NotExported($"{unary.Kind} has no form in the file"),
    };
}
