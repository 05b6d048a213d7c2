using ModelCompiler.Core;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>An exported network has the user's inputs and outputs, and answers as the compiled one does: in ONNX Runtime and compiled again.</summary>
public class ExportedModelTests
{
    [Theory]
    [InlineData(Precision.Int8, 1)]
    [InlineData(Precision.Int8, 2)]
    [InlineData(Precision.Int4, 3)]
    [InlineData(Precision.Float32, 4)]
    [InlineData(Precision.Float16, 5)]
    public void A_random_network_answers_alike(Precision precision, int seed)
    {
        byte[] model = RandomNetwork.Write(seed).Write();
        using Compiled real = Compiled.Of(model);
        bool isInteger = precision is Precision.Int8 or Precision.Int4;
        using Compiled network = Compiled.Of(model, options: new CompilationOptions { Precision = precision },
            calibration: isInteger ? Compiled.RandomCalibration(real.Result.Original!, 8, -2, 2, seed) : null);
        Compare(network, new Random(seed));
    }

    [Fact]
    public void The_sample_network_answers_alike()
    {
        string folder = Path.Combine(SharedData.RepositoryRoot, "samples", "Digits");
        using Compiled network = Compiled.Of(File.ReadAllBytes(Path.Combine(folder, "digits.onnx")),
            calibration: File.ReadAllBytes(Path.Combine(folder, "calibration.npz")));
        Compare(network, new Random(1));
    }

    private static void Compare(Compiled network, Random random)
    {
        byte[] file = QdqExporter.ExportModel(network.Result.Compiled!, network.Result.Original!);
        using Compiled again = Compiled.Of(file);
        Assert.Equal(network.Generated.Inputs.Select(e => (e.Name, e.Shape)), again.Generated.Inputs.Select(e => (e.Name, e.Shape)));
        Assert.Equal(network.Generated.Outputs.Select(e => (e.Name, e.Shape)), again.Generated.Outputs.Select(e => (e.Name, e.Shape)));
        for (int sample = 0; sample < 3; sample++)
        {
            TensorData[] inputs = network.RandomInputs(random);
            IReadOnlyList<TensorData> ours = network.RunReal(inputs), imported = again.RunReal(inputs);
            TensorData[] theirs = Ort.Run(file, inputs);
            for (int i = 0; i < ours.Count; i++)
            {
                double step = network.Generated.Outputs[i].IsQuantized ? network.Generated.Outputs[i].Scale : 0.01;
                Closeness.AssertSteps(theirs[i], ours[i], step);
                Closeness.AssertSteps(imported[i], ours[i], step);
            }
        }
    }
}
