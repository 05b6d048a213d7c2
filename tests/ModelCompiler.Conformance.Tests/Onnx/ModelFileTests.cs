using Google.Protobuf;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Real ONNX files against ONNX Runtime, and quantised after training.</summary>
public class ModelFileTests
{
    private const string MobileNet = "models/mobilenet/";
    private const string QLinear = MobileNet + "mobilenet_v2_qlinear.onnx";

    private static readonly string[] SmallModels = [.. new[] { "ad", "ic", "kws", "vww" }.Select(m => $"models/mlperf-tiny/{m}_float32.onnx")];

    public static TheoryData<string> Small() => [.. SmallModels];

    public static TheoryData<string> Float() => [.. SmallModels, MobileNet + "mobilenet_v2_float32.onnx"];

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

    [SharedDataFact]
    public void The_quantised_model_sees_what_ONNX_Runtime_sees()
    {
        byte[] model = File.ReadAllBytes(SharedData.Path(QLinear));
        using Compiled network = Compiled.Of(model);
        foreach (TensorData input in new[] { Picture("cat"), Picture("bird") })
            Assert.Equal(TestModels.ArgMax(Ort.Run(model, [input])[0]), TestModels.ArgMax(network.Generated.RunReal([input])[0]));
    }

    /// <summary>
    /// One step of difference in an early layer grows to many at the end of this network, so that outputs say little:
    /// each layer is given what ONNX Runtime computed before it.
    /// </summary>
    [SharedDataFact]
    public void Every_layer_of_the_quantised_model_gives_what_ONNX_Runtime_gives()
    {
        ModelGraph graph = TestModels.Compile(QLinear, new CompilationOptions()).Compiled!;
        Dictionary<string, TensorData> oracle = Layers(File.ReadAllBytes(SharedData.Path(QLinear)), Picture("bird"));
        (int compared, int differing) = (0, 0);
        foreach (Node node in graph.Nodes.Where(n => n.Inputs.Append(n.Outputs[0])
            .All(i => i < 0 || graph.Values[i].Constant is not null || OfOracle(graph.Values[i]) is not null)))
        {
            TensorData expected = OfOracle(graph.Values[node.Outputs[0]])!;
            TensorData actual = ReferenceInterpreter.EvaluateNode(node, id => graph.Values[id], id => graph.Values[id].Constant ?? OfOracle(graph.Values[id])!,
                RequantizationMode.Float)[0];
            Closeness.AssertSteps(expected, actual, 1);
            compared++;
            differing += Enumerable.Range(0, expected.Count).Count(i => expected.Bytes[i] != actual.Bytes[i]);
        }

        Assert.InRange(compared, 60, int.MaxValue);
        Assert.InRange(differing, 0, 10);

        // Layers are named after their node and stand channels-last here.
        TensorData? OfOracle(Value value)
        {
            if (!oracle.TryGetValue(value.Name.Split('/')[0], out TensorData? data) || data.Count != value.Shape.Elements) return null;
            if (data.Shape == value.Shape || data.Shape.Rank != 4) return data.Reshape(value.Shape);
            var result = new TensorData(data.Type, value.Shape);
            (int channels, int pixels) = (value.Shape[3], value.Shape[1] * value.Shape[2]);
            for (int i = 0; i < result.Count; i++) result.Bytes[i] = data.Bytes[(i % channels * pixels) + (i / channels)];
            return result;
        }
    }

    [SharedDataTheory]
    [MemberData(nameof(Small))]
    public void Models_quantised_after_training_run_as_the_reference(string path)
    {
        byte[] model = File.ReadAllBytes(SharedData.Path(path));
        CompilationResult original = ModelCompilation.Run(new CompilationInput("model.onnx", model, new CompilationOptions()));
        byte[] calibration = Compiled.RandomCalibration(original.Original!, 4, -1, 1, 7);
        using Compiled network = Compiled.Of(model, "model.onnx", new CompilationOptions { Precision = Precision.Int8, Calibration = "random.npz" },
            calibration);
        Assert.All(network.Generated.Inputs, edge => Assert.True(edge.IsQuantized));
        network.RunReal(network.RandomInputs(new Random(3), -1, 1));
    }

    private static TensorData Picture(string animal)
    {
        byte[] pixels = Pictures.Resize(Pictures.ReadColour(File.ReadAllBytes(SharedData.Path($"{MobileNet}{animal}.bmp"))), 224);
        return Pictures.ChannelsFirst(pixels, 224, (b, c) => ((b / 255f) - Pictures.ImageNetMean[c]) / Pictures.ImageNetDeviation[c]);
    }

    // What ONNX Runtime computes in every integer layer, by name of the node and of the tensor.
    private static Dictionary<string, TensorData> Layers(byte[] model, TensorData input)
    {
        ModelProto proto = ModelProto.Parser.ParseFrom(model);
        NodeProto[] layers = [.. proto.Graph.Node.Where(n => n.OpType.StartsWith("QLinear", StringComparison.Ordinal))];
        proto.Graph.Output.Clear();
        proto.Graph.Output.AddRange(layers.Select(n => new ValueInfoProto { Name = n.Output[0],
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Uint8 } } }));
        TensorData[] outputs = Ort.Run(proto.ToByteArray(), [input]);
        var named = new Dictionary<string, TensorData>();
        for (int i = 0; i < layers.Length; i++) named[layers[i].Name] = named[layers[i].Output[0]] = outputs[i];
        return named;
    }
}
