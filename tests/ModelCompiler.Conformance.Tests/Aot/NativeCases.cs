using System.Runtime.Intrinsics.X86;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>A model for the native program: how it is compiled, and what it must answer.</summary>
/// <param name="Name">Name of the case, and of the class.</param>
/// <param name="Model">The model file.</param>
/// <param name="Options">Options of the compilation.</param>
/// <param name="Calibration">Calibration file.</param>
/// <param name="Golden">Golden file in the shared data, with inputs and outputs; without one, the generated code as the just-in-time compiler runs it is the oracle.</param>
/// <param name="WithReference">Whether the reference interpreter, which is slow on large models, is the oracle too.</param>
internal sealed record NativeCase(string Name, string Model, CompilationOptions Options, string? Calibration = null, string? Golden = null, bool WithReference = true)
{
    /// <summary>Compiles the model.</summary>
    public CompilationResult Compile(string target)
    {
        CompilationOptions options = Options with { Target = target, ClassName = Name, Namespace = "NativeCases." + Name, Calibration = Calibration };
        CompilationResult result = ModelCompilation.Run(new CompilationInput(Path.GetFileName(Model), File.ReadAllBytes(Model), options, Calibration is null ? null : (ReadOnlyMemory<byte>?)File.ReadAllBytes(Calibration)));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return result;
    }

    /// <summary>Inputs of the network's own types, one list per sample.</summary>
    public List<TensorData[]> Inputs(CompilationResult result, int most)
    {
        Value[] inputs = [.. result.Compiled!.InputValues];
        if (Golden is not null)
        {
            NumpyArray x = TestModels.Npz($"goldens/{Golden}.npz")["x"];
            return [.. Enumerable.Range(0, Math.Min(most, x.Shape[0])).Select(i => new[] { new TensorData(x.Type, inputs[0].Shape, x[i].Bytes) })];
        }

        var random = new Random(11);
        return [.. Enumerable.Range(0, Math.Min(most, 3)).Select(_ => inputs.Select(v => CaseBuilder.Random(v, random)).ToArray())];
    }

    /// <summary>What the network must answer to each sample, by every oracle there is.</summary>
    public IEnumerable<(string Oracle, byte[] Bytes)> Expected(CompilationResult result, List<TensorData[]> samples)
    {
        if (Golden is not null)
        {
            NumpyArray y = TestModels.Npz($"goldens/{Golden}.npz")["y"];
            yield return ("the reference kernels", y.Slice(0, samples.Count).Bytes);
            yield break;
        }

        using IEngine generated = EngineFactory.Create(EngineKind.Generated, result, Options);
        yield return ("the just-in-time compiler", Answers(generated, samples));
        if (!WithReference) yield break;
        using IEngine reference = EngineFactory.Create(EngineKind.Reference, result, Options);
        yield return ("the reference interpreter", Answers(reference, samples));
    }

    private static byte[] Answers(IEngine engine, List<TensorData[]> samples) => [.. samples.SelectMany(s => engine.RunRaw(s)).SelectMany(t => t.Bytes)];
}

/// <summary>The models of the native program.</summary>
internal static class NativeCases
{
    private static readonly string Digits = Path.Combine(SharedData.RepositoryRoot, "samples", "Digits");

    public static IReadOnlyList<NativeCase> All { get; } = [.. Own(), .. SharedData.Root is null ? [] : Goldens().Concat(Others())];

    /// <summary>Whether code for AVX2 runs here.</summary>
    public static bool HasVectors => Avx2.IsSupported && Fma.IsSupported;

    private static IEnumerable<NativeCase> Own()
    {
        yield return new("DigitsFloat", Path.Combine(Digits, "digits.onnx"), new CompilationOptions());
        yield return new("DigitsInt8", Path.Combine(Digits, "digits.onnx"), new CompilationOptions(), Path.Combine(Digits, "calibration.npz"));
    }

    private static IEnumerable<NativeCase> Goldens() => GoldenTests.Goldens().Select(row => ((string)row[0], (string)row[1])).Select(golden =>
        new NativeCase("G_" + golden.Item1.Replace('-', '_').Replace('.', '_'), SharedData.Path(golden.Item2), TestModels.FixedPoint, Golden: golden.Item1));

    private static IEnumerable<NativeCase> Others()
    {
        yield return new("KeywordHybrid", SharedData.Path("models/mlperf-tiny/kws_float32.tflite"), new CompilationOptions());
        yield return new("HeartbeatHybrid", SharedData.Path("models/health/ecg_heartbeats_int8.tflite"), new CompilationOptions());
        yield return new("PicturesInt8", SharedData.Path("models/mlperf-tiny/ic_float32.tflite"), new CompilationOptions { CalibrationSamples = 16 }, SharedData.Path("data/cifar10/train.npz"));
        yield return new("HeartbeatFloat", SharedData.Path("models/health/ecg_heartbeats_float32.tflite"), new CompilationOptions());
        yield return new("KeywordInt8", SharedData.Path("models/mlperf-tiny/kws_int8.tflite"), new CompilationOptions());
        yield return new("PicturesFloat", SharedData.Path("models/mlperf-tiny/ic_float32.tflite"), new CompilationOptions());
        yield return new("MobileNetFloat", SharedData.Path("models/mobilenet/mobilenet_v2_float32.onnx"), new CompilationOptions());
        yield return new("MobileNetQLinear", SharedData.Path("models/mobilenet/mobilenet_v2_qlinear.onnx"), new CompilationOptions(), WithReference: false);
    }
}
