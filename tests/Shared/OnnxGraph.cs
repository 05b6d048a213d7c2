using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using ModelCompiler.Core.Export;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Testing;

/// <summary>Writes small ONNX models; values are named in order, constants are reproducible from the seed.</summary>
internal sealed class OnnxGraph
{
    public const string Microsoft = "com.microsoft";

    public const string MachineLearning = "ai.onnx.ml";

    private readonly ModelProto _model = new() { IrVersion = 8, Graph = new GraphProto { Name = "test" } };
    private int _names;

    public OnnxGraph(int seed = 0, int opset = 13)
    {
        Random = new Random(seed);
        _model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });
        _model.OpsetImport.Add(new OperatorSetIdProto { Domain = Microsoft, Version = 1 });
        _model.OpsetImport.Add(new OperatorSetIdProto { Domain = MachineLearning, Version = 3 });
    }

    public Random Random { get; }

    /// <summary>The model so far, for what has no method of its own.</summary>
    public ModelProto Model => _model;

    /// <summary>Operators used so far.</summary>
    public IEnumerable<string> Operators => _model.Graph.Node.Select(n => n.OpType);

    /// <summary>Operators used so far, with their domains.</summary>
    public IEnumerable<(string Domain, string Name)> DomainOperators => _model.Graph.Node.Select(n => (n.Domain, n.OpType));

    /// <summary>A further output of the last node.</summary>
    public string Another()
    {
        NodeProto node = _model.Graph.Node[^1];
        node.Output.Add(NextName("v"));
        return node.Output[^1];
    }

    /// <summary>Type of the inputs that name none.</summary>
    public DataType InputType { get; init; } = DataType.Float;

    public string Input(params int[] shape) => Input(InputType, shape);

    public string Input(DataType type, params int[] shape)
    {
        string name = $"x{_model.Graph.Input.Count}";
        _model.Graph.Input.Add(OnnxWriter.Describe(name, type, new Shape(shape)));
        return name;
    }

    /// <summary>Float constants with a variance that keeps activations near one, as trained networks do.</summary>
    public string Weights(params int[] shape)
    {
        double width = Math.Sqrt(3.0 / Math.Max(1, shape.Skip(1).Aggregate(1, (a, b) => a * b)));
        return Floats(shape, () => ((Random.NextDouble() * 2) - 1) * width);
    }

    /// <summary>Float constants between two bounds.</summary>
    public string Uniform(double from, double to, params int[] shape) => Floats(shape, () => from + (Random.NextDouble() * (to - from)));

    public string Scalar(float value) => Constant(DataType.Float, [], [value]);

    public string Int64s(params long[] values) => Constant(DataType.Int64, [values.Length], values);

    public string Constant<T>(DataType type, int[] shape, T[] values)
        where T : unmanaged
    {
        var tensor = new TensorProto { Name = NextName("c"), DataType = (int)type, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())) };
        tensor.Dims.AddRange(shape.Select(d => (long)d));
        _model.Graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    public string Apply(string op, string[] inputs, params (string Name, object Value)[] attributes) => Apply(op, "", inputs, attributes);

    public string Apply(string op, string domain, string[] inputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = op, Domain = domain };
        node.Input.AddRange(inputs);
        node.Output.Add(NextName("v"));
        node.Attribute.AddRange(attributes.Select(a => OnnxWriter.Attribute(a.Name, a.Value)));
        _model.Graph.Node.Add(node);
        return node.Output[0];
    }

    public OnnxGraph Output(string name, DataType type = DataType.Float)
    {
        _model.Graph.Output.Add(new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type } } });
        return this;
    }

    public byte[] Write() => _model.ToByteArray();

    private string Floats(int[] shape, Func<double> next) =>
        Constant(DataType.Float, shape, Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => (float)next()).ToArray());

    private string NextName(string kind) => string.Create(CultureInfo.InvariantCulture, $"{kind}{_names++}");
}
