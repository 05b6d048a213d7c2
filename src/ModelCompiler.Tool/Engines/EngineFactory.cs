using ModelCompiler.Core;

namespace ModelCompiler.Tool.Engines;

/// <summary>Makes engines for what the compiler produced.</summary>
internal static class EngineFactory
{
    /// <summary>An engine for the compiled network.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="result">A successful compilation.</param>
    /// <param name="options">The options it was made with.</param>
    public static IEngine Create(EngineKind kind, CompilationResult result, CompilationOptions options) => kind switch
    {
        EngineKind.Reference => new ReferenceEngine(result.Compiled!, options.Requantization),
        EngineKind.Generated => new GeneratedEngine(result.Plan!, result.Weights),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
