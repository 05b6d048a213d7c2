using System.Text.Json;
using ModelCompiler.Core;

namespace ModelCompiler.Tool.Tests;

public class FailureTests
{
    [Fact]
    public void A_missing_model_is_named()
    {
        CommandLineRun run = CommandLineRun.Of("inspect", "no/such.tflite");
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.StartsWith("no/such.tflite: error MC9004: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void A_missing_calibration_file_is_named()
    {
        CommandLineRun run = CommandLineRun.Of("inspect", CommandLineRun.Digits, "--calibration", "no/such.npz");
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.StartsWith("no/such.npz: error MC3001: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "--input", "no/such.npz", "--output", "y.npz")]
    [InlineData("evaluate", "--data", "no/such.npz")]
    [InlineData("explain", "--data", "no/such.npz")]
    public void Missing_data_is_named(string command, params string[] options)
    {
        CommandLineRun run = CommandLineRun.Of([command, CommandLineRun.Digits, .. options]);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.StartsWith("no/such.npz: error MC3001: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(40_000)]
    public void A_truncated_model_is_a_diagnostic(int length)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["cut.onnx"], File.ReadAllBytes(CommandLineRun.Digits)[..length]);
        CommandLineRun run = CommandLineRun.Of("compile", folder["cut.onnx"], "-o", folder["out"]);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.StartsWith($"{folder["cut.onnx"]}: error MC1", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public void Diagnostics_are_json_on_request()
    {
        CommandLineRun run = CommandLineRun.Of("inspect", "no/such.tflite", "--json");
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Equal(["diagnostics"], run.Json.EnumerateObject().Select(p => p.Name));
        JsonElement diagnostic = Assert.Single(run.Json.GetProperty("diagnostics").EnumerateArray());
        Assert.Equal(["code", "severity", "file", "node", "reason", "remedy"], diagnostic.EnumerateObject().Select(p => p.Name));
        Assert.Equal("MC9004", diagnostic.GetProperty("code").GetString());
        Assert.Equal("error", diagnostic.GetProperty("severity").GetString());
        Assert.Equal("no/such.tflite", diagnostic.GetProperty("file").GetString());
        Assert.Equal(JsonValueKind.Null, diagnostic.GetProperty("node").ValueKind);
    }

    [Fact]
    public void An_unexpected_exception_is_one_line()
    {
        Diagnostic diagnostic = ModelcApp.Unexpected("m.onnx", new InvalidOperationException("one\r\ntwo."));
        Assert.Equal("m.onnx: error MC9999: ModelCompiler failed unexpectedly (InvalidOperationException: one two). This is a defect of ModelCompiler; please "
            + "report it with the model.", diagnostic.ToString());
    }

    [SharedDataFact]
    public void Malformed_files_fail_plainly_or_compile()
    {
        using var folder = new TemporaryFolder();
        foreach (string file in SharedData.Files("malformed"))
        {
            CommandLineRun run = CommandLineRun.Of("compile", file, "-o", folder["out"]);
            Assert.True(run.ExitCode is ModelcApp.Success or ModelcApp.Failure, file);
            Assert.True(run.ExitCode == ModelcApp.Success || run.Error.Contains(": error MC", StringComparison.Ordinal), file);
            Assert.DoesNotContain("MC9999", run.Error, StringComparison.Ordinal);
        }
    }
}
