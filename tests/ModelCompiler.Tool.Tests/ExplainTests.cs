using System.Text.Json;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Tool.Tests;

/// <summary>What <c>explain</c> says about networks, healthy, faulty and quantised already.</summary>
public class ExplainTests
{
    private const int Count = 40;

    private static string[] Digits(params string[] more) =>
        ["explain", CommandLineRun.Digits, "--data", CommandLineRun.DigitsCalibration, "--calibration", CommandLineRun.DigitsCalibration, "--samples", "24",
            .. more];

    // Eight numbers, the first of which is much larger in the data than in the calibration samples.
    private static void SaveUnlike(TemporaryFolder folder)
    {
        var g = new OnnxGraph(4);
        g.Output(g.Apply("Gemm", [g.Apply("Relu", [g.Apply("Gemm", [g.Input(1, 8), g.Weights(8, 16), g.Weights(16)])]), g.Weights(16, 5)]));
        File.WriteAllBytes(folder["m.onnx"], g.Write());
        var random = new Random(6);
        float[] x = [.. Enumerable.Range(0, Count * 8).Select(_ => (float)random.NextDouble() - 0.5f)];
        RunTests.Save(folder["c.npz"], ("x", NumpyArray.Of<float>(x, Count, 8)));
        RunTests.Save(folder["d.npz"], ("x", NumpyArray.Of<float>([.. x.Select((v, i) => i % 8 == 0 ? v * 6 : v)], Count, 8)));
    }

    [Fact]
    public void A_healthy_network_is_fine()
    {
        CommandLineRun run = CommandLineRun.Succeeds(Digits());
        Assert.Contains("on 24 samples, beside the float network", run.Output, StringComparison.Ordinal);
        Assert.Contains("* Everything is fine: output 'probabilities' differs", run.Output, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 100));
    }

    [Fact]
    public void The_table_has_the_worst_layers_first_and_as_many_as_asked_for()
    {
        string[] lines = CommandLineRun.Succeeds(Digits("--top", "2")).Output.ReplaceLineEndings("\n").Split('\n');
        int header = Array.FindIndex(lines, l => l.StartsWith("layer ", StringComparison.Ordinal));
        Assert.StartsWith("conv1/conv ", lines[header + 1], StringComparison.Ordinal);
        Assert.Matches(@"^… and \d+ more \(--all shows them\)$", lines[header + 3]);
        Assert.DoesNotContain("more (--all", CommandLineRun.Succeeds(Digits("--all")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_every_figure()
    {
        JsonElement json = CommandLineRun.Succeeds(Digits("--json", "--top", "1")).Json;
        Assert.Equal(["model", "samples", "hasOriginal", "findings", "outputs", "layers", "diagnostics"], json.EnumerateObject().Select(p => p.Name));
        JsonElement[] layers = [.. json.GetProperty("layers").EnumerateArray()];
        Assert.True(layers.Length > 5);
        Assert.All(layers, l => Assert.Equal(
            [
                "name", "label", "operator", "type", "shape", "place", "hasOwnRange", "relativeError", "sqnr", "cosine", "addedError", "saturated", "cutError",
                "channels", "deadChannels", "outlierRatio",
                "rangeUsed", "rangeSpanned", "weightBits", "weightSpread", "isDepthwise", "min", "max", "rangeMin", "rangeMax", "elements",
            ], l.EnumerateObject().Select(p => p.Name)));
        Assert.Equal("input", layers[0].GetProperty("place").GetString());
        Assert.InRange(layers.Single(l => l.GetProperty("place").GetString() == "first").GetProperty("sqnr").GetDouble(), 25, 60);
        JsonElement finding = Assert.Single(json.GetProperty("findings").EnumerateArray());
        Assert.Equal(["kind", "layer", "fact", "cause", "remedy"], finding.EnumerateObject().Select(p => p.Name));
        Assert.Equal("none", finding.GetProperty("kind").GetString());
        Assert.Equal(10, json.GetProperty("outputs")[0].GetProperty("classes").GetInt32());
    }

    [Fact]
    public void Data_unlike_the_calibration_samples_is_named_and_options_are_spelled_as_the_command_line_does()
    {
        using var folder = new TemporaryFolder();
        SaveUnlike(folder);
        string[] args = ["explain", folder["m.onnx"], "--data", folder["d.npz"], "--calibration", folder["c.npz"]];
        JsonElement first = CommandLineRun.Succeeds([.. args, "--json"]).Json.GetProperty("findings")[0];
        Assert.Equal("dataBeyondCalibration", first.GetProperty("kind").GetString());
        Assert.Equal("x0", first.GetProperty("layer").GetString());
        string text = CommandLineRun.Succeeds(args).Output;
        Assert.Contains("* Input 'x0' reaches from ", text, StringComparison.Ordinal);
        Assert.Contains("--calibration samples that are like the data", text.ReplaceLineEndings(" ").Replace("   ", " ", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_in_float_is_exact()
    {
        string text = CommandLineRun.Succeeds("explain", CommandLineRun.Digits, "--data", CommandLineRun.DigitsCalibration, "--samples", "3").Output;
        Assert.Contains(" exact ", text, StringComparison.Ordinal);
        Assert.Contains("compiled in float", text.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_is_quantised_already_shows_its_integers()
    {
        using var folder = new TemporaryFolder();
        var g = new OnnxGraph(8);
        string x = Both(g.Input(1, 64), 0.01f), y = Both(g.Apply("Gemm", [x, Both(g.Uniform(-1, 1, 64, 32), 1 / 127f)]), 0.001f);
        g.Output(y);
        File.WriteAllBytes(folder["m.onnx"], g.Write());
        var random = new Random(9);
        RunTests.Save(folder["d.npz"], ("x", NumpyArray.Of<float>([.. Enumerable.Range(0, 10 * 64).Select(_ => (float)random.NextDouble() - 0.5f)], 10, 64)));
        CommandLineRun run = CommandLineRun.Succeeds("explain", folder["m.onnx"], "--data", folder["d.npz"]);
        Assert.Contains("quantised already, so there is no float network beside it", run.Output, StringComparison.Ordinal);
        Assert.Contains("elements at the ends of its range", run.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.DoesNotContain("SQNR", run.Output, StringComparison.Ordinal);

        // To integers and back.
        string Both(string value, float scale)
        {
            string s = g.Scalar(scale), zero = g.Constant<sbyte>(Core.Import.Onnx.Proto.TensorProto.Types.DataType.Int8, [], [0]);
            return g.Apply("DequantizeLinear", [g.Apply("QuantizeLinear", [value, s, zero]), s, zero]);
        }
    }
}
