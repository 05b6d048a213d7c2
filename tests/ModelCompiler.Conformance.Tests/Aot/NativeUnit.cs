using System.Globalization;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>A case as it becomes part of a native program.</summary>
/// <param name="Source">Its C# file.</param>
/// <param name="Preparation">Statements before it runs.</param>
/// <param name="Statements">Statements that compute the bytes <c>y</c> from the bytes <c>x</c> without allocating.</param>
/// <param name="Input">The bytes <c>x</c>.</param>
/// <param name="OutputBytes">Number of the bytes <c>y</c>.</param>
/// <param name="Expected">What <c>y</c> must be, by every oracle there is.</param>
internal sealed record NativeUnit(string Source, string Preparation, string Statements, byte[] Input, int OutputBytes,
    Func<IEnumerable<(string Oracle, byte[] Bytes)>> Expected)
{
    /// <summary>True when <c>y</c> is floats.</summary>
    public bool IsFloat { get; init; }

    /// <summary>The weights assembly, if there is one.</summary>
    public (string Assembly, byte[] Image)? Weights { get; init; }

    /// <summary>A network that is run on some samples.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="samples">Inputs of the network's own types, one array per sample.</param>
    /// <param name="expected">The answers to all samples, one after the other.</param>
    public static NativeUnit OfNetwork(ModelPlan plan, ReadOnlyMemory<byte> weights, IReadOnlyList<TensorData[]> samples,
        Func<IEnumerable<(string Oracle, byte[] Bytes)>> expected)
    {
        // The spans of one sample lie one after the other in the bytes, as the edges do in the plan.
        EngineEdge[] inputs = [.. plan.Inputs.Select(e => EngineEdge.Of(plan, e))];
        EngineEdge[] outputs = [.. plan.Outputs.Select(e => EngineEdge.Of(plan, e))];
        return new(
            ModelEmitter.Emit(plan),
            $"using var model = new global::{plan.Namespace}.{plan.ClassName}();",
            $$"""
                for (int i = 0; i < {{samples.Count}}; i++)
                {
                    ReadOnlySpan<byte> from = x.AsSpan(i * {{Bytes(inputs)}}, {{Bytes(inputs)}});
                    Span<byte> to = y.AsSpan(i * {{Bytes(outputs)}}, {{Bytes(outputs)}});
                    model.Run({{string.Join(", ", [.. Spans("from", inputs), .. Spans("to", outputs)])}});
                }
                """,
            [.. samples.SelectMany(s => s).SelectMany(t => t.Bytes)],
            samples.Count * Bytes(outputs),
            expected)
        {
            IsFloat = outputs.All(e => e.Type == ElementType.Float32),
            Weights = plan.Weights.IsAssembly ? (plan.Weights.Assembly,
                WeightsAssembly.Write(plan.Weights.Assembly, WeightStorage.TypeNamespace, plan.Weights.TypeName, weights.Span)) : null,
        };
    }

    private static int Bytes(IEnumerable<EngineEdge> edges) => edges.Sum(e => e.Shape.Elements * e.Type.Size());

    private static IEnumerable<string> Spans(string of, EngineEdge[] edges)
    {
        int start = 0;
        foreach (EngineEdge edge in edges)
        {
            int bytes = Bytes([edge]);
            yield return string.Create(CultureInfo.InvariantCulture, $"MemoryMarshal.Cast<byte, {edge.Type.CSharpName()}>({of}.Slice({start}, {bytes}))");
            start += bytes;
        }
    }
}
