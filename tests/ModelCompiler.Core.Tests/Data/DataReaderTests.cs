using System.Text;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Tests.Data;

/// <summary>Samples and labels from folders, recordings, tables and raw numbers.</summary>
public class DataReaderTests
{
    private static readonly byte[] Red = TestFiles.Png(2, 3, Repeat(4, 255, 0, 51)), Blue = TestFiles.Png(2, 3, Repeat(4, 0, 0, 255));

    [Fact]
    public void Images_take_the_layout_and_type_of_the_input()
    {
        DataFiles folder = Folder(("a.png", Red));
        Assert.Equal([1f, 1, 1, 1, 0, 0, 0, 0, 0.2f, 0.2f, 0.2f, 0.2f], Samples(folder, Of([1, 3, 2, 2])).ToFloats());
        Assert.Equal([1f, 0, 0.2f], Samples(folder, Of([1, 2, 2, 3])).ToFloats()[..3]);
        Assert.Equal([1, 1, 2, 2, 3], Samples(folder, Of([1, 2, 2, 3])).Shape);
        // Integers of quantised inputs are the bytes, those with a sign the bytes less 128; formulas give real numbers.
        NumpyArray unsigned = Samples(folder, Of([1, 2, 2, 3], ElementType.UInt8)), signed = Samples(folder, Of([1, 2, 2, 3], ElementType.Int8));
        Assert.Equal((ElementType.UInt8, ElementType.Int8), (unsigned.Type, signed.Type));
        Assert.Equal([255f, 0, 51], unsigned.ToFloats()[..3]);
        Assert.Equal([127f, -128, -77], signed.ToFloats()[..3]);
        NumpyArray real = Samples(folder, Of([1, 2, 2, 3], ElementType.Int8), new() { Preprocess = "range=-1,1" });
        Assert.Equal((ElementType.Float32, 1f, -1f), (real.Type, real.ToFloats()[0], real.ToFloats()[1]));
        Assert.Equal([510f, 0, 102], Samples(folder, Plain(ElementType.Int32, 1, 2, 2, 3), new() { Preprocess = "scale=2" }).ToFloats()[..3]);
        Assert.Equal([255f, 0, 102], Samples(folder, Plain(ElementType.UInt8, 1, 2, 2, 3), new() { Preprocess = "scale=2" }).ToFloats()[..3]);
    }

    [Fact]
    public void A_folder_is_read_in_the_order_of_its_names()
    {
        DataFiles folder = Folder(("b/1.png", Red), ("a/2.png", Blue), ("B/3.PNG", Blue), ("a/readme.txt", []));
        DataArrays data = DataReader.Read(folder, Request(Of([1, 3, 2, 2])));
        Assert.Equal(["images/B/3.PNG", "images/a/2.png", "images/b/1.png"], data.Files);
        Assert.Equal([0f, 1, 2], data.Arrays["y"].ToFloats());
        Assert.Equal(["MC3011", "MC3013"], data.Notices.Select(n => n.Code));
        Assert.Contains("'B' is 0, 'a' is 1, 'b' is 2", data.Notices[1].Reason, StringComparison.Ordinal);
        Assert.Contains("resized to 2×2, and their bytes become numbers from 0 to 1", data.Notices[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_as_many_files_are_opened_as_asked_for()
    {
        List<string> opened = [];
        var folder = new DataFiles(Enumerable.Range(0, 100).Select(i => $"{i:000}.png"), name =>
        {
            lock (opened) opened.Add(name);
            return Red;
        });
        DataArrays data = DataReader.Read(folder, Request(Of([1, 3, 2, 2])) with { Most = 4 });
        Assert.Equal(["000.png", "025.png", "050.png", "075.png"], opened.Order(StringComparer.Ordinal));
        Assert.Equal(4, data.Arrays["x"].Shape[0]);
        Assert.False(data.Arrays.ContainsKey("y"));
    }

    [Fact]
    public void Labels_come_from_numbers_of_folders_or_from_a_table()
    {
        ModelGraph graph = Of([1, 3, 2, 2]);
        Assert.Equal([0f, 10, 2], Labels(("0/a.png", Red), ("10/a.png", Red), ("2/a.png", Red)));
        Assert.Equal([3f, 1], Labels(("a.png", Red), ("b/c.png", Red), ("labels.csv", Text("file,label\nb\\c.png,1\n./a.png,3\n"))));
        Assert.Equal([1f, 0], Labels(("a.png", Red), ("b.png", Red), ("labels.csv", Text("a.png,\"dog, large\"\nb.png,cat"))));
        Error(() => Labels(("a.png", Red), ("labels.csv", Text("a.png,1\nc.png,2"))), "MC1015", "images/labels.csv", "Line 2 names 'c.png'");
        Error(() => Labels(("a.png", Red), ("labels.csv", Text("a.png,1\na.png,2"))), "MC1015", "images/labels.csv", "Line 2 names 'a.png' again");
        Error(() => Labels(("a.png", Red), ("labels.csv", Text("a.png,1,2"))), "MC1015", "images/labels.csv", "Line 1 has 3 columns");
        Error(() => Labels(("a.png", Red), ("d.png", Red), ("labels.csv", Text("a.png,1"))), "MC3003", "images/labels.csv", "no label for 'd.png'");

        float[] Labels(params (string, byte[])[] files) => DataReader.Read(Folder(files), Request(graph)).Arrays["y"].ToFloats();
    }

    [Fact]
    public void What_does_not_fit_the_network_is_an_error()
    {
        Error(() => Samples(Folder(("a.png", Red)), Of([1, 784])), "MC3010", "images", "shape 1×784");
        Error(() => Samples(Folder(("a.png", Red), ("a.wav", [])), Of([1, 784])), "MC3010", "images", "as well as recordings");
        Error(() => Samples(Folder(("a.txt", Red)), Of([1, 784])), "MC3010", "images", "holds no samples");
        Error(() => Samples(Folder(("b.png", Red), ("a.png", [1, 2])), Of([1, 2, 2, 3])), "MC1015", "images/a.png", "");
        Error(() => Samples(new DataFiles(["a.png"], _ => throw new IOException("it is gone")), Of([1, 2, 2, 3])), "MC3001", "images/a.png", "it is gone");
        var two = new CaseBuilder(1);
        ModelGraph graph = two.Build(two.Input(1, 2, 2, 3), two.Input(1, 2, 2, 3));
        Error(() => Samples(Folder(("a.png", Red)), graph), "MC3010", "images", "the network has 2");
    }

    [Theory]
    [InlineData(1, 8, new byte[] { 0, 128, 192 }, new[] { -1f, 0, 0.5f })]
    [InlineData(1, 16, new byte[] { 0, 0x80, 0, 0x40, 0xFF, 0x7F }, new[] { -1f, 0.5f, 32767 / 32768f })]
    [InlineData(1, 24, new byte[] { 0, 0, 0x80, 0, 0, 0x40, 1, 0, 0 }, new[] { -1f, 0.5f, 1 / 8388608f })]
    [InlineData(1, 32, new byte[] { 0, 0, 0, 0x80, 0, 0, 0, 0x40 }, new[] { -1f, 0.5f })]
    [InlineData(3, 32, new byte[] { 0, 0, 0x80, 0x3F, 0, 0, 0, 0xBF }, new[] { 1f, -0.5f })]
    public void Recordings_of_every_width_are_read(int code, int bits, byte[] data, float[] expected)
    {
        WaveFile wave = WaveFile.Read(TestFiles.Wave(code, 1, 16000, bits, data), "a.wav");
        Assert.Equal(16000, wave.Rate);
        Assert.Equal(expected, wave.Samples);
    }

    [Fact]
    public void Recordings_are_mixed_cut_and_filled_up()
    {
        byte[] stereo = TestFiles.Wave(1, 2, 8000, 8, 128, 192, 0, 128, 255, 255), mono = TestFiles.Wave(1, 1, 8000, 8, 192);
        DataFiles folder = Folder(("a.wav", stereo), ("b.wav", mono));
        Assert.Equal([0.25f, -0.5f, 0.5f, 0], Samples(folder, Of([1, 2])).ToFloats());
        Assert.Equal([0.25f, -0.5f, 127 / 128f, 0, 0.5f, 0, 0, 0], Samples(folder, Of([1, 4, 1])).ToFloats());
        NumpyArray integers = Samples(folder, Plain(ElementType.Int16, 1, 2));
        Assert.Equal((ElementType.Int16, 8192f, -16384f), (integers.Type, integers.ToFloats()[0], integers.ToFloats()[1]));

        Error(() => Samples(Folder(("a.wav", stereo), ("b.wav", TestFiles.Wave(1, 1, 44100, 8, 1))), Of([1, 2])), "MC3012", "images/b.wav",
            "44100 samples per second, and 'images/a.wav' has 8000");
        Error(() => Samples(folder, Of([1, 2, 2])), "MC3010", "images", "shape 1×2×2");
        foreach (byte[] wrong in (byte[][])[[], stereo[..20], stereo[..40], TestFiles.Wave(2, 1, 8000, 4, 1), TestFiles.Wave(1, 0, 8000, 8, 1)])
            Error(() => Samples(Folder(("a.wav", wrong)), Of([1, 2])), "MC1015", "images/a.wav", "");
        Error(() => Samples(Folder(("a.wav", TestFiles.Wave(3, 1, 8000, 32, 0, 0, 0x80, 0x7F))), Of([1, 2])), "MC3004", "images/a.wav", "moment 0");
    }

    [Fact]
    public void Raw_numbers_are_samples_in_the_inputs_type()
    {
        byte[] floats = [.. new float[] { 1, -0.5f, 0, 2 }.SelectMany(BitConverter.GetBytes)];
        Assert.Equal([1f, -0.5f, 0, 2], Samples(floats, Of([1, 2]), file: "x.bin").ToFloats());
        NumpyArray integers = Samples(new byte[] { 1, 255, 2, 3 }, Of([1, 2], ElementType.Int8), file: "x.RAW");
        Assert.Equal((ElementType.Int8, 2, -1f), (integers.Type, integers.Shape[0], integers.ToFloats()[1]));
        Error(() => Samples(new byte[12], Of([1, 2]), file: "x.bin"), "MC3003", "x.bin", "has 12 bytes, and a sample for input");
        Error(() => Samples(Array.Empty<byte>(), Of([1, 2]), file: "x.bin"), "MC3003", "x.bin", "has 0 bytes");
    }

    [Fact]
    public void Tables_have_a_sample_in_each_row()
    {
        Assert.Equal([1f, -0.25f, 3, 4000], Table("1, -0.25\r\n\r\n3,4e3\n").Arrays["x"].ToFloats());
        DataArrays labelled = Table("a,Label,b\n1,7,2\n\"3\",8,4\n");
        Assert.Equal([1f, 2, 3, 4], labelled.Arrays["x"].ToFloats());
        Assert.Equal([7f, 8], labelled.Arrays["y"].ToFloats());
        Assert.Equal([2, 1, 2], labelled.Arrays["x"].Shape);
        Assert.Equal(16777217L, (long)SampleSet.For(Plain(ElementType.Int64, 1, 1), Table("16777217", Plain(ElementType.Int64, 1, 1)).Arrays, "t.csv")
            .Own(0)[0].ToDouble(0));

        Error(() => Table("1,2\n3,x\n"), "MC1015", "t.csv", "Line 2, column 2: 'x' is no number.");
        Error(() => Table("1,2\n3\n"), "MC1015", "t.csv", "Line 2 has 1 columns, and the first has 2.");
        Error(() => Table("a,b\n\n"), "MC1015", "t.csv", "no rows");
        Error(() => Table("1,2,3\n"), "MC3003", "t.csv", "Rows have 3 columns of numbers");
        Error(() => Table("y,a,label,b\n"), "MC1015", "t.csv", "2 columns of labels");
        Error(() => Table("\"1,2\n"), "MC1015", "t.csv", "Line 1, column 1: a quote does not end.");

        static DataArrays Table(string text, ModelGraph? graph = null) =>
            DataReader.Read(Encoding.UTF8.GetBytes(text)!, new(graph ?? Of([1, 2]), "t.csv", new()));
    }

    [Fact]
    public void Folders_on_disk_are_listed_without_what_is_hidden()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("data-");
        try
        {
            foreach (string name in (string[])["b.png", "a/c.png", ".hidden/d.png", "a/._c.png"])
            {
                string path = Path.Combine(folder.FullName, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, Red);
            }

            DataFiles files = DataFiles.In(folder.FullName + "/");
            Assert.Equal(["a/c.png", "b.png"], files.Names);
            Assert.Equal(Red, files.Read("a/c.png", "").ToArray());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static DataRequest Request(ModelGraph graph) => new(graph, "images", new());

    private static NumpyArray Samples(DataFiles files, ModelGraph graph, CompilationOptions? options = null, string file = "images") =>
        DataReader.Read(files, new(graph, file, options ?? new())).Arrays["x"];

    private static NumpyArray Samples(byte[] content, ModelGraph graph, string file) => Samples((DataFiles)content!, graph, null, file);

    private static DataFiles Folder(params (string Name, byte[] Content)[] files) =>
        new(files.Select(f => f.Name), name => files.Single(f => f.Name == name).Content);

    private static ModelGraph Of(int[] shape, ElementType type = ElementType.Float32)
    {
        var builder = new CaseBuilder(1);
        Value input = type == ElementType.Float32 ? builder.Input(shape) : builder.QuantizedInput(type, shape);
        return builder.Build(input);
    }

    private static ModelGraph Plain(ElementType type, params int[] shape)
    {
        var builder = new CaseBuilder(1);
        return builder.Build(builder.IntegerInput(type, shape));
    }

    private static byte[] Repeat(int count, params byte[] point) => [.. Enumerable.Repeat(point, count).SelectMany(p => p)];

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static void Error(Action action, string code, string file, string reason)
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(action);
        Assert.Equal((code, file), (error.Code, error.File));
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
    }
}
