using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Conformance.Tests.Onnx;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// Every pair of values of any two options of compression, and of an option and a target, occurs in some compilation of a small residual network:
/// it compiles, and its generated code gives the reference's bits.
/// </summary>
public class CompressionTests
{
    private static readonly (string Pruning, string Sparsity)[] Prunings =
        [("", ""), ("Channels", "0.3"), ("Unstructured", "0.5"), ("2:4", ""), ("Block1x4", "0.5"), ("Block16x4", "0.6"), ("Unstructured", "Auto")];

    private static readonly int[] Clusters = [0, 3, 16, 40];

    private static readonly string[] LowRanks = ["", "0.6", "Auto"];

    private static readonly int[] Bits = [0, 2, 4, 8];

    private static readonly Precision[] Precisions = [Precision.Default, Precision.Float32, Precision.Auto, Precision.Float16, Precision.Int4];

    public static TheoryData<string, string, string, int, string, int, Precision, RequantizationMode> Cases()
    {
        var data = new TheoryData<string, string, string, int, string, int, Precision, RequantizationMode>();
        foreach (int[] row in Pairs([Prunings.Length, Clusters.Length, Bits.Length, Precisions.Length, 2, RunnableTargets.Single.Count, LowRanks.Length]))
        {
            ((string pruning, string sparsity), Precision precision) = (Prunings[row[0]], Precisions[row[3]]);
            // Auto chooses bits itself, and floats have none.
            int bits = precision == Precision.Default ? Bits[row[2]] : 0;
            data.Add(RunnableTargets.Single[row[5]], pruning, sparsity, Clusters[row[1]], LowRanks[row[6]], bits, precision,
                (RequantizationMode)row[4]);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Combinations_compile_and_give_the_same_bits(string target, string pruning, string sparsity, int clusters, string lowRank, int bits,
        Precision precision, RequantizationMode mode)
    {
        var options = new CompilationOptions { Target = target, Pruning = pruning.Length > 0 ? pruning : null, Sparsity = sparsity.Length > 0 ? sparsity : null,
            Clusters = clusters, LowRank = lowRank.Length > 0 ? lowRank : null, WeightBits = bits, Precision = precision, Requantization = mode };
        byte[] model = Network();
        CompilationResult result = ModelCompilation.Run(new CompilationInput("network.onnx", model, options, (ReadOnlyMemory<byte>?)Samples()));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        using IEngine generated = EngineFactory.Create(EngineKind.Generated, result, options),
            reference = EngineFactory.Create(EngineKind.Reference, result, options);
        var random = new Random(3);
        var input = new TensorData(ElementType.Float32, generated.Inputs[0].Shape);
        foreach (ref float x in input.Floats) x = (float)((random.NextDouble() * 2) - 1);
        byte[] expected = reference.RunReal([input])[0].Bytes, actual = generated.RunReal([input])[0].Bytes;
        Assert.True(expected.AsSpan().SequenceEqual(actual), string.Join(", ", result.Plan!.Steps.Select(s => s.Kernel.GetType().Name)));
    }

    internal static byte[] Network()
    {
        var graph = new OnnxGraph(5);
        string x = Conv(graph.Input(1, 3, 9, 11), 32, 3, 1), y = Conv(x, 32, 32, 1);
        string sum = graph.Apply("Relu", [graph.Apply("Add", [x, Conv(y, 32, 32, 32)])]);
        string flat = graph.Apply("Flatten", [graph.Apply("GlobalAveragePool", [sum])], ("axis", 1));
        return graph.Output(graph.Apply("Gemm", [flat, graph.Weights(20, 32), graph.Uniform(-1, 1, 20)], ("transB", 1))).Write();

        string Conv(string value, int outputs, int inputs, int groups) => graph.Apply("Relu", [graph.Apply("Conv",
            [value, graph.Weights(outputs, inputs / groups, 3, 3), graph.Uniform(-1, 1, outputs)], ("kernel_shape", new[] { 3, 3 }),
            ("pads", new[] { 1, 1, 1, 1 }), ("group", groups))]);
    }

    internal static byte[] Samples()
    {
        var random = new Random(9);
        var stream = new MemoryStream();
        float[] values = [.. Enumerable.Range(0, 24 * 3 * 9 * 11).Select(_ => (float)((random.NextDouble() * 2) - 1))];
        NpzArchive.Write(stream, [KeyValuePair.Create("x", NumpyArray.Of<float>(values, [24, 3, 9, 11]))]);
        return stream.ToArray();
    }

    // Rows such that every pair of values of any two columns occurs: of all rows, always the first that covers most new pairs.
    private static List<int[]> Pairs(int[] counts)
    {
        List<int[]> all = [[]];
        foreach (int count in counts) all = [.. all.SelectMany(row => Enumerable.Range(0, count).Select(v => (int[])[.. row, v]))];
        HashSet<(int, int, int, int)> covered = [];
        var chosen = new List<int[]>();
        while (true)
        {
            int[] best = all.MaxBy(row => Of(row).Count(p => !covered.Contains(p)))!;
            if (Of(best).All(covered.Contains)) return chosen;
            covered.UnionWith(Of(best));
            chosen.Add(best);
        }

        static IEnumerable<(int, int, int, int)> Of(int[] row) =>
            Enumerable.Range(0, row.Length).SelectMany(i => Enumerable.Range(i + 1, row.Length - i - 1).Select(j => (i, row[i], j, row[j])));
    }
}
