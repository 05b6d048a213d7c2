using ModelCompiler.Core.Graph;

namespace ModelCompiler.Tool.Engines;

/// <summary>Which engine computes a network.</summary>
internal enum EngineKind
{
    /// <summary>The generated C#, compiled in memory.</summary>
    Generated,

    /// <summary>The operators' reference semantics.</summary>
    Reference,
}

/// <summary>Something that computes one network. Both entries of every engine give the same bits.</summary>
internal interface IEngine : IDisposable
{
    /// <summary>The network's inputs.</summary>
    IReadOnlyList<EngineEdge> Inputs { get; }

    /// <summary>The network's outputs.</summary>
    IReadOnlyList<EngineEdge> Outputs { get; }

    /// <summary>True when the network keeps state from run to run.</summary>
    bool IsStateful { get; }

    /// <summary>Forgets all earlier runs.</summary>
    void Reset();

    /// <summary>True when several threads may use the engine at once.</summary>
    bool IsThreadSafe { get; }

    /// <summary>The float entry: real numbers in and out wherever integers stand for real numbers.</summary>
    /// <param name="inputs">One tensor per input, of its <see cref="EngineEdge.RealType"/>.</param>
    IReadOnlyList<TensorData> RunReal(IReadOnlyList<TensorData> inputs);

    /// <summary>The fixed-point entry: the integers themselves.</summary>
    /// <param name="inputs">One tensor per input, of its <see cref="EngineEdge.Type"/>.</param>
    IReadOnlyList<TensorData> RunRaw(IReadOnlyList<TensorData> inputs);
}
