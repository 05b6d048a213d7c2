using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Real ONNX files against ONNX Runtime, and quantised after training.</summary>
public class ModelFileTests
{
    private const string MobileNet = "models/mobilenet/";

    public static TheoryData<string> Small() => [.. new[] { "ad", "ic", "kws", "vww" }.Select(m => $"models/mlperf-tiny/{m}_float32.onnx")];

    public static TheoryData<string> Float() => [.. Small().Select(row => (string)row[0]), MobileNet + "mobilenet_v2_float32.onnx"];

    [SharedDataTheory]
    [MemberData(nameof(Float))]
    public void Float_models_compute_what_ONNX_Runtime_does(string path)
    {
        byte[] model = File.ReadAllBytes(SharedData.Path(path));
        using Compiled network = Compiled.Of(model);
        for (int sample = 0; sample < 2; sample++)
        {
            TensorData[] inputs = network.RandomInputs(new Random(sample), -1, 1);
            Closeness.AssertReal(Ort.Run(model, inputs)[0], network.Generated.RunReal(inputs)[0], 1e-3, 1e-5);
        }
    }

    [SharedDataTheory]
    [InlineData("cat")]
    [InlineData("bird")]
    public void The_quantised_model_answers_as_ONNX_Runtime_does(string animal)
    {
        byte[] model = File.ReadAllBytes(SharedData.Path(MobileNet + "mobilenet_v2_qlinear.onnx"));
        using Compiled network = Compiled.Of(model);
        EngineEdge output = network.Generated.Outputs[0];
        byte[] pixels = Pictures.Resize(Pictures.ReadColour(File.ReadAllBytes(SharedData.Path($"{MobileNet}{animal}.bmp"))), 224);
        TensorData input = Pictures.ChannelsFirst(pixels, 224, (b, c) => ((b / 255f) - Pictures.ImageNetMean[c]) / Pictures.ImageNetDeviation[c]);
        TensorData expected = Ort.Run(model, [input])[0];
        TensorData actual = network.Generated.RunReal([input])[0];
        Assert.Equal(TestModels.ArgMax(expected), TestModels.ArgMax(actual));
        Assert.True(output.IsQuantized);
        for (int i = 0; i < expected.Count; i++) Assert.InRange(Math.Round((actual.ToDouble(i) - expected.ToDouble(i)) / output.Scale), -2, 2);
    }

    [SharedDataTheory]
    [MemberData(nameof(Small))]
    public void Models_quantised_after_training_run_as_the_reference(string path)
    {
        byte[] model = File.ReadAllBytes(SharedData.Path(path));
        CompilationResult original = ModelCompilation.Run(new CompilationInput("model.onnx", model, new CompilationOptions()));
        byte[] calibration = Compiled.RandomCalibration(original.Original!, 4, -1, 1, 7);
        using Compiled network = Compiled.Of(model, "model.onnx", new CompilationOptions { Precision = Precision.Int8, Calibration = "random.npz" }, calibration);
        Assert.All(network.Generated.Inputs, edge => Assert.True(edge.IsQuantized));
        network.RunReal(network.RandomInputs(new Random(3), -1, 1));
    }
}
