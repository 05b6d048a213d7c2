using System.Text.Json;

namespace ModelCompiler.Tool.Tests;

public class ExportTests
{
    [Fact]
    public void Export_writes_a_model_that_compiles_again()
    {
        using var folder = new TemporaryFolder();
        JsonElement json = CommandLineRun.Succeeds("export", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration, "-o",
            folder["small.onnx"], "--json").Json;
        Assert.Equal(new FileInfo(folder["small.onnx"]).Length, json.GetProperty("file").GetProperty("bytes").GetInt64());
        JsonElement input = Assert.Single(CommandLineRun.Succeeds("inspect", folder["small.onnx"], "--json").Json.GetProperty("inputs").EnumerateArray());
        Assert.Equal("image", input.GetProperty("name").GetString());
        Assert.Equal([1, 1, 28, 28], input.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()));
    }

    [Fact]
    public void An_operator_without_a_form_is_named()
    {
        using var folder = new TemporaryFolder();
        var graph = new OnnxGraph();
        File.WriteAllBytes(folder["net.onnx"], graph.Output(graph.Apply("CumSum", [graph.Input(1, 4), graph.Int64s(1)])).Write());
        CommandLineRun run = CommandLineRun.Of("export", folder["net.onnx"], "-o", folder["out.onnx"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MC2006", run.Error, StringComparison.Ordinal);
        Assert.Contains("CumSum", run.Error, StringComparison.Ordinal);
        Assert.Equal(["net.onnx"], folder.Files);
    }

    [Fact]
    public void Only_onnx_files_are_written()
    {
        using var folder = new TemporaryFolder();
        CommandLineRun run = CommandLineRun.Of("export", CommandLineRun.Digits, "-o", folder["net.tflite"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("MC2007", run.Error, StringComparison.Ordinal);
    }
}
