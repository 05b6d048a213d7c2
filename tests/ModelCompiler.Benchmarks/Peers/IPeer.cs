using ModelCompiler.Core.Graph;

namespace ModelCompiler.Benchmarks.Peers;

/// <summary>An engine that runs one quantised network on buffers that exist before.</summary>
internal interface IPeer : IDisposable
{
    /// <summary>Puts the inputs, in the network's own types and layout, where the next runs read them.</summary>
    void SetInputs(IReadOnlyList<TensorData> inputs);

    /// <summary>One inference.</summary>
    void Run();

    /// <summary>The outputs of the last run in the network's own types and layout.</summary>
    IReadOnlyList<TensorData> Outputs();
}
