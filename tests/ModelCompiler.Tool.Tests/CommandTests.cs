using System.Text.Json;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Tool.Tests;

public class CommandTests
{
    [Fact]
    public void Inspect_describes_the_network()
    {
        JsonElement json = CommandLineRun.Succeeds("inspect", CommandLineRun.Digits, "--json").Json;
        Assert.Equal(
            ["model", "sha256", "target", "options", "inputs", "outputs", "operators", "macs", "weightBytes", "arenaBytes", "leastArenaBytes", "notes",
            "diagnostics"],
            json.EnumerateObject().Select(p => p.Name));
        JsonElement input = Assert.Single(json.GetProperty("inputs").EnumerateArray());
        Assert.Equal(["name", "type", "shape", "scale", "zeroPoint"], input.EnumerateObject().Select(p => p.Name));
        Assert.Equal("image", input.GetProperty("name").GetString());
        Assert.Equal("float32", input.GetProperty("type").GetString());
        Assert.Equal([1, 1, 28, 28], input.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
        Assert.Equal(JsonValueKind.Null, input.GetProperty("scale").ValueKind);
        Assert.All(json.GetProperty("operators").EnumerateArray(), o => Assert.Equal(
            ["operator", "name", "origin", "inputShapes", "outputShape", "outputType", "macs", "kernels"], o.EnumerateObject().Select(p => p.Name)));
        long macs = json.GetProperty("operators").EnumerateArray().Sum(o => o.GetProperty("macs").GetInt64());
        Assert.Equal(json.GetProperty("macs").GetInt64(), macs);
        Assert.True(macs > 0);
    }

    [Fact]
    public void Inspect_prints_a_table()
    {
        string text = CommandLineRun.Succeeds("inspect", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration).Output;
        Assert.Contains("1×1×28×28", text, StringComparison.Ordinal);
        Assert.Contains("int8", text, StringComparison.Ordinal);
        Assert.Contains("multiply-accumulates", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Compile_writes_class_plan_and_weights()
    {
        using var folder = new TemporaryFolder();
        CommandLineRun run = CommandLineRun.Succeeds("compile", CommandLineRun.Digits, "-o", folder["."], "--class-name", "Net", "--namespace", "My.App");
        Assert.Equal(["Net.Data.g.cs", "Net.Kernels.g.cs", "Net.g.cs", "Net.plan.txt"], folder.Files.Skip(1));
        Assert.Matches("^My\\.App\\.Net\\.Weights\\.[0-9a-f]{16}\\.dll$", folder.Files.First());
        Assert.All(folder.Files, f => Assert.Contains(f, run.Output, StringComparison.Ordinal));
        ModelPlan plan = PlanText.Read(File.ReadAllText(folder["Net.plan.txt"]));
        Assert.True(plan.Weights.IsAssembly);
        Assert.Contains("partial class Net", File.ReadAllText(folder["Net.g.cs"]), StringComparison.Ordinal);

        string[] before = [.. folder.Files.Select(f => Convert.ToHexString(File.ReadAllBytes(folder[f])))];
        CommandLineRun.Succeeds("compile", CommandLineRun.Digits, "-o", folder["."], "--class-name", "Net", "--namespace", "My.App");
        Assert.Equal(before, folder.Files.Select(f => Convert.ToHexString(File.ReadAllBytes(folder[f]))));
    }

    [Fact]
    public void Compile_keeps_small_weights_in_the_class()
    {
        using var folder = new TemporaryFolder();
        CommandLineRun.Succeeds("compile", CommandLineRun.Digits, "-o", folder["out"], "--calibration", CommandLineRun.DigitsCalibration, "--weight-bits", "4");
        Assert.Equal(["Digits.Data.g.cs", "Digits.Kernels.g.cs", "Digits.g.cs", "Digits.plan.txt"],
            Directory.EnumerateFiles(folder["out"]).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Compile_says_when_it_cannot_write()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["file"], "");
        CommandLineRun run = CommandLineRun.Of("compile", CommandLineRun.Digits, "-o", folder["file"]);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Contains("error MC9005: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(["file"], folder.Files);
    }

    [Fact]
    public void Evaluate_compares_with_the_original()
    {
        using var folder = new TemporaryFolder();
        NumpyArray x = NpzArchive.Read(File.ReadAllBytes(CommandLineRun.DigitsCalibration)).Values.First();
        RunTests.Save(folder["d.npz"], ("x", x));
        JsonElement json = CommandLineRun.Succeeds("evaluate", CommandLineRun.Digits, "--data", folder["d.npz"], "--calibration",
            CommandLineRun.DigitsCalibration, "--samples", "20", "--json").Json;
        Assert.Equal(["model", "metric", "samples", "engine", "original", "compiled", "drop", "agreement", "outputs", "uncertainty", "changed", "classes",
            "groupBy", "groups", "diagnostics"],
            json.EnumerateObject().Select(p => p.Name));
        Assert.Equal("agreement", json.GetProperty("metric").GetString());
        Assert.Equal(20, json.GetProperty("samples").GetInt32());
        Assert.InRange(json.GetProperty("compiled").GetDouble(), 0.9, 1);
        Assert.Equal(1 - json.GetProperty("compiled").GetDouble(), json.GetProperty("drop").GetDouble(), 1e-9);
    }

    [Theory]
    [InlineData("top1", 1)]
    [InlineData("top5", 1)]
    public void Evaluate_measures_labels(string metric, double expected)
    {
        using var folder = new TemporaryFolder();
        NumpyArray x = NpzArchive.Read(File.ReadAllBytes(CommandLineRun.DigitsCalibration)).Values.First();
        RunTests.Save(folder["x.npz"], ("x", x));
        CommandLineRun.Succeeds("run", CommandLineRun.Digits, "--input", folder["x.npz"], "--output", folder["y.npz"]);
        NumpyArray y = NpzArchive.Read(File.ReadAllBytes(folder["y.npz"]))["y"];
        byte[] labels = [.. Enumerable.Range(0, y.Shape[0]).Select(i => (byte)Core.Evaluation.Metrics.ArgMax(y[i].AsSpan<float>()))];
        RunTests.Save(folder["d.npz"], ("x", x), ("y", NumpyArray.Of<byte>(labels)));
        JsonElement json = CommandLineRun.Succeeds("evaluate", CommandLineRun.Digits, "--data", folder["d.npz"], "--metric", metric, "--samples", "30",
            "--json").Json;
        Assert.Equal(expected, json.GetProperty("compiled").GetDouble());
        Assert.Equal(expected, json.GetProperty("original").GetDouble());
        Assert.Equal(0, json.GetProperty("drop").GetDouble());
    }

    [SharedDataFact]
    public void Evaluate_says_that_a_quantised_model_has_no_original()
    {
        CommandLineRun run = CommandLineRun.Succeeds("evaluate", SharedData.Path("models/mlperf-tiny/kws_int8.tflite"), "--data",
            SharedData.Path("data/kws/features.npz"));
        Assert.Contains("quantised already", run.Output, StringComparison.Ordinal);
        Assert.Contains("top1 on 500 samples", run.Output, StringComparison.Ordinal);
        Assert.Contains("90.", run.Output, StringComparison.Ordinal);
    }
}
