using System.Globalization;
using System.Runtime.InteropServices;
using Google.Protobuf;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Export;

/// <summary>Puts an ONNX file together, node by node; values get names in order.</summary>
/// <param name="opset">Version of the operators.</param>
/// <param name="taken">Names that no other value may get.</param>
internal sealed partial class OnnxWriter(int opset, IReadOnlySet<string> taken)
{
    private const int IrVersion = 8;

    private readonly GraphProto _graph = new() { Name = "network" };

    // The nodes by their outputs, and the shapes of values as far as they were told.
    private readonly Dictionary<string, NodeProto> _makers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Shape> _shapes = new(StringComparer.Ordinal);

    // Values that are outputs, with the outputs' names.
    private readonly List<(string Value, string Name)> _results = [];
    private int _names;

    /// <summary>A name that no value has yet.</summary>
    public string NextName(string kind)
    {
        string name;
        do name = string.Create(CultureInfo.InvariantCulture, $"{kind}{_names++}");
        while (taken.Contains(name));
        return name;
    }

    /// <summary>Declares an input of the model.</summary>
    public void Input(string name, DataType type, Shape shape) => _graph.Input.Add(Describe(name, type, shape));

    /// <summary>Makes a value an output of the model.</summary>
    public void Output(string value, string name, DataType type, Shape shape)
    {
        _graph.Output.Add(Describe(name, type, shape));
        _results.Add((value, name));
    }

    /// <summary>Says what shape a value has.</summary>
    public void Define(string value, Shape shape) => _shapes[value] = shape;

    /// <summary>A constant of no dimensions.</summary>
    public string Scalar(float value) => Constant(DataType.Float, [], [value]);

    /// <summary>A constant list.</summary>
    public string Int64s(params long[] values) => Constant(DataType.Int64, [values.Length], values);

    /// <summary>A constant.</summary>
    public string Constant<T>(DataType type, int[] shape, T[] values)
        where T : unmanaged
    {
        var tensor = new TensorProto { Name = NextName("c"), DataType = (int)type, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())) };
        tensor.Dims.AddRange(shape.Select(d => (long)d));
        _graph.Initializer.Add(tensor);
        return tensor.Name;
    }

    /// <summary>Adds a node with one output, whose name it gives.</summary>
    public string Apply(string op, string[] inputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = op, Name = NextName("n") };
        node.Input.AddRange(inputs);
        node.Output.Add(NextName("v"));
        node.Attribute.AddRange(attributes.Select(a => Attribute(a.Name, a.Value)));
        _graph.Node.Add(node);
        _makers.Add(node.Output[0], node);
        return node.Output[0];
    }

    /// <summary>The content of the file.</summary>
    public byte[] Write()
    {
        NameOutputs();
        DropUnused();
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = "ModelCompiler", Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });
        return model.ToByteArray();
    }

    /// <summary>An input or output of a model.</summary>
    internal static ValueInfoProto Describe(string name, DataType type, Shape shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.AddRange(shape.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }));
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    /// <summary>An attribute whose type follows from its value's: a number, a text, or an array of either.</summary>
    internal static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case int number:
                (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, number);
                break;
            case float number:
                (attribute.Type, attribute.F) = (AttributeProto.Types.AttributeType.Float, number);
                break;
            case string text:
                (attribute.Type, attribute.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text));
                break;
            case int[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(numbers.Select(n => (long)n));
                break;
            case float[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Floats;
                attribute.Floats.AddRange(numbers);
                break;
            case string[] texts:
                attribute.Type = AttributeProto.Types.AttributeType.Strings;
                attribute.Strings.AddRange(texts.Select(ByteString.CopyFromUtf8));
                break;
            default:
                throw new ArgumentException($"{value.GetType()} is no attribute.", nameof(value));
        }

        return attribute;
    }
}
