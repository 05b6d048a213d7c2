using System.Runtime.InteropServices;

namespace Digits.Training;

/// <summary>
/// Builds an ONNX file: a chain of nodes, each fed by the one before it. The numbers are field numbers of onnx.proto.
/// </summary>
internal sealed class OnnxGraph
{
    private const int FloatType = 1; // TensorProto.FLOAT
    private readonly ProtoWriter _graph = new ProtoWriter().Text(2, "digits");
    private string _last = "";

    public void Input(string name, params ReadOnlySpan<long> shape)
    {
        _graph.Message(11, ValueInfo(name, shape));
        _last = name;
    }

    public void Output(params ReadOnlySpan<long> shape) => _graph.Message(12, ValueInfo(_last, shape));

    public void Initializer(string name, ReadOnlySpan<float> values, params ReadOnlySpan<long> shape)
    {
        var tensor = new ProtoWriter();
        foreach (long size in shape)
            tensor.Int(1, size);
        _graph.Message(5, tensor.Int(2, FloatType).Text(8, name).Bytes(9, MemoryMarshal.AsBytes(values)));
    }

    /// <summary>Appends an operator that takes the current value and some initializers; its result gets the node's name.</summary>
    public void Node(string op, string name, ReadOnlySpan<string> initializers, params ReadOnlySpan<ProtoWriter> attributes)
    {
        ProtoWriter node = new ProtoWriter().Text(1, _last);
        foreach (string initializer in initializers)
            node.Text(1, initializer);
        node.Text(2, name).Text(3, name).Text(4, op);
        foreach (ProtoWriter attribute in attributes)
            node.Message(5, attribute);
        _graph.Message(1, node);
        _last = name;
    }

    public static ProtoWriter Attribute(string name, long value) => new ProtoWriter().Text(1, name).Int(3, value).Int(20, 2);

    public static ProtoWriter Attribute(string name, float value) => new ProtoWriter().Text(1, name).Float(2, value).Int(20, 1);

    public static ProtoWriter Attribute(string name, params ReadOnlySpan<long> values)
    {
        ProtoWriter attribute = new ProtoWriter().Text(1, name);
        foreach (long value in values)
            attribute.Int(8, value);
        return attribute.Int(20, 7);
    }

    public void Save(string path)
    {
        ProtoWriter opset = new ProtoWriter().Text(1, "").Int(2, 17);
        ProtoWriter model = new ProtoWriter().Int(1, 8).Text(2, "Digits.Training").Message(7, _graph).Message(8, opset);
        File.WriteAllBytes(path, model.ToArray());
    }

    private static ProtoWriter ValueInfo(string name, ReadOnlySpan<long> shape)
    {
        var dimensions = new ProtoWriter();
        foreach (long size in shape)
            dimensions.Message(1, new ProtoWriter().Int(1, size));
        ProtoWriter tensorType = new ProtoWriter().Int(1, FloatType).Message(2, dimensions);
        return new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, tensorType));
    }
}
