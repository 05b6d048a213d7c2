using System.Diagnostics;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Damaged, hostile and unfit files: each gives a message that helps, or compiles to correct code; none an exception, none takes long.</summary>
public class HostileInputTests
{
    private const double LimitSeconds = 5;
    private const int LargestRun = 1 << 20;

    private static readonly byte[] Digits = File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot, "samples", "Digits", "digits.onnx"));

    public static TheoryData<string> Malformed() => SharedData.Root is null ? [""]
        : [.. SharedData.Files("malformed").Select(f => Path.GetRelativePath(SharedData.Root, f))];

    [SharedDataTheory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_file_is_refused_or_compiled_correctly(string path)
    {
        CompilationResult result = Run(Path.GetFileName(path), File.ReadAllBytes(SharedData.Path(path)));
        if (!result.Success) return;

        using IEngine generated = EngineFactory.Create(EngineKind.Generated, result, new CompilationOptions());
        if (generated.Inputs.Concat(generated.Outputs).Any(e => e.Shape.Elements > LargestRun)) return;
        using IEngine reference = EngineFactory.Create(EngineKind.Reference, result, new CompilationOptions());
        var random = new Random(1);
        TensorData[] inputs = [.. result.Compiled!.InputValues.Select(v => CaseBuilder.Random(v, random))];
        IReadOnlyList<TensorData> expected = reference.RunRaw(inputs);
        IReadOnlyList<TensorData> actual = generated.RunRaw(inputs);
        for (int i = 0; i < expected.Count; i++) Assert.Equal(expected[i].Bytes, actual[i].Bytes);
    }

    [Fact]
    public void A_truncated_ONNX_file_is_refused() => Truncate("digits.onnx", Digits);

    [SharedDataFact]
    public void A_truncated_TFLite_file_is_refused() => Truncate("model.tflite", File.ReadAllBytes(SharedData.Path("models/mlperf-tiny/kws_int8.tflite")));

    [Fact]
    public void A_damaged_ONNX_file_gives_a_message() => Damage("digits.onnx", Digits);

    [SharedDataFact]
    public void A_damaged_TFLite_file_gives_a_message() => Damage("model.tflite", File.ReadAllBytes(SharedData.Path("models/mlperf-tiny/kws_int8.tflite")));

    [Fact]
    public void A_damaged_small_ONNX_file_gives_a_message()
    {
        foreach (string name in new[] { "conv 1-d", "gemm", "max pool ceiling with padding", "pad some axes", "squeeze, unsqueeze", "concat of convs",
            "reduce mean since opset 18", "transpose", "softmax before opset 13, axis 2" })
        {
            (int opset, Action<OnnxGraph> build) = OnnxOperatorCases.All[name];
            var graph = new OnnxGraph(1, opset);
            build(graph);
            Damage("small.onnx", graph.Write());
        }
    }

    public static TheoryData<string> Types() => ["Bool", "Int8", "Uint8", "Int32", "Int64", "Float16", "Double"];

    [Theory]
    [MemberData(nameof(Types))]
    public void Inputs_of_any_type_are_refused_or_computed(string type)
    {
        foreach ((int opset, Action<OnnxGraph> build) in OnnxOperatorCases.All.Values)
        {
            var graph = new OnnxGraph(1, opset) { InputType = Enum.Parse<DataType>(type) };
            build(graph);
            Run("typed.onnx", graph.Write());
        }
    }

    [Fact]
    public void A_network_that_does_not_fit_in_memory_is_refused()
    {
        var graph = new OnnxGraph();
        string x = graph.Apply("Sigmoid", [graph.Input(1, 20000, 20000)]);
        graph.Output(graph.Apply("Transpose", [graph.Apply("Tanh", [x])]));
        Assert.Equal("MC1003", Error(Run("net.onnx", graph.Write())).Code);
    }

    [Fact]
    public void An_unknown_operator_is_named()
    {
        var graph = new OnnxGraph();
        graph.Output(graph.Apply("Wavelet", "org.example", [graph.Input(1, 3)]));
        Diagnostic error = Error(Run("net.onnx", graph.Write()));
        Assert.Equal("MC2001", error.Code);
        Assert.Contains("org.example.Wavelet", error.Reason, StringComparison.Ordinal);
        Assert.NotNull(error.Node);
    }

    [Theory]
    [InlineData("wrong shape", "MC3003")]
    [InlineData("no samples", "MC3003")]
    [InlineData("other name", "MC3002")]
    [InlineData("empty archive", "MC3002")]
    [InlineData("no archive", null)]
    [InlineData("truncated archive", null)]
    [InlineData("nothing", null)]
    public void Unfit_calibration_data_is_refused(string kind, string? code)
    {
        byte[] calibration = kind switch
        {
            "wrong shape" => Npz(("x", [2, 5, 5])),
            "no samples" => Npz(("x", [0, 1, 3, 4, 4])),
            "other name" => Npz(("pictures", [2, 3, 4, 4])),
            "empty archive" => Npz(),
            "no archive" => [1, 2, 3],
            "truncated archive" => Npz(("x", [2, 3, 4, 4]))[..^30],
            _ => [],
        };
        var graph = new OnnxGraph();
        graph.Output(graph.Apply("Conv", [graph.Input(1, 3, 4, 4), graph.Weights(4, 3, 3, 3)]));
        Diagnostic error = Error(Run("net.onnx", graph.Write(), new CompilationOptions { Calibration = "data/samples.npz" }, calibration));
        Assert.Equal("samples.npz", error.File);
        if (code is not null) Assert.Equal(code, error.Code);
    }

    [Fact]
    public void Calibration_data_that_is_not_finite_is_refused_or_survived()
    {
        var graph = new OnnxGraph();
        graph.Output(graph.Apply("Conv", [graph.Input(1, 3, 4, 4), graph.Weights(4, 3, 3, 3)]));
        foreach (float value in new[] { float.NaN, float.PositiveInfinity, float.MaxValue, 0, float.Epsilon })
        {
            using var stream = new MemoryStream();
            NpzArchive.Write(stream, [KeyValuePair.Create("x", NumpyArray.Of<float>(Enumerable.Repeat(value, 96).ToArray(), 2, 3, 4, 4))]);
            Run("net.onnx", graph.Write(), new CompilationOptions { Calibration = "samples.npz" }, stream.ToArray());
        }
    }

    private static void Truncate(string name, byte[] model)
    {
        var random = new Random(5);
        foreach (int length in Enumerable.Range(0, 30).Select(i => i < 10 ? i * i : random.Next(model.Length))) Error(Run(name, model[..length]));
    }

    // Bytes of the structure, not of the weights, matter: most changes fall into the first and last kilobytes.
    private static void Damage(string name, byte[] model)
    {
        var random = new Random(model.Length);
        for (int round = 0; round < 60; round++)
        {
            byte[] damaged = [.. model];
            for (int change = 1 + random.Next(3); change > 0; change--)
            {
                int at = random.Next(3) switch { 0 => random.Next(Math.Min(2048, model.Length)),
                    1 => model.Length - 1 - random.Next(Math.Min(2048, model.Length)), _ => random.Next(model.Length) };
                damaged[at] = (byte)(random.Next(3) == 0 ? random.Next(256) : damaged[at] ^ (1 << random.Next(8)));
            }

            Run(name, damaged);
        }
    }

    // A machine may be busy with other things: what is slow once is tried again.
    private static CompilationResult Run(string name, byte[] model, CompilationOptions? options = null, byte[]? calibration = null)
    {
        double seconds = 0;
        for (int attempt = 0; attempt < 3; attempt++)
        {
            (CompilationResult result, seconds) = RunOnce(name, model, options, calibration);
            if (seconds > LimitSeconds) continue;
            if (!result.Success) Error(result);
            return result;
        }

        File.WriteAllBytes(Path.Combine(Path.GetTempPath(), "model-that-took-long-" + name), model);
        Assert.Fail($"'{name}' takes {seconds:0.0} s.");
        throw new InvalidOperationException();
    }

    private static (CompilationResult Result, double Seconds) RunOnce(string name, byte[] model, CompilationOptions? options, byte[]? calibration)
    {
        long start = Stopwatch.GetTimestamp();
        CompilationResult result;
        try
        {
            result = ModelCompilation.Run(new CompilationInput(name, model, options ?? new CompilationOptions(),
                calibration is null ? null : (ReadOnlyMemory<byte>?)calibration));
        }
        catch (Exception e)
        {
            string saved = Path.Combine(Path.GetTempPath(), "model-that-failed-" + name);
            File.WriteAllBytes(saved, model);
            throw new InvalidOperationException($"'{saved}' makes the compiler throw {e.GetType().Name}.", e);
        }

        return (result, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static Diagnostic Error(CompilationResult result)
    {
        Assert.False(result.Success);
        Diagnostic error = Assert.Single(result.Diagnostics, d => d.Severity == DiagnosticSeverity.Error);
        Assert.Matches("^MC[1-9][0-9]{3}$", error.Code);
        Assert.NotEmpty(error.File);
        Assert.EndsWith(".", error.Reason, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Remedy, StringComparison.Ordinal);
        return error;
    }

    private static byte[] Npz(params (string Name, int[] Shape)[] arrays)
    {
        using var stream = new MemoryStream();
        NpzArchive.Write(stream, arrays.Select(a => KeyValuePair.Create(a.Name,
            new NumpyArray(ElementType.Float32, a.Shape, new byte[4 * a.Shape.Aggregate(1, (x, y) => x * y)]))));
        return stream.ToArray();
    }
}
