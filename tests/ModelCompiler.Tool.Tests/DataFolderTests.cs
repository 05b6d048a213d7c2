using ModelCompiler.Core.Data;

namespace ModelCompiler.Tool.Tests;

/// <summary>Folders of images and tables in place of arrays.</summary>
public class DataFolderTests
{
    private const int Side = 6, Images = 8;

    // Grey images in PGM, a class to a folder of the names of its number.
    private static void Fill(TemporaryFolder folder, string[] classes)
    {
        var random = new Random(1);
        for (int i = 0; i < Images; i++)
        {
            string path = folder[Path.Combine("images", classes[i % classes.Length], $"{i}.pgm")];
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var points = new byte[Side * Side];
            random.NextBytes(points);
            File.WriteAllBytes(path, [.. "P5 6 6 255\n"u8, .. points]);
        }
    }

    // The numbers of the images in the order of their paths, and their classes.
    private static (NumpyArray X, NumpyArray Y) Arrays(TemporaryFolder folder, Func<byte, float> number)
    {
        string[] files = [.. Directory.GetFiles(folder["images"], "*.pgm", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        string[] classes = [.. files.Select(f => Path.GetFileName(Path.GetDirectoryName(f)!))];
        string[] names = [.. classes.Distinct().Order(StringComparer.Ordinal)];
        return (NumpyArray.Of<float>([.. files.SelectMany(f => File.ReadAllBytes(f)[11..].Select(number))], files.Length, 1, Side, Side),
            NumpyArray.Of<float>([.. classes.Select(c => (float)Array.IndexOf(names, c))]));
    }

    private static string Model(TemporaryFolder folder)
    {
        var g = new OnnxGraph(3);
        string conv = g.Apply("Conv", [g.Input(1, 1, Side, Side), g.Weights(4, 1, 3, 3)]);
        string flat = g.Apply("Flatten", [g.Apply("Relu", [conv])]);
        File.WriteAllBytes(folder["net.onnx"], g.Output(g.Apply("MatMul", [flat, g.Weights(4 * 16, 2)])).Write());
        return folder["net.onnx"];
    }

    [Theory]
    [InlineData("", 0, 1 / 255.0)]
    [InlineData("mean=0.5;std=0.25", 0.5, 0.25)]
    public void A_folder_of_images_compiles_to_what_its_numbers_compile_to(string preprocess, double mean, double std)
    {
        using var folder = new TemporaryFolder();
        Fill(folder, ["cat", "dog"]);
        (NumpyArray x, NumpyArray y) = Arrays(folder, v => preprocess.Length == 0 ? (float)(v / 255.0) : (float)((v / 255.0 - mean) / std));
        RunTests.Save(folder["x.npz"], ("x", x), ("y", y));
        string model = Model(folder), images = folder["images"];
        foreach ((string name, string data) in (ReadOnlySpan<(string, string)>)[("a", folder["x.npz"]), ("b", images)])
        {
            CommandLineRun run = CommandLineRun.Succeeds("compile", model, "-o", folder[name], "--calibration", data, "--evaluation", data, "--precision",
                "Int8", "--preprocess", preprocess);
            Assert.Equal(name == "b" && preprocess.Length == 0, run.Error.Contains("images: info MC3011: Images are resized to 6×6", StringComparison.Ordinal));
            Assert.Equal(name == "b", run.Error.Contains("images: info MC3013: ", StringComparison.Ordinal));
        }

        string[] expected = File.ReadAllLines(Path.Combine(folder["a"], "Net.plan.txt")),
            actual = File.ReadAllLines(Path.Combine(folder["b"], "Net.plan.txt"));
        Assert.Equal(expected.Select(l => l.Replace("x.npz", "images", StringComparison.Ordinal)), actual);

        string[] evaluate = ["evaluate", model, "--engine", "reference", "--preprocess", preprocess, "--data"];
        Assert.Equal(CommandLineRun.Succeeds([.. evaluate, folder["x.npz"]]).Output, CommandLineRun.Succeeds([.. evaluate, images + "/"]).Output);
        Assert.Contains("4 samples", CommandLineRun.Succeeds([.. evaluate, images, "--samples", "4"]).Output, StringComparison.Ordinal);
        CommandLineRun.Succeeds("explain", model, "--calibration", images, "--data", images, "--preprocess", preprocess);
        foreach (string data in (string[])[folder["x.npz"], images])
        {
            CommandLineRun.Succeeds("run", model, "--engine", "reference", "--preprocess", preprocess, "--input", data, "--output",
                folder[Path.GetFileName(data) + ".y"]);
        }

        Assert.Equal(File.ReadAllBytes(folder["x.npz.y"]), File.ReadAllBytes(folder["images.y"]));
    }

    [Fact]
    public void A_wrong_key_is_an_error_without_images_too()
    {
        using var folder = new TemporaryFolder();
        CommandLineRun run = CommandLineRun.Of("inspect", Model(folder), "--preprocess", "resise=6");
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Contains("error MC9002: There is no key 'resise' in --preprocess. Did you mean resize?", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_image_is_named_with_its_folder()
    {
        using var folder = new TemporaryFolder();
        Fill(folder, ["0", "1"]);
        File.WriteAllBytes(folder[Path.Combine("images", "0", "4.pgm")], [.. "P5 6 6 255\n"u8, 1]);
        CommandLineRun run = CommandLineRun.Of("inspect", Model(folder), "--calibration", folder["images"]);
        Assert.Equal(ModelcApp.Failure, run.ExitCode);
        Assert.Contains("images/0/4.pgm: error MC1015: The image cannot be read: it ends too early.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_serves_like_an_array()
    {
        using var folder = new TemporaryFolder();
        var g = new OnnxGraph();
        File.WriteAllBytes(folder["net.onnx"], g.Output(g.Apply("MatMul", [g.Input(1, 2), g.Weights(2, 3)])).Write());
        File.WriteAllText(folder["x.csv"], "a,b,y\n1,2,0\n-1,0.5,2\n");
        RunTests.Save(folder["x.npz"], ("x", NumpyArray.Of<float>([1, 2, -1, 0.5f], 2, 2)), ("y", NumpyArray.Of<float>([0, 2])));
        foreach (string kind in (string[])["csv", "npz"])
        {
            CommandLineRun.Succeeds("run", folder["net.onnx"], "--input", folder["x." + kind], "--output", folder[kind], "--engine", "reference",
                "--calibration", folder["x." + kind]);
        }

        Assert.Equal(File.ReadAllBytes(folder["npz"]), File.ReadAllBytes(folder["csv"]));
        Assert.Contains("top1", CommandLineRun.Succeeds("evaluate", folder["net.onnx"], "--data", folder["x.csv"], "--engine", "reference").Output,
            StringComparison.Ordinal);
    }
}
