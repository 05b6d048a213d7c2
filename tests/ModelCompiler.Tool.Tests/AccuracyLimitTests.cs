using System.Text.Json;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Tool.Tests;

/// <summary>Evaluation data and limits of accuracy, which belong to the compilation itself.</summary>
public class AccuracyLimitTests
{
    private static NumpyArray Images => NpzArchive.Read(File.ReadAllBytes(CommandLineRun.DigitsCalibration)).Values.First().Slice(0, 40);

    [Fact]
    public void The_header_says_what_was_measured()
    {
        using var folder = new TemporaryFolder();
        WriteLabels(folder["d.npz"], right: 40);
        JsonElement json = CommandLineRun.Succeeds("inspect", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration, "--evaluation",
            folder["d.npz"], "--max-accuracy-drop", "0.1", "--json").Json;
        Assert.Contains(json.GetProperty("notes").EnumerateArray(),
            n => n.GetString()!.StartsWith("Measured top1 on 40 samples: 100.00 %, the float network 100.00 %", StringComparison.Ordinal));
    }

    [Fact]
    public void A_network_that_is_not_good_enough_is_an_error_with_the_figures()
    {
        using var folder = new TemporaryFolder();
        WriteLabels(folder["d.npz"], right: 30);
        string error = Fails("inspect", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration, "--evaluation", folder["d.npz"],
            "--min-accuracy", "0.9");
        Assert.Contains("MC3009", error, StringComparison.Ordinal);
        Assert.Contains("top1 on 40 samples: 75.00 %, the float network 75.00 %; --min-accuracy asks for 90.00 %", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_drop_beyond_the_limit_is_an_error_that_names_the_worst_layer()
    {
        using var folder = new TemporaryFolder();
        // Whole targets that the float network gives: any error at all is a drop.
        CommandLineRun.Succeeds("run", CommandLineRun.Digits, "--input", CommandLineRun.DigitsCalibration, "--output", folder["y.npz"], "--engine",
            "reference");
        NumpyArray y = NpzArchive.Read(File.ReadAllBytes(folder["y.npz"])).Values.First().Slice(0, 40);
        Save(folder["d.npz"], y);
        string error = Fails("inspect", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration, "--weight-bits", "2", "--evaluation",
            folder["d.npz"], "--max-accuracy-drop", "0");
        Assert.Contains("MC3009", error, StringComparison.Ordinal);
        Assert.Contains("--max-accuracy-drop allows 0.00", error, StringComparison.Ordinal);
        Assert.Contains("Most of the error arises in", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_takes_bits_as_long_as_the_accuracy_holds()
    {
        using var folder = new TemporaryFolder();
        WriteLabels(folder["d.npz"], right: 40);
        string[] options = ["--calibration", CommandLineRun.DigitsCalibration, "--evaluation", folder["d.npz"], "--max-accuracy-drop", "0.05"];
        long auto = Bytes([.. options, "--precision", "auto"]), plain = Bytes(options);
        Assert.True(auto < plain, $"{auto} with Auto, {plain} without");

        static long Bytes(string[] options) => CommandLineRun.Succeeds(["inspect", CommandLineRun.Digits, .. options, "--json"]).Json.GetProperty("weightBytes")
            .GetInt64();
    }

    [Fact]
    public void A_group_that_loses_more_than_its_limit_is_an_error_with_its_figures()
    {
        using var folder = new TemporaryFolder();
        CommandLineRun.Succeeds("run", CommandLineRun.Digits, "--input", CommandLineRun.DigitsCalibration, "--output", folder["y.npz"], "--engine",
            "reference");
        NumpyArray y = NpzArchive.Read(File.ReadAllBytes(folder["y.npz"])).Values.First().Slice(0, 40);
        int[] sites = [.. Enumerable.Range(0, 40).Select(i => i / 10)];
        RunTests.Save(folder["d.npz"], ("x", Images), ("y", y), ("site", NumpyArray.Of<int>(sites)));
        string[] options = ["--calibration", CommandLineRun.DigitsCalibration, "--weight-bits", "2", "--evaluation", folder["d.npz"], "--group-by", "site"];
        string error = Fails(["inspect", CommandLineRun.Digits, .. options, "--max-group-drop", "0"]);
        Assert.Contains("MC3009", error, StringComparison.Ordinal);
        Assert.Matches("by site, group '[0-3]' changes most for the worse, .* on 10 samples", error);
        Assert.Contains("--max-group-drop allows 0.00", error, StringComparison.Ordinal);
        JsonElement json = CommandLineRun.Succeeds(["inspect", CommandLineRun.Digits, .. options, "--json"]).Json;
        Assert.Contains(json.GetProperty("notes").EnumerateArray(), n => n.GetString()!.StartsWith("By site (4 groups), group '", StringComparison.Ordinal));
    }

    [Fact]
    public void Evaluate_says_what_the_number_of_samples_allows_to_say()
    {
        using var folder = new TemporaryFolder();
        byte[] labels = Labels(right: 30);
        int[] sites = [.. labels.Select((_, i) => i % 3)];
        RunTests.Save(folder["d.npz"], ("x", Images), ("y", NumpyArray.Of<byte>(labels)), ("site", NumpyArray.Of<int>(sites)));
        string[] command = ["evaluate", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration, "--data", folder["d.npz"], "--engine",
            "reference", "--group-by", "site"];
        JsonElement json = CommandLineRun.Succeeds([.. command, "--json"]).Json;
        JsonElement interval = json.GetProperty("uncertainty").GetProperty("compiled");
        Assert.InRange(json.GetProperty("compiled").GetDouble(), interval.GetProperty("low").GetDouble(), interval.GetProperty("high").GetDouble());
        Assert.Equal(40, json.GetProperty("classes").EnumerateArray().Sum(c => c.GetProperty("samples").GetInt32()));
        Assert.Equal([14, 13, 13], json.GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("samples").GetInt32()));
        string text = CommandLineRun.Succeeds([.. command, "--long"]).Output;
        Assert.Contains("original recall", text, StringComparison.Ordinal);
        Assert.Contains("worse, better", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("MC9003", "--max-accuracy-drop", "0.01")]
    [InlineData("MC9002", "--max-accuracy-drop", "much")]
    [InlineData("MC9002", "--min-accuracy", "-1")]
    [InlineData("MC9002", "--max-group-drop", "0.1")]
    [InlineData("MC9003", "--group-by", "site", "--max-group-drop", "0.1")]
    [InlineData("MC3001", "--evaluation", "nowhere.npz")]
    public void What_makes_no_sense_is_said(string code, params string[] options) =>
        Assert.Contains(code, Fails(["inspect", CommandLineRun.Digits, "--calibration", CommandLineRun.DigitsCalibration, .. options]),
            StringComparison.Ordinal);

    // The first labels are what the float network says, the others something else.
    private static void WriteLabels(string path, int right) => Save(path, NumpyArray.Of<byte>(Labels(right)));

    private static byte[] Labels(int right)
    {
        using var folder = new TemporaryFolder();
        CommandLineRun.Succeeds("run", CommandLineRun.Digits, "--input", CommandLineRun.DigitsCalibration, "--output", folder["y.npz"], "--engine",
            "reference");
        float[] y = NpzArchive.Read(File.ReadAllBytes(folder["y.npz"])).Values.First().Slice(0, 40).ToFloats();
        return [.. y.Chunk(10).Select((row, i) => (byte)((Array.IndexOf(row, row.Max()) + (i < right ? 0 : 1)) % 10))];
    }

    private static void Save(string path, NumpyArray y)
    {
        using FileStream stream = File.Create(path);
        NpzArchive.Write(stream, [KeyValuePair.Create("x", Images), KeyValuePair.Create("y", y)]);
    }

    private static string Fails(params string[] args)
    {
        CommandLineRun run = CommandLineRun.Of(args);
        Assert.NotEqual(0, run.ExitCode);
        return run.Error;
    }
}
