using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Tool.Tests;

public class RunTests
{
    private static NumpyArray Images => NpzArchive.Read(File.ReadAllBytes(CommandLineRun.DigitsCalibration)).Values.First().Slice(0, 12);

    internal static void Save(string path, params (string Name, NumpyArray Array)[] arrays)
    {
        using FileStream stream = File.Create(path);
        NpzArchive.Write(stream, arrays.Select(a => KeyValuePair.Create(a.Name, a.Array)));
    }

    private static NumpyArray Run(NumpyArray x, string engine, string name = "x", params string[] options)
    {
        using var folder = new TemporaryFolder();
        Save(folder["x.npz"], (name, x));
        CommandLineRun.Succeeds(["run", CommandLineRun.Digits, "--input", folder["x.npz"], "--output", folder["y.npz"], "--engine", engine, "--reset-each",
            .. options]);
        (string output, NumpyArray y) = Assert.Single(NpzArchive.Read(File.ReadAllBytes(folder["y.npz"])));
        Assert.Equal("y", output);
        Assert.Equal([x.Shape[0], 10], y.Shape);
        return y;
    }

    [Theory]
    [InlineData("Float")]
    [InlineData("FixedPoint")]
    public void Both_engines_give_the_same_bits_when_quantised(string requantization)
    {
        string[] options = ["--calibration", CommandLineRun.DigitsCalibration, "--requantization", requantization];
        NumpyArray generated = Run(Images, "generated", "x", options);
        Assert.Equal(ElementType.Float32, generated.Type);
        Assert.Equal(Run(Images, "reference", "x", options).Bytes, generated.Bytes);
    }

    [Fact]
    public void Both_engines_agree_in_float()
    {
        ReadOnlySpan<float> generated = Run(Images, "generated").AsSpan<float>();
        ReadOnlySpan<float> reference = Run(Images, "reference").AsSpan<float>();
        for (int i = 0; i < generated.Length; i++) Assert.Equal(reference[i], generated[i], 1e-5f);
    }

    [Fact]
    public void The_type_of_the_array_picks_the_entry()
    {
        string[] options = ["--calibration", CommandLineRun.DigitsCalibration];
        NumpyArray integers = new(ElementType.Int8, [3, 28, 28], [.. Enumerable.Range(0, 3 * 28 * 28).Select(i => (byte)(i * 7))]);
        NumpyArray generated = Run(integers, "generated", "x", options);
        Assert.Equal(ElementType.Int8, generated.Type);
        Assert.Equal(Run(integers, "reference", "x", options).Bytes, generated.Bytes);

        // The same bytes under another type are real numbers.
        NumpyArray reals = new(ElementType.UInt8, integers.Shape, integers.Bytes);
        NumpyArray floats = NumpyArray.Of<float>(reals.ToFloats(), integers.Shape);
        NumpyArray fromBytes = Run(reals, "generated", "x", options);
        Assert.Equal(ElementType.Float32, fromBytes.Type);
        Assert.Equal(Run(floats, "generated", "x", options).Bytes, fromBytes.Bytes);
    }

    [Fact]
    public void Arrays_may_have_the_name_and_the_shape_of_the_input()
    {
        NumpyArray x = Images;
        int samples = x.Shape[0];
        byte[] expected = Run(x, "generated").Bytes;
        foreach (int[] shape in (int[][])[[samples, 28, 28], [samples, 1, 28, 28], [samples, 1, 1, 28, 28]])
        {
            Assert.Equal(expected, Run(new NumpyArray(x.Type, shape, x.Bytes), "generated", "image").Bytes);
        }
    }

    [SharedDataTheory]
    [InlineData("generated")]
    [InlineData("reference")]
    public void State_carries_over_unless_it_is_reset(string engine)
    {
        OrderedDictionary<string, NumpyArray> golden = NpzArchive.Read(File.ReadAllBytes(SharedData.Path("goldens/tflm-trained_lstm_int8.npz")));
        using var folder = new TemporaryFolder();
        Save(folder["x.npz"], ("x", golden["x"]));
        string[] run = ["run", SharedData.Path("models/tflm/trained_lstm_int8.tflite"), "--input", folder["x.npz"], "--output", folder["y.npz"], "--engine",
            engine, "--requantization", "FixedPoint"];
        CommandLineRun.Succeeds(run);
        Assert.Equal(golden["y"].Bytes, NpzArchive.Read(File.ReadAllBytes(folder["y.npz"]))["y"].Bytes);
        CommandLineRun.Succeeds([.. run, "--reset-each"]);
        Assert.Equal(golden["y_reset"].Bytes, NpzArchive.Read(File.ReadAllBytes(folder["y.npz"]))["y"].Bytes);
    }

    [Theory]
    [InlineData("z", 28, "MC3002")]
    [InlineData("x", 27, "MC3003")]
    public void Arrays_that_do_not_fit_are_diagnostics(string name, int width, string code)
    {
        using var folder = new TemporaryFolder();
        Save(folder["x.npz"], (name, new NumpyArray(ElementType.Float32, [1, 28, width], new byte[28 * width * sizeof(float)])));
        CommandLineRun run = CommandLineRun.Of("run", CommandLineRun.Digits, "--input", folder["x.npz"], "--output", folder["y.npz"]);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.StartsWith($"{folder["x.npz"]}: error {code}: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(["x.npz"], folder.Files);
    }
}
