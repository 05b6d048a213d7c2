using ModelCompiler.Conformance.Tests.Onnx;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;
using Tensor = ModelCompiler.Conformance.Tests.Onnx.QuantizedGraph.Tensor;

namespace ModelCompiler.Package.Tests.Frameworks;

/// <summary>A network that is compiled for every target and run on every framework.</summary>
/// <param name="Name">Name of its file and start of its classes' names.</param>
/// <param name="File">The file.</param>
/// <param name="Inputs">Number of its floats.</param>
/// <param name="Outputs">C# type and number of elements of every output.</param>
internal sealed record FrameworkNetwork(string Name, byte[] File, int Inputs, IReadOnlyList<(string Type, int Count)> Outputs)
{
    /// <summary>True for kernels that differ from target to target; others need not be compiled for all.</summary>
    public bool HasVectors { get; init; } = true;

    /// <summary>True when the program has the network for this target.</summary>
    public bool IsFor(string target) => HasVectors || target == FrameworkProgram.Default;
}

/// <summary>Networks for what may differ between frameworks.</summary>
internal static class FrameworkNetworks
{
    private const int Numbers = 40;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FrameworkNetwork> All { get; } = [Layers(), Conversions()];

    // Convolutions, depthwise and not, a fully connected layer, pooling and softmax on int8, with real numbers at the edges.
    private static FrameworkNetwork Layers()
    {
        var q = new QuantizedGraph(5, DataType.Int8);
        Tensor x = q.Requantize(q.Graph.Input(1, 3, 12, 12), -2, 2);
        x = q.Requantize(q.Graph.Apply("Relu", [q.Conv(x, 3, 16, 3)]), 0, 3);
        Tensor depthwise = q.Requantize(q.Conv(x, 16, 16, 3, groups: 16), -3, 3);
        x = q.Requantize(q.Graph.Apply("Add", [x.Name, depthwise.Name]), -3, 5);
        x = q.Requantize(q.Conv(x, 16, 32, 1), -4, 4);
        x = x with { Name = q.Graph.Apply("MaxPool", [x.Name], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 })) };
        Tensor logits = q.Requantize(q.Gemm(x with { Name = q.Graph.Apply("Flatten", [x.Name]) }, 32 * 36, 10, transposed: true), -6, 6);
        Tensor classes = q.Requantize(q.Graph.Apply("Softmax", [logits.Name], ("axis", 1)), 0, 1);
        return new("Layers", q.Graph.Output(classes.Name).Output(logits.Name).Write(), 3 * 12 * 12, [("float", 10), ("float", 10)]);
    }

    // Casts of numbers that do not fit, and functions that the framework computes.
    private static FrameworkNetwork Conversions()
    {
        var graph = new OnnxGraph(7);
        string x = graph.Input(Numbers);
        var outputs = new List<(string Type, int Count)>();
        foreach ((DataType type, string name) in new[]
        {
            (DataType.Int8, "sbyte"), (DataType.Uint8, "byte"), (DataType.Int16, "short"), (DataType.Uint16, "ushort"), (DataType.Int32, "int"),
                (DataType.Uint32, "uint"),
            (DataType.Int64, "long"), (DataType.Uint64, "ulong"), (DataType.Float16, "Half"), (DataType.Double, "double"),
        })
        {
            graph.Output(graph.Apply("Cast", [x], ("to", (int)type)), type);
            outputs.Add((name, Numbers));
        }

        foreach (string function in new[] { "Round", "Exp", "Tanh", "Sqrt", "Sigmoid", "Erf", "Log", "Softplus", "Relu", "Sin" })
        {
            graph.Output(graph.Apply(function, [x]));
            outputs.Add(("float", Numbers));
        }

        return new("Conversions", graph.Write(), Numbers, outputs) { HasVectors = false };
    }
}
