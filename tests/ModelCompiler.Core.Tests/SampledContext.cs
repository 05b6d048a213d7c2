using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Tests;

/// <summary>What steps of the pipeline share, with a few random samples of a network's inputs.</summary>
internal static class SampledContext
{
    private const int Count = 8;

    /// <summary>Eight samples; weights of all layers have 8 bits.</summary>
    public static PipelineContext Of(ModelGraph graph, CompilationOptions options)
    {
        var random = new Random(6);
        return new(new CompilationInput("case.onnx", default, options), CodeGen.Emit.Target.Default, new DiagnosticBag("case.onnx"))
        {
            Samples = new CalibrationSamples("samples.npz", [.. Enumerable.Range(0, Count)],
                [.. Enumerable.Range(0, Count).Select(_ => (IReadOnlyList<TensorData>)[.. graph.InputValues.Select(v => CaseBuilder.Random(v, random))])]),
            WeightBits = graph.Nodes.Where(n => n.Operator is ILinearLayer).ToDictionary(n => n.Outputs[0], _ => 8),
        };
    }
}
