using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Tool.Engines;

/// <summary>Computes a network by the operators' reference semantics.</summary>
internal sealed class ReferenceEngine : IEngine
{
    private readonly ReferenceInterpreter _interpreter;

    /// <summary>Makes an engine.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="mode">How accumulators become activations.</param>
    public ReferenceEngine(ModelGraph graph, RequantizationMode mode)
    {
        _interpreter = new ReferenceInterpreter(graph, mode);
        IsStateful = !graph.States.IsEmpty;
        Inputs = [.. graph.InputValues.Select(v => EngineEdge.Of(v, v.Name))];
        Outputs = [.. graph.OutputValues.Zip(graph.OutputNames, EngineEdge.Of)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<EngineEdge> Inputs { get; }

    /// <inheritdoc/>
    public IReadOnlyList<EngineEdge> Outputs { get; }

    /// <inheritdoc/>
    public bool IsStateful { get; }

    /// <inheritdoc/>
    public bool IsThreadSafe => !IsStateful;

    /// <inheritdoc/>
    public void Reset() => _interpreter.Reset();

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> RunReal(IReadOnlyList<TensorData> inputs) =>
        [.. Outputs.Zip(RunRaw([.. Inputs.Zip(inputs, (edge, data) => edge.Quantize(data))]), (edge, data) => edge.Dequantize(data))];

    /// <inheritdoc/>
    public IReadOnlyList<TensorData> RunRaw(IReadOnlyList<TensorData> inputs) => _interpreter.Run(inputs);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
