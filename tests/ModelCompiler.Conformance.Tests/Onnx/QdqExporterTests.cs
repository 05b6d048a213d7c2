using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>The networks that benchmarks hand to ONNX Runtime are the networks that the compiler compiled.</summary>
public class QdqExporterTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 10)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_quantised_random_network_stays_the_same(int seed)
    {
        byte[] model = RandomNetwork.Write(seed).Write();
        using Compiled real = Compiled.Of(model);
        using Compiled network = Compiled.Of(model, calibration: Compiled.RandomCalibration(real.Result.Original!, 8, -2, 2, seed));
        Compare(network, seed);
    }

    [Fact]
    public void The_sample_network_stays_the_same()
    {
        string folder = Path.Combine(SharedData.RepositoryRoot, "samples", "Digits");
        using Compiled network = Compiled.Of(File.ReadAllBytes(Path.Combine(folder, "digits.onnx")),
            calibration: File.ReadAllBytes(Path.Combine(folder, "calibration.npz")));
        Compare(network, 1);
    }

    // In deep networks differences of one rounding add up.
    [SharedDataTheory]
    [InlineData("models/mlperf-tiny/kws_int8.tflite", 1)]
    [InlineData("models/mlperf-tiny/ad_int8.tflite", 1)]
    [InlineData("models/tflm/person_detect.tflite", 1)]
    [InlineData("models/mobilenet/mobilenet_v1_0.25_128_quant.tflite", 3)]
    public void An_imported_network_stays_the_same(string file, int integersPerStep)
    {
        using Compiled network = Compiled.Of(File.ReadAllBytes(SharedData.Path(file)), file);
        Compare(network, 1, integersPerStep);
    }

    private static void Compare(Compiled network, int seed, int integersPerStep = 1)
    {
        QdqModel exported = QdqExporter.Export(network.Result.Compiled!);
        var random = new Random(seed);
        var seen = new HashSet<byte>();
        for (int sample = 0; sample < 3; sample++)
        {
            TensorData[] inputs = [.. network.Generated.Inputs.Select(edge => Random(edge, random))];
            IReadOnlyList<TensorData> ours = network.Generated.RunRaw(inputs);
            TensorData[] theirs = Ort.Run(exported.Bytes, [.. inputs.Select((x, i) => exported.Inputs[i].ToFile(x))]);
            for (int i = 0; i < ours.Count; i++)
            {
                Closeness.AssertSteps(exported.Outputs[i].FromFile(theirs[i].Bytes), ours[i],
                    network.Generated.Outputs[i].IsQuantized ? integersPerStep : 0.01);
                seen.UnionWith(ours[i].Bytes);
            }
        }

        // Outputs that never change would agree with anything.
        Assert.True(seen.Count > 2, "The outputs are the same everywhere.");
    }

    // Neighbours are alike, as in real data; noise would average to nothing in deep networks.
    private static TensorData Random(EngineEdge edge, Random random)
    {
        var real = new TensorData(edge.RealType, edge.Shape);
        if (real.Type != ElementType.Float32)
        {
            random.NextBytes(real.Bytes);
            return real;
        }

        (float scale, int zero) = edge.IsQuantized ? (edge.Scale, edge.ZeroPoint) : (1f / 64, 0);
        float at = 0;
        foreach (ref float x in real.Floats)
            x = at = Math.Clamp(at + ((random.NextSingle() - 0.5f) * 64 * scale), (edge.IsQuantized ? edge.Type.MinValue() - zero : -128) * scale,
                (edge.IsQuantized ? edge.Type.MaxValue() - zero : 127) * scale);
        return edge.Quantize(real);
    }
}
