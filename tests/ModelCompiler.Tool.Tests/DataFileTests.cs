using ModelCompiler.Core.Data;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Tool.Tests;

/// <summary>How samples in data files become what networks take.</summary>
public class DataFileTests
{
    private static void SaveNpy(string path, NumpyArray array)
    {
        using FileStream stream = File.Create(path);
        NpyFormat.Write(stream, array);
    }

    [Fact]
    public void One_array_without_an_archive_serves_one_input()
    {
        using var folder = new TemporaryFolder();
        NumpyArray x = NpzArchive.Read(File.ReadAllBytes(CommandLineRun.DigitsCalibration)).Values.First().Slice(0, 12);
        SaveNpy(folder["x.npy"], x);
        RunTests.Save(folder["x.npz"], ("x", x));
        foreach (string kind in new[] { "npy", "npz" })
        {
            CommandLineRun.Succeeds("run", CommandLineRun.Digits, "--input", folder["x." + kind], "--output", folder[kind], "--engine", "reference",
                "--calibration", folder["x." + kind]);
        }

        Assert.Equal(File.ReadAllBytes(folder["npz"]), File.ReadAllBytes(folder["npy"]));
        Assert.Contains("12 samples", CommandLineRun.Succeeds("evaluate", CommandLineRun.Digits, "--data", folder["x.npy"], "--engine", "reference").Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void One_array_does_not_serve_two_inputs()
    {
        using var folder = new TemporaryFolder();
        var g = new OnnxGraph();
        File.WriteAllBytes(folder["m.onnx"], g.Output(g.Apply("Add", [g.Input(1, 2), g.Input(1, 2)])).Write());
        SaveNpy(folder["x.npy"], NumpyArray.Of<float>([1, 2], 1, 2));
        CommandLineRun run = CommandLineRun.Of("run", folder["m.onnx"], "--input", folder["x.npy"], "--output", folder["y.npz"]);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Contains("x.npy: error MC3002: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("arrays named after the inputs: 'x0', 'x1'", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN, "not-a-number")]
    [InlineData(float.NegativeInfinity, "an infinite number")]
    public void Calibration_with_numbers_that_are_none_names_file_array_and_sample(float wrong, string said)
    {
        using var folder = new TemporaryFolder();
        NumpyArray x = NpzArchive.Read(File.ReadAllBytes(CommandLineRun.DigitsCalibration)).Values.First().Slice(0, 6);
        float[] values = x.ToFloats();
        values[(4 * 28 * 28) + 5] = wrong;
        RunTests.Save(folder["c.npz"], ("x", NumpyArray.Of<float>(values, x.Shape)));
        CommandLineRun run = CommandLineRun.Of("inspect", CommandLineRun.Digits, "--calibration", folder["c.npz"]);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.StartsWith($"c.npz: error MC3004: Sample 4 (counted from 0) of array 'x' holds {said}, for input 'image'.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_name_options_as_the_command_line_spells_them()
    {
        using var folder = new TemporaryFolder();
        var g = new OnnxGraph();
        g.Output(g.Apply("Add", [g.Input(1, 2), g.Input(1, 2)]));
        foreach (ValueInfoProto input in g.Model.Graph.Input) input.Type.TensorType.Shape.Dim[1].DimParam = "n";
        File.WriteAllBytes(folder["m.onnx"], g.Write());
        CommandLineRun run = CommandLineRun.Of("inspect", folder["m.onnx"]);
        Assert.Contains("error MC2003: 2 inputs have open shapes: 'x0' [1, n], 'x1' [1, n].", run.Error, StringComparison.Ordinal);
        Assert.Contains("the option --input-shapes, for example --input-shapes \"x0:1x16;x1:1x16\".", run.Error, StringComparison.Ordinal);
        CommandLineRun.Succeeds("inspect", folder["m.onnx"], "--input-shapes", "x0:1x16;x1:1x16");
    }
}
