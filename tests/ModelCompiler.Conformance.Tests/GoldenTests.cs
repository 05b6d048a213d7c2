using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Fixed-point mode against the TFLite reference kernels: the same bytes, inner layers included.</summary>
public class GoldenTests
{
    private static readonly (string Golden, string Model)[] Cases =
    [
        ("mlperf-tiny-ad_int8", "models/mlperf-tiny/ad_int8.tflite"),
        ("mlperf-tiny-ic_int8", "models/mlperf-tiny/ic_int8.tflite"),
        ("mlperf-tiny-kws_int8", "models/mlperf-tiny/kws_int8.tflite"),
        ("mlperf-tiny-sww_int8", "models/mlperf-tiny/sww_int8.tflite"),
        ("mlperf-tiny-vww_int8", "models/mlperf-tiny/vww_int8.tflite"),
        ("mobilenet-mobilenet_v1_0.25_128_quant", "models/mobilenet/mobilenet_v1_0.25_128_quant.tflite"),
        ("mobilenet-mobilenet_v2_1.0_224_quant", "models/mobilenet/mobilenet_v2_1.0_224_quant.tflite"),
        ("mobilenet-tf2_mobilenet_v2_1.0_224_ptq", "models/mobilenet/tf2_mobilenet_v2_1.0_224_ptq.tflite"),
        ("tflm-hello_world_int8", "models/tflm/hello_world_int8.tflite"),
        ("tflm-micro_speech_quantized", "models/tflm/micro_speech_quantized.tflite"),
        ("tflm-person_detect", "models/tflm/person_detect.tflite"),
    ];

    // One sequence, with state from sample to sample.
    private static readonly (string Golden, string Model)[] Sequences =
    [
        ("tflm-audio_preprocessor_int8", "models/tflm/audio_preprocessor_int8.tflite"),
        ("tflm-keyword_scrambled_8bit", "models/tflm/keyword_scrambled_8bit.tflite"),
        ("tflm-keyword_scrambled_8bit_small_bias", "goldens/keyword_scrambled_8bit_small_bias.tflite"),
        ("tflm-trained_lstm_int8", "models/tflm/trained_lstm_int8.tflite"),
    ];

    public static TheoryData<string, string, string> CrossedSequences()
    {
        var data = new TheoryData<string, string, string>();
        foreach ((string golden, string model) in Sequences)
        {
            foreach (string engine in TestModels.Engines) data.Add(golden, model, engine);
        }

        return data;
    }

    [SharedDataTheory]
    [MemberData(nameof(CrossedSequences))]
    public void Sequences_equal_the_reference_kernels(string golden, string model, string engine)
    {
        OrderedDictionary<string, NumpyArray> arrays = TestModels.Npz($"goldens/{golden}.npz");
        using IEngine network = TestModels.Engine(engine, model, TestModels.FixedPoint);
        Assert.True(network.IsStateful);

        // Twice, with a reset in between; then every sample alone.
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < arrays["x"].Shape[0]; i++) Compare("y", i, $"round {round}");
            network.Reset();
        }

        if (!arrays.TryGetValue("y_reset", out NumpyArray? alone)) return;
        for (int i = 0; i < alone.Shape[0]; i++)
        {
            network.Reset();
            Compare("y_reset", i, "alone");
        }

        void Compare(string expected, int i, string what)
        {
            TensorData output = network.RunRaw([TestModels.Sample(arrays["x"], i, network.Inputs[0])])[0];
            Assert.True(arrays[expected][i].Bytes.AsSpan().SequenceEqual(output.Bytes), $"Sample {i} differs, {what}.");
        }
    }

    public static TheoryData<string, string, string> Crossed()
    {
        var data = new TheoryData<string, string, string>();
        foreach ((string golden, string model) in Cases)
        {
            foreach (string engine in TestModels.Engines) data.Add(golden, model, engine);
        }

        return data;
    }

    public static TheoryData<string, string> Goldens()
    {
        var data = new TheoryData<string, string>();

        // Without the front end: its energies outside the filter bank are whatever the kernels found in their memory.
        foreach ((string golden, string model) in Cases.Concat(Sequences[1..])) data.Add(golden, model);
        return data;
    }

    [SharedDataTheory]
    [MemberData(nameof(Crossed))]
    public void Outputs_equal_the_reference_kernels(string golden, string model, string engine)
    {
        OrderedDictionary<string, NumpyArray> arrays = TestModels.Npz($"goldens/{golden}.npz");
        using IEngine network = TestModels.Engine(engine, model, TestModels.FixedPoint);
        for (int i = 0; i < arrays["x"].Shape[0]; i++)
        {
            TensorData output = network.RunRaw([TestModels.Sample(arrays["x"], i, network.Inputs[0])])[0];
            Assert.Equal(arrays["y"][i].Bytes, output.Bytes);
        }
    }

    [SharedDataTheory]
    [MemberData(nameof(Goldens))]
    public void Inner_layers_equal_the_reference_kernels(string golden, string model)
    {
        OrderedDictionary<string, NumpyArray> arrays = TestModels.Npz($"goldens/{golden}.npz");
        CompilationResult result = TestModels.Compile(model, TestModels.FixedPoint);
        TfLiteSubgraph subgraph = TfLiteReader.Read(File.ReadAllBytes(SharedData.Path(model))).Subgraphs[0];
        int[] tensors = arrays["layer_tensor"].AsSpan<int>().ToArray();
        TfLiteTensorType[] types = [.. tensors.Select(t => subgraph.Tensors[t].Type)];
        Dictionary<string, int> layers = tensors.Select((t, i) => (subgraph.Tensors[t].Name, i)).ToDictionary(p => p.Name, p => p.i);
        var interpreter = new ReferenceInterpreter(result.Compiled!, RequantizationMode.FixedPoint);
        Value input = result.Compiled!.InputValues.First();
        int compared = 0;
        for (int sample = 0; sample < Math.Min(4, arrays["x"].Shape[0]); sample++)
        {
            interpreter.Run([new TensorData(arrays["x"].Type, input.Shape, arrays["x"][sample].Bytes)], (value, data) =>
            {
                if (!layers.TryGetValue(value.Name, out int layer)) return;
                uint expected = arrays["layer_crc32"][sample].AsSpan<uint>()[layer];
                byte[] bytes = data.Bytes;

                // Activations kept unsigned (pass UnsignedActivations) are the file's plus 128.
                if (data.Type == ElementType.UInt8 && types[layer] == TfLiteTensorType.Int8) bytes = [.. bytes.Select(b => (byte)(b ^ 0x80))];
                Assert.True(expected == Crc32.Of(bytes), $"Layer {layer} ('{value.Name}') of sample {sample} differs.");
                compared++;
            });
        }

        Assert.True(compared >= tensors.Length, $"Only {compared} layer outputs were compared.");
    }
}
