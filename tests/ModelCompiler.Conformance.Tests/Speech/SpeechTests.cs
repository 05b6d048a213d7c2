using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Speech;

/// <summary>Recordings, by way of their features, to words.</summary>
public class SpeechTests
{
    private const int FirstRecording = 8; // in the golden file, in the order yes, no, noise, silence

    [SharedDataTheory]
    [InlineData("yes", 0)]
    [InlineData("no", 1)]
    [InlineData("noise", 2)]
    [InlineData("silence", 3)]
    public void Features_are_those_of_the_device(string recording, int row)
    {
        sbyte[] actual = Features(recording);
        ReadOnlySpan<sbyte> expected = TestModels.Npz("goldens/tflm-micro_speech_quantized.npz")["x"][FirstRecording + row].AsSpan<sbyte>();
        Assert.Equal(expected.Length, actual.Length);
        int[] differences = new int[actual.Length];
        for (int i = 0; i < actual.Length; i++) differences[i] = Math.Abs(actual[i] - expected[i]);
        Assert.True(differences.Average() < 0.05, $"Features differ by {differences.Average()} on average, by {differences.Max()} at most.");
    }

    [SharedDataTheory]
    [InlineData("yes", "yes")]
    [InlineData("no", "no")]
    [InlineData("noise", "silence", "unknown")]
    [InlineData("silence", "silence", "unknown")]
    public void The_network_hears_the_word(string recording, params string[] accepted)
    {
        using IEngine network = TestModels.Engine("portable", "models/tflm/micro_speech_quantized.tflite", TestModels.FixedPoint);
        byte[] features = MemoryMarshal.AsBytes<sbyte>(Features(recording)).ToArray();
        TensorData scores = network.RunRaw([new TensorData(ElementType.Int8, network.Inputs[0].Shape, features)])[0];
        string[] words = ["silence", "unknown", "yes", "no"];
        Assert.Contains(words[TestModels.ArgMax(scores)], accepted);
    }

    // 49 frames of 30 ms, 20 ms apart, through the front end with its noise estimate, then through the network.
    [SharedDataTheory]
    [InlineData("yes", 0, "yes")]
    [InlineData("no", 1, "no")]
    [InlineData("noise", 2, "silence")]
    [InlineData("silence", 3, "silence")]
    public void Front_end_and_network_together_hear_the_word(string recording, int row, string word)
    {
        const int Frames = 49, Window = 480, Step = 320;
        using IEngine frontEnd = TestModels.Engine("portable", "models/tflm/audio_preprocessor_int8.tflite", TestModels.FixedPoint);
        using IEngine network = TestModels.Engine("portable", "models/tflm/micro_speech_quantized.tflite", TestModels.FixedPoint);
        short[] samples = ReadWave(File.ReadAllBytes(SharedData.Path($"models/tflm/{recording}_1000ms.wav")));
        byte[] features = [.. Enumerable.Range(0, Frames).SelectMany(frame =>
        {
            byte[] sound = MemoryMarshal.AsBytes(samples.AsSpan(frame * Step, Window)).ToArray();
            return frontEnd.RunRaw([new TensorData(ElementType.Int16, frontEnd.Inputs[0].Shape, sound)])[0].Bytes;
        })];
        Assert.Equal(TestModels.Npz("goldens/tflm-micro_speech_quantized.npz")["x"][FirstRecording + row].Bytes, features);
        TensorData scores = network.RunRaw([new TensorData(ElementType.Int8, network.Inputs[0].Shape, features)])[0];
        Assert.Equal(word, new[] { "silence", "unknown", "yes", "no" }[TestModels.ArgMax(scores)]);
    }

    private static sbyte[] Features(string recording) =>
        FeatureExtractor.Features(ReadWave(File.ReadAllBytes(SharedData.Path($"models/tflm/{recording}_1000ms.wav"))));

    // The chunks of a RIFF file; the test recordings are 16-bit mono.
    private static short[] ReadWave(ReadOnlySpan<byte> file)
    {
        for (int at = 12; at + 8 <= file.Length;)
        {
            int size = BinaryPrimitives.ReadInt32LittleEndian(file[(at + 4)..]);
            ReadOnlySpan<byte> chunk = file.Slice(at + 8, size);
            if (file.Slice(at, 4).SequenceEqual("fmt "u8))
                Assert.Equal((1, FeatureExtractor.SampleRate), (BinaryPrimitives.ReadInt16LittleEndian(chunk[2..]),
                    BinaryPrimitives.ReadInt32LittleEndian(chunk[4..])));
            if (file.Slice(at, 4).SequenceEqual("data"u8)) return MemoryMarshal.Cast<byte, short>(chunk).ToArray();
            at += 8 + size + (size % 2);
        }

        throw new InvalidDataException("The recording has no data.");
    }
}
