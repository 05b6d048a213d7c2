using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Benchmarks.Peers;

/// <summary>The generated class at its fixed-point entry.</summary>
internal sealed class GeneratedPeer : IPeer
{
    private readonly GeneratedEngine _engine;
    private readonly byte[][] _inputs;
    private readonly byte[][] _outputs;

    public GeneratedPeer(CompilationResult result)
    {
        _engine = new GeneratedEngine(result.Plan!, result.Weights);
        _inputs = [.. _engine.Inputs.Select(Buffer)];
        _outputs = [.. _engine.Outputs.Select(Buffer)];

        static byte[] Buffer(EngineEdge edge) => new byte[edge.Shape.Elements * edge.Type.Size()];
    }

    /// <summary>The edges of the network.</summary>
    public IReadOnlyList<EngineEdge> Inputs => _engine.Inputs;

    public void SetInputs(IReadOnlyList<TensorData> inputs)
    {
        for (int i = 0; i < inputs.Count; i++) inputs[i].Bytes.CopyTo(_inputs[i], 0);
    }

    public void Run() => _engine.RunRaw(_inputs, _outputs);

    public IReadOnlyList<TensorData> Outputs() => [.. _engine.Outputs.Select((edge, i) => new TensorData(edge.Type, edge.Shape, (byte[])_outputs[i].Clone()))];

    public void Dispose() => _engine.Dispose();
}
