using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Real models on real data.</summary>
public class AccuracyTests
{
    private static readonly CompilationOptions Fast = new() { Target = "portable" };

    // The fixed-point arithmetic of the reference kernels, which the golden files prove to be reproduced, decides two samples otherwise.
    [SharedDataTheory]
    [InlineData(RequantizationMode.FixedPoint, 451)]
    [InlineData(RequantizationMode.Float, 453)]
    public void Keyword_spotting_int8(RequantizationMode mode, int expected)
    {
        OrderedDictionary<string, NumpyArray> data = TestModels.Npz("data/kws/features.npz");
        using IEngine network = TestModels.Engine("portable", "models/mlperf-tiny/kws_int8.tflite", Fast with { Requantization = mode });
        double accuracy = TestModels.Top1(x => network.RunRaw([x])[0], data["x"], data["y"],
            a => new TensorData(ElementType.Int8, network.Inputs[0].Shape, a.Bytes));
        Assert.Equal(expected, accuracy * 500, 3);
    }

    [SharedDataFact]
    public void Keyword_spotting_with_int8_weights_and_float_activations()
    {
        OrderedDictionary<string, NumpyArray> data = TestModels.Npz("data/kws/features.npz");
        using IEngine network = TestModels.Engine("portable", "models/mlperf-tiny/kws_float32.tflite", Fast);
        double accuracy = TestModels.Top1(x => network.RunReal([x])[0], data["x"], data["y"],
            a => TensorData.Of(network.Inputs[0].Shape, Array.ConvertAll(a.ToFloats(), q => (q - 83) * 0.58470291f)));
        Assert.InRange(accuracy * 500, 451, 455);
    }

    [SharedDataTheory]
    [InlineData("models/tflm/trained_lstm.tflite")]
    [InlineData("models/tflm/trained_lstm_int8.tflite")]
    public void Digits_row_by_row(string model)
    {
        OrderedDictionary<string, NumpyArray> data = TestModels.Npz("data/mnist/test.npz");
        using IEngine network = TestModels.Engine("portable", model, TestModels.FixedPoint);
        double accuracy = TestModels.Top1(
            x =>
            {
                network.Reset();
                return network.RunReal([x])[0];
            },
            data["x"],
            data["y"],
            a => TensorData.Of(network.Inputs[0].Shape, Array.ConvertAll(a.ToFloats(), v => v / 255)));
        Assert.InRange(accuracy, 0.96, 1);
    }

    [SharedDataTheory]
    [InlineData(RequantizationMode.FixedPoint)]
    [InlineData(RequantizationMode.Float)]
    public void Image_classification_int8(RequantizationMode mode)
    {
        OrderedDictionary<string, NumpyArray> data = TestModels.Npz("data/cifar10/test.npz");
        using IEngine network = TestModels.Engine("portable", "models/mlperf-tiny/ic_int8.tflite", Fast with { Requantization = mode });
        double accuracy = TestModels.Top1(x => network.RunRaw([x])[0], data["x"], data["y"], a => TestModels.Signed(a, network.Inputs[0]));
        Assert.InRange(accuracy, 0.875, 1);
    }

    [SharedDataTheory]
    [InlineData(null, 0.873)]
    [InlineData("MinMax", 0.865)]
    public void Image_classification_quantised_after_training(string? method, double atLeast)
    {
        OrderedDictionary<string, NumpyArray> data = TestModels.Npz("data/cifar10/test.npz");
        using IEngine network = TestModels.Engine("portable", "models/mlperf-tiny/ic_float32.tflite", Fast with { CalibrationMethod = method },
            "data/cifar10/train.npz");
        Assert.Equal(ElementType.Int8, network.Inputs[0].Type);
        double accuracy = TestModels.Top1(x => network.RunReal([x])[0], data["x"], data["y"], a => TensorData.Of(network.Inputs[0].Shape, a.ToFloats()));
        Assert.InRange(accuracy, atLeast, 1);
    }

    [SharedDataTheory]
    [InlineData("models/health/ecg_heartbeats_float32.tflite")]
    [InlineData("models/health/ecg_heartbeats_int8.tflite")]
    public void Heartbeats(string model)
    {
        OrderedDictionary<string, NumpyArray> data = TestModels.Npz("data/ecg/test.npz");
        using IEngine network = TestModels.Engine("portable", model, Fast);
        double accuracy = TestModels.Top1(x => network.RunReal([x])[0], data["x"], data["y"], a => TensorData.Of(network.Inputs[0].Shape, a.ToFloats()));
        Assert.InRange(accuracy, 0.99, 1);
    }

    [SharedDataTheory]
    [InlineData("models/tflm/person.bmp", 1)]
    [InlineData("models/tflm/no_person.bmp", 0)]
    public void Person_detection(string picture, int expected)
    {
        using IEngine network = TestModels.Engine("portable", "models/tflm/person_detect.tflite", TestModels.FixedPoint with { Target = "portable" });
        // These pictures hold int8 bytes: read as signed, fed as they are.
        (byte[] grey, _, _) = Pictures.ReadGrey(File.ReadAllBytes(SharedData.Path(picture)));
        TensorData scores = network.RunRaw([new TensorData(ElementType.Int8, network.Inputs[0].Shape, grey)])[0];
        Assert.Equal(expected, TestModels.ArgMax(scores));
    }

    public static TheoryData<string, string> Pets()
    {
        var data = new TheoryData<string, string>();
        foreach (string model in new[] { "mobilenet_v1_0.25_128_quant.tflite", "mobilenet_v2_1.0_224_quant.tflite", "tf2_mobilenet_v2_1.0_224_ptq.tflite",
            "mobilenet_v2_float32.onnx", "mobilenet_v2_qlinear.onnx" })
        {
            data.Add(model, "cat");
            data.Add(model, "bird");
        }

        return data;
    }

    [SharedDataTheory]
    [MemberData(nameof(Pets))]
    public void MobileNet_names_the_animal(string model, string animal)
    {
        using IEngine network = TestModels.Engine("portable", "models/mobilenet/" + model, Fast);
        int side = network.Inputs[0].Shape[2];
        byte[] pixels = Pictures.Resize(Pictures.ReadColour(File.ReadAllBytes(SharedData.Path($"models/mobilenet/{animal}.bmp"))), side);
        TensorData probabilities = model switch
        {
            "mobilenet_v2_float32.onnx" => network.RunReal([Pictures.ChannelsFirst(pixels, side, (b, _) => (b / 127.5f) - 1)])[0],
            "mobilenet_v2_qlinear.onnx" => network.RunReal([Pictures.ChannelsFirst(pixels, side,
                (b, c) => ((b / 255f) - Pictures.ImageNetMean[c]) / Pictures.ImageNetDeviation[c])])[0],
            _ => network.RunRaw([new TensorData(ElementType.UInt8, network.Inputs[0].Shape, pixels)])[0],
        };
        string[] labels = File.ReadAllLines(SharedData.Path("models/mobilenet/imagenet_labels.txt"));
        int background = probabilities.Count == labels.Length ? 0 : labels.Length - probabilities.Count;
        string label = labels[TestModels.ArgMax(probabilities) + background];
        string[] accepted = animal == "cat" ? ["cat", "tabby", "tiger cat", "lynx"]
            : ["chickadee", "bird", "bunting", "junco", "jay", "robin", "brambling", "finch"];
        Assert.True(accepted.Any(a => label.Contains(a, StringComparison.OrdinalIgnoreCase)), $"'{label}' is not a {animal}.");
    }
}
