using System.Text.Json;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Tool.Tests;

/// <summary>How <c>evaluate</c> judges networks whose outputs are not one choice for each sample.</summary>
public class EvaluateTests
{
    private const int Count = 24;

    // Boxes, scores of five classes and an anchor's worth for each of six places.
    private static void SaveDetector(TemporaryFolder folder)
    {
        var g = new OnnxGraph(11);
        string hidden = g.Apply("Relu", [g.Apply("Gemm", [g.Input(1, 8), g.Weights(8, 16), g.Weights(16)])]);
        g.Output(Head("boxes", 4)).Output(Head("classes", 5)).Output(Head("worth", 1));
        File.WriteAllBytes(folder["m.onnx"], g.Write());
        var random = new Random(5);
        float[] x = [.. Enumerable.Range(0, Count * 8).Select(_ => (float)random.NextDouble() - 0.5f)];
        RunTests.Save(folder["x.npz"], ("x", NumpyArray.Of<float>(x, Count, 8)));
        RunTests.Save(folder["y.npz"], ("x", NumpyArray.Of<float>(x, Count, 8)), ("y", NumpyArray.Of<byte>(new byte[Count])));

        string Head(string name, int width)
        {
            string flat = g.Apply("Gemm", [hidden, g.Weights(16, 6 * width), g.Weights(6 * width)]);
            return g.Apply("Reshape", [flat, g.Int64s(1, 6, width)]);
        }
    }

    private static string[] Evaluate(TemporaryFolder folder, string data, params string[] more) =>
        ["evaluate", folder["m.onnx"], "--data", folder[data], "--calibration", folder["x.npz"], "--engine", "reference", .. more];

    [Fact]
    public void Agreement_is_measured_along_the_last_axis_of_outputs_that_have_classes()
    {
        using var folder = new TemporaryFolder();
        SaveDetector(folder);
        JsonElement json = CommandLineRun.Succeeds(Evaluate(folder, "x.npz", "--json")).Json;
        JsonElement[] outputs = [.. json.GetProperty("outputs").EnumerateArray()];
        Assert.Equal(3, outputs.Length);
        foreach (JsonElement regressed in new[] { outputs[0], outputs[2] })
        {
            Assert.Equal(JsonValueKind.Null, regressed.GetProperty("agreement").ValueKind);
            Assert.InRange(regressed.GetProperty("error").GetDouble(), 1e-6, 0.2);
        }

        double agreement = outputs[1].GetProperty("agreement").GetDouble();
        Assert.Equal(5, outputs[1].GetProperty("classes").GetInt32());
        Assert.InRange(agreement, 0.8, 1);
        Assert.Equal(agreement * Count * 6, Math.Round(agreement * Count * 6), 1e-6);
        Assert.Equal(agreement, json.GetProperty("compiled").GetDouble());
    }

    [Fact]
    public void The_report_says_where_agreement_makes_no_sense()
    {
        using var folder = new TemporaryFolder();
        SaveDetector(folder);
        string text = CommandLineRun.Succeeds(Evaluate(folder, "x.npz", "--metric", "agreement")).Output;
        Assert.Contains("Agreement makes no sense for ", text, StringComparison.Ordinal);
        Assert.Contains("no classes", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_without_a_name_do_not_judge_several_outputs()
    {
        using var folder = new TemporaryFolder();
        SaveDetector(folder);
        CommandLineRun run = CommandLineRun.Of(Evaluate(folder, "y.npz", "--metric", "top1"));
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Contains("error MC9003: The network has 3 outputs", run.Error, StringComparison.Ordinal);
        Assert.Contains("Say which metric to use: --metric agreement", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_do_not_judge_an_output_with_several_choices()
    {
        using var folder = new TemporaryFolder();
        SaveDetector(folder);
        var g = new OnnxGraph(3);
        g.Output(g.Apply("Reshape", [g.Apply("Gemm", [g.Input(1, 8), g.Weights(8, 30)]), g.Int64s(1, 6, 5)]));
        File.WriteAllBytes(folder["m.onnx"], g.Write());
        CommandLineRun run = CommandLineRun.Of(Evaluate(folder, "y.npz"));
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Contains("of shape 1×6×5 does not choose one class", run.Error, StringComparison.Ordinal);
    }
}
