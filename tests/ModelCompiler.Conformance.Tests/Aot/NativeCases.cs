using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Aot;

/// <summary>A part of a native program.</summary>
/// <param name="Name">Name of the case, and of the class.</param>
internal abstract record NativeCase(string Name)
{
    /// <summary>Writes its code for a target.</summary>
    public abstract NativeUnit Compile(string target);

    /// <summary>Answers to some samples, one after the other.</summary>
    protected static byte[] Bytes(IReadOnlyList<TensorData[]> samples, Func<TensorData[], IReadOnlyList<TensorData>> run) =>
        [.. samples.SelectMany(run).SelectMany(t => t.Bytes)];
}

/// <summary>One of the operator cases in both arithmetics of integers, on random inputs, against the reference interpreter.</summary>
/// <param name="Case">Key of the case.</param>
/// <param name="Mode">Arithmetic of integers.</param>
internal sealed record OperatorNativeCase(string Case, RequantizationMode Mode) : NativeCase($"{Names.Pascal(Case)}_{Mode}")
{
    /// <inheritdoc/>
    public override NativeUnit Compile(string target)
    {
        ModelGraph graph = OperatorCases.All[Case](new CaseBuilder(Case.Length));
        var options = new CompilationOptions { Requantization = Mode, Target = target, ClassName = Name, Namespace = "NativeCases." + Name };
        (ModelPlan plan, byte[] weights) = Lowering.Run(graph, new CompilationInput("case.onnx", default, options), Target.Of(target), []);
        var random = new Random(Case.Length);
        TensorData[][] samples = [.. Enumerable.Range(0, 2).Select(_ => graph.InputValues.Select(v => CaseBuilder.Random(v, random)).ToArray())];
        return NativeUnit.OfNetwork(plan, weights, samples, () =>
        {
            var reference = new ReferenceInterpreter(graph, Mode); // one for all samples, as networks may have state
            return [("the reference interpreter", Bytes(samples, s => reference.Run(s)))];
        });
    }
}

/// <summary>A model file.</summary>
/// <param name="Name">Name of the case, and of the class.</param>
/// <param name="Model">The model file.</param>
/// <param name="Options">Options of the compilation.</param>
/// <param name="Calibration">Calibration file.</param>
/// <param name="Golden">Golden file in the shared data, with inputs and outputs; without one,
/// the generated code as the just-in-time compiler runs it is the oracle.</param>
/// <param name="WithReference">Whether the reference interpreter, which is slow on large models, is the oracle too.</param>
internal sealed record ModelNativeCase(string Name, string Model, CompilationOptions Options, string? Calibration = null, string? Golden = null,
    bool WithReference = true) : NativeCase(Name)
{
    private const int MostSamples = 6, RandomSamples = 3;

    /// <inheritdoc/>
    public override NativeUnit Compile(string target)
    {
        CompilationResult result = CompileFor(target);
        List<TensorData[]> samples = Inputs(result);
        return NativeUnit.OfNetwork(result.Plan!, result.Weights, samples, () => Expected(result, samples));
    }

    private CompilationResult CompileFor(string target)
    {
        CompilationOptions options = Options with { Target = target, ClassName = Name, Namespace = "NativeCases." + Name, Calibration = Calibration };
        CompilationResult result = ModelCompilation.Run(new CompilationInput(Path.GetFileName(Model), File.ReadAllBytes(Model), options,
            Calibration is null ? null : (ReadOnlyMemory<byte>?)File.ReadAllBytes(Calibration)));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return result;
    }

    private List<TensorData[]> Inputs(CompilationResult result)
    {
        Value[] inputs = [.. result.Compiled!.InputValues];
        if (Golden is not null)
        {
            NumpyArray x = TestModels.Npz($"goldens/{Golden}.npz")["x"];
            return [.. Enumerable.Range(0, Math.Min(MostSamples, x.Shape[0])).Select(i => new[] { new TensorData(x.Type, inputs[0].Shape, x[i].Bytes) })];
        }

        var random = new Random(11);
        return [.. Enumerable.Range(0, RandomSamples).Select(_ => inputs.Select(v => CaseBuilder.Random(v, random)).ToArray())];
    }

    private IEnumerable<(string Oracle, byte[] Bytes)> Expected(CompilationResult result, List<TensorData[]> samples)
    {
        if (Golden is not null)
        {
            NumpyArray y = TestModels.Npz($"goldens/{Golden}.npz")["y"];
            yield return ("the reference kernels", y.Slice(0, samples.Count).Bytes);
            yield break;
        }

        // Where the target is another machine's, code for this one answers in its place: all give the same bits.
        CompilationResult here = result.Plan!.Target == NativeMachine.Here.Target ? result : CompileFor(NativeMachine.Here.Target);
        using IEngine generated = EngineFactory.Create(EngineKind.Generated, here, Options);
        yield return ("the just-in-time compiler", Bytes(samples, generated.RunRaw));
        if (!WithReference) yield break;
        using IEngine reference = EngineFactory.Create(EngineKind.Reference, result, Options);
        yield return ("the reference interpreter", Bytes(samples, reference.RunRaw));
    }
}

/// <summary>The networks of the native programs.</summary>
internal static class NativeCases
{
    private static readonly string Digits = Path.Combine(SharedData.RepositoryRoot, "samples", "Digits");

    // Enough of them, for a processor that is emulated.
    private static readonly string[] Small = ["DigitsFloat", "DigitsInt8", "G_mlperf_tiny_kws_int8", "G_tflm_micro_speech_quantized", "HeartbeatHybrid"];

    /// <summary>All models.</summary>
    public static IReadOnlyList<NativeCase> Models { get; } = [.. Own(), .. SharedData.Root is null ? [] : Goldens().Concat(Others())];

    /// <summary>A few models that are soon compiled and run.</summary>
    public static IReadOnlyList<NativeCase> SmallModels { get; } = [.. Models.Where(m => Small.Contains(m.Name))];

    /// <summary>All operator cases.</summary>
    public static IReadOnlyList<NativeCase> Operators { get; }
        = [.. OperatorCases.All.Keys.SelectMany(c => Enum.GetValues<RequantizationMode>().Select(mode => new OperatorNativeCase(c, mode)))];

    /// <summary>The operator cases of quantised convolutions and fully connected layers.</summary>
    public static IReadOnlyList<NativeCase> LinearLayers { get; }
        = [.. Operators.Where(o => o.Name.StartsWith("Conv", StringComparison.Ordinal) || o.Name.StartsWith("Fully", StringComparison.Ordinal))];

    private static IEnumerable<ModelNativeCase> Own()
    {
        yield return new("DigitsFloat", Path.Combine(Digits, "digits.onnx"), new CompilationOptions());
        yield return new("DigitsInt8", Path.Combine(Digits, "digits.onnx"), new CompilationOptions(), Path.Combine(Digits, "calibration.npz"));
    }

    private static IEnumerable<ModelNativeCase> Goldens() => GoldenTests.Goldens().Select(row => ((string)row[0], (string)row[1])).Select(golden =>
        new ModelNativeCase("G_" + golden.Item1.Replace('-', '_').Replace('.', '_'), SharedData.Path(golden.Item2), TestModels.FixedPoint,
            Golden: golden.Item1));

    private static IEnumerable<ModelNativeCase> Others()
    {
        yield return new("KeywordHybrid", SharedData.Path("models/mlperf-tiny/kws_float32.tflite"), new CompilationOptions());
        yield return new("HeartbeatHybrid", SharedData.Path("models/health/ecg_heartbeats_int8.tflite"), new CompilationOptions());
        yield return new("PicturesInt8", SharedData.Path("models/mlperf-tiny/ic_float32.tflite"), new CompilationOptions { CalibrationSamples = 16 },
            SharedData.Path("data/cifar10/train.npz"));
        yield return new("HeartbeatFloat", SharedData.Path("models/health/ecg_heartbeats_float32.tflite"), new CompilationOptions());
        yield return new("KeywordInt8", SharedData.Path("models/mlperf-tiny/kws_int8.tflite"), new CompilationOptions());
        yield return new("PicturesFloat", SharedData.Path("models/mlperf-tiny/ic_float32.tflite"), new CompilationOptions());
        yield return new("MobileNetFloat", SharedData.Path("models/mobilenet/mobilenet_v2_float32.onnx"), new CompilationOptions());
        yield return new("MobileNetQLinear", SharedData.Path("models/mobilenet/mobilenet_v2_qlinear.onnx"), new CompilationOptions(), WithReference: false);
    }
}
