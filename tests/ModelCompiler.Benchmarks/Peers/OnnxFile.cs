using Microsoft.ML.OnnxRuntime;
using ModelCompiler.Core.Graph;
using ModelCompiler.Testing;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Benchmarks.Peers;

/// <summary>An ONNX file as it is, with its edges as ONNX Runtime sees them: the compiled network keeps their types and layout.</summary>
internal static class OnnxFile
{
    /// <summary>The file, for ONNX Runtime.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="ours">The compiled network, whose edges are the file's, in order.</param>
    public static QdqModel Of(byte[] bytes, GeneratedPeer ours)
    {
        using SessionOptions options = OnnxRuntimePeer.Options();
        using var session = new InferenceSession(bytes, options);
        return new QdqModel(bytes, Edges(session.InputNames, ours.Inputs), Edges(session.OutputNames, ours.Outputs()));
    }

    private static QdqEdge[] Edges(IReadOnlyList<string> names, IReadOnlyList<EngineEdge> edges) =>
        [.. names.Zip(edges, (name, edge) => new QdqEdge(name, edge.Type, edge.Shape, false))];

    private static QdqEdge[] Edges(IReadOnlyList<string> names, IReadOnlyList<TensorData> tensors) =>
        [.. names.Zip(tensors, (name, tensor) => new QdqEdge(name, tensor.Type, tensor.Shape, false))];
}
