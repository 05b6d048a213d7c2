using Microsoft.ML.OnnxRuntime;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Benchmarks.Peers;

/// <summary>ONNX Runtime on the exported network: one thread, all optimisations, inputs and outputs bound to buffers once.</summary>
internal sealed class OnnxRuntimePeer : IPeer
{
    private readonly QdqModel _model;
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly OrtIoBinding _binding;
    private readonly Array[] _inputs;
    private readonly Array[] _outputs;
    private readonly List<OrtValue> _values = [];

    public OnnxRuntimePeer(QdqModel model)
    {
        _model = model;
        using SessionOptions options = Options();
        _session = new InferenceSession(model.Bytes, options);
        _binding = _session.CreateIoBinding();
        _inputs = [.. model.Inputs.Select(edge => Bind(edge, _binding.BindInput))];
        _outputs = [.. model.Outputs.Select(edge => Bind(edge, _binding.BindOutput))];
    }

    /// <summary>The settings under which ONNX Runtime is fastest on one thread.</summary>
    public static SessionOptions Options() => new()
    {
        IntraOpNumThreads = 1,
        InterOpNumThreads = 1,
        ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
    };

    public void SetInputs(IReadOnlyList<TensorData> inputs)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            byte[] bytes = _model.Inputs[i].ToFile(inputs[i]).Bytes;
            Buffer.BlockCopy(bytes, 0, _inputs[i], 0, bytes.Length);
        }
    }

    public void Run() => _session.RunWithBinding(_run, _binding);

    public IReadOnlyList<TensorData> Outputs() => [.. _model.Outputs.Select((edge, i) =>
    {
        var bytes = new byte[Buffer.ByteLength(_outputs[i])];
        Buffer.BlockCopy(_outputs[i], 0, bytes, 0, bytes.Length);
        return edge.FromFile(bytes);
    })];

    public void Dispose()
    {
        _binding.Dispose();
        foreach (OrtValue value in _values) value.Dispose();
        _session.Dispose();
        _run.Dispose();
    }

    private Array Bind(QdqEdge edge, Action<string, OrtValue> bind)
    {
        long[] shape = [.. edge.FileShape.Select(d => (long)d)];
        Array buffer;
        OrtValue value;
        if (edge.FileType == ElementType.UInt8) value = OrtValue.CreateTensorValueFromMemory((byte[])(buffer = new byte[edge.Shape.Elements]), shape);
        else if (edge.FileType == ElementType.Float32) value = OrtValue.CreateTensorValueFromMemory((float[])(buffer = new float[edge.Shape.Elements]), shape);
        else throw new NotSupportedException($"Edges of type {edge.FileType} are not expected.");
        _values.Add(value);
        bind(edge.Name, value);
        return buffer;
    }
}
