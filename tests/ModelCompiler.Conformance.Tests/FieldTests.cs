using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// Situations that people reported of other tools: a model, inputs and the right outputs.
/// Each is right on the reference interpreter and has the same bits on every target; a few ask for what cannot be done, and are refused with a message.
/// </summary>
public partial class FieldTests
{
    // Activations in 8 bits: relative error of the whole output, as the compiler itself warns above it.
    private const double QuantizedError = 0.1;
    private const double RealError = 1e-3;

    // Refused once, computed now.
    private static readonly string[] NowCompiled = ["unsorted-nodes", "sklearn-zipmap", "resize-0.7-skip"];

    public static TheoryData<string> Situations() => SharedData.Root is null ? [""] :
        [.. new[] { "right", "wrong" }.SelectMany(kind => Directory.EnumerateDirectories(SharedData.Path($"field/{kind}")).Order(StringComparer.Ordinal)
            .Select(d => $"{kind}/{Path.GetFileName(d)}"))];

    [SharedDataTheory]
    [MemberData(nameof(Situations))]
    public void A_situation_is_right_on_every_target(string name)
    {
        string folder = SharedData.Path($"field/{name}");
        CompilationResult[] results = [.. RunnableTargets.All.Select(target => Compile(folder, target))];
        bool hasOutput = File.Exists(Path.Combine(folder, "y.npz"));
        if (File.ReadAllText(Path.Combine(folder, "README.md")).Contains("refused: judged fair", StringComparison.Ordinal)
            && !NowCompiled.Contains(Path.GetFileName(name)))
        {
            Assert.All(results, r => Assert.Matches("^MC[123]", Assert.Single(r.Diagnostics, d => d.Severity == DiagnosticSeverity.Error).Code));
            return;
        }

        Assert.All(results, r => Assert.True(r.Success, string.Join("\n", r.Diagnostics)));
        using var engines = new Batch([.. results.Select(r => (r.Plan!, r.Weights))]);
        for (int t = 0; t < results.Length; t++)
        {
            (string target, CompilationResult result) = (RunnableTargets.All[t], results[t]);
            using var reference = new ReferenceEngine(result.Compiled!, RequantizationMode.Float);
            SampleSet samples = SampleSet.For(result.Compiled!, NpzArchive.Read(File.ReadAllBytes(Path.Combine(folder, "x.npz"))), "x.npz");
            bool raw = SampleRunner.IsRaw(reference, samples);
            int[] all = [.. Enumerable.Range(0, reference.Inputs.Count == 0 ? 1 : samples.Count)];
            var wanted = new IReadOnlyList<TensorData>[all.Length];
            SampleRunner.Run(reference, samples, all, raw, resetEach: false, (i, outputs) => wanted[i] = outputs);
            if (hasOutput) AssertRight(folder, reference, raw, wanted, result, $"{name}, {target}");

            using GeneratedEngine generated = engines.Create(t);
            SampleRunner.Run(generated, samples, all, raw, resetEach: false, (i, outputs) =>
            {
                for (int o = 0; o < outputs.Count; o++)
                    Assert.True(wanted[i][o].Bytes.AsSpan().SequenceEqual(outputs[o].Bytes),
                        $"{name}, {target}, sample {i}: output '{generated.Outputs[o].Name}' differs from the reference.");
            });
            if (result.Plan!.SelfTestHash != 0)
                Assert.True((bool)generated.ModelType.GetMethod("SelfTest")!.Invoke(null, null)!, $"{name}, {target}: SelfTest()");
        }
    }

    public static TheoryData<string> Hostile() => SharedData.Root is null ? [""] :
        [.. SharedData.Files("field/hostile").Where(f => Path.GetExtension(f) is ".onnx" or ".tflite").Select(f => Path.GetFileName(f))];

    [SharedDataTheory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_model_is_refused_or_computed_within_its_memory(string name)
    {
        string file = SharedData.Path($"field/hostile/{name}");
        string calibration = Path.Combine(Path.GetDirectoryName(file)!, $"{name[..2]}-calibration.npz");
        ReadOnlyMemory<byte>? samples = File.Exists(calibration) ? File.ReadAllBytes(calibration) : null;
        CompilationResult[] results = [.. RunnableTargets.Single.Select(target =>
            ModelCompilation.Run(new CompilationInput(name, File.ReadAllBytes(file), new CompilationOptions
        {
            Target = target,
            Namespace = "Field." + target.Replace('-', '_'),
            ClassName = "Network",
            Calibration = samples is null ? null : "calibration.npz",
        }, samples)))];
        if (!results[0].Success)
        {
            Assert.All(results, r => Assert.Matches("^MC[123]", Assert.Single(r.Diagnostics, d => d.Severity == DiagnosticSeverity.Error).Code));
            return;
        }

        Assert.All(results, r => Assert.True(r.Success, string.Join("\n", r.Diagnostics)));
        if (results.Any(r => r.Plan!.Weights.IsAssembly)) return; // large tables: what counts is that they do not become C#
        (IDisposable assembly, Func<ModelPlan, GeneratedEngine> create) = GeneratedEngine.Batch([.. results.Select(r => r.Plan!)], GuardedCode.Change);
        using IDisposable loaded = assembly;
        foreach (CompilationResult result in results)
        {
            using GeneratedEngine engine = create(result.Plan!);
            Assert.NotEqual(0UL, result.Plan!.SelfTestHash);
            Assert.True((bool)engine.ModelType.GetMethod("SelfTest")!.Invoke(null, null)!, $"{name}, {result.Plan.Target}: SelfTest()");
        }
    }

    private static void AssertRight(string folder, ReferenceEngine engine, bool raw, IReadOnlyList<TensorData>[] samples, CompilationResult result, string what)
    {
        var arrays = NpzArchive.Read(File.ReadAllBytes(Path.Combine(folder, "y.npz")));
        bool isQuantized = result.Compiled!.Nodes.Any(n => n.Outputs.Any(o => result.Compiled.Values[o].IsQuantized));
        int compared = 0;
        for (int o = 0; o < engine.Outputs.Count; o++)
        {
            EngineEdge edge = engine.Outputs[o];
            NumpyArray? right = arrays.TryGetValue(edge.Name, out NumpyArray? named) ? named : arrays.Count == 1
                && !edge.Name.EndsWith("_length", StringComparison.Ordinal) ? arrays.Values.Single() : null;
            if (right is null) continue; // an archive cannot hold every name, nor how many elements count
            compared++;
            double[] expected = [.. Doubles(right)];
            double[] actual = [.. samples.SelectMany(s => Enumerable.Range(0, s[o].Count).Select(i => s[o].ToDouble(i)))];
            Assert.True(expected.Length == actual.Length, $"{what}: output '{edge.Name}' has {actual.Length} elements, not {expected.Length}.");
            double difference = 0, size = 0, step = edge.IsQuantized ? raw ? 1 : edge.Scale : 0, worst = 0;
            for (int i = 0; i < expected.Length; i++)
            {
                if (expected[i].Equals(actual[i])) continue;
                difference += Math.Pow(expected[i] - actual[i], 2);
                worst = Math.Max(worst, double.IsNaN(actual[i]) ? double.PositiveInfinity : Math.Abs(expected[i] - actual[i]));
            }

            foreach (double x in expected.Where(double.IsFinite)) size += x * x;
            double error = Math.Sqrt(difference / Math.Max(size, 1e-12));
            bool isRight = worst <= 2.01 * step || error <= (isQuantized ? QuantizedError : RealError);
            Assert.True(isRight, $"{what}: output '{edge.Name}' is off by {worst:0.####} at most, relative error {error:0.0000}.");
        }

        Assert.True(compared > 0, $"{what}: no output was compared.");
    }

    private static IEnumerable<double> Doubles(NumpyArray array)
    {
        var data = new TensorData(array.Type, new Shape(array.Count), array.Bytes);
        return Enumerable.Range(0, array.Count).Select(data.ToDouble);
    }

    private static CompilationResult Compile(string folder, string target)
    {
        string command = File.ReadAllText(Path.Combine(folder, "README.md"));
        string calibration = Path.Combine(folder, "calib.npz");
        bool isCalibrated = command.Contains("--calibration", StringComparison.Ordinal);
        var options = new CompilationOptions
        {
            Target = target,
            Namespace = "Field." + target.Replace('-', '_'),
            ClassName = "Network",
            Calibration = isCalibrated ? "calib.npz" : null,
            InputShapes = InputShapesOption().Match(command) is { Success: true } match ? match.Groups[1].Value : null,
        };
        return ModelCompilation.Run(new CompilationInput("model.onnx", File.ReadAllBytes(Path.Combine(folder, "model.onnx")), options,
            isCalibrated ? (ReadOnlyMemory<byte>?)File.ReadAllBytes(calibration) : null)
        {
            ExternalData = new ModelFolder(Path.Combine(folder, "model.onnx")).Read,
        });
    }

    [GeneratedRegex("--input-shapes ([^ `]+)")]
    private static partial Regex InputShapesOption();

    // The code for all targets, compiled together.
    private sealed class Batch : IDisposable
    {
        private readonly (ModelPlan Plan, ReadOnlyMemory<byte> Weights)[] _networks;
        private readonly (IDisposable Assembly, Func<ModelPlan, GeneratedEngine> Create)? _batch;

        public Batch((ModelPlan Plan, ReadOnlyMemory<byte> Weights)[] networks)
        {
            _networks = networks;
            if (networks.All(n => !n.Plan.Weights.IsAssembly)) _batch = GeneratedEngine.TryBatch([.. networks.Select(n => n.Plan)]);
        }

        public GeneratedEngine Create(int index) => _batch is { } batch ? batch.Create(_networks[index].Plan)
            : new GeneratedEngine(_networks[index].Plan, _networks[index].Weights);

        public void Dispose() => _batch?.Assembly.Dispose();
    }
}
