using ModelCompiler.Core.Data;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Tests.Formats;

/// <summary>Whatever the bytes are: a result, or a <see cref="ModelCompilationException"/>.</summary>
public class HostileFileTests
{
    private const int Corruptions = 20_000;

    [Fact]
    public void DamagedTfLiteFiles() => Damage(TfLiteReaderTests.Sample().ToFile(), ReadTfLite, Corruptions);

    [SharedDataFact]
    public void DamagedRealTfLiteFiles() => Damage(File.ReadAllBytes(SharedData.Path("models/tflm/hello_world_int8.tflite")), ReadTfLite, Corruptions);

    [Fact]
    public void DamagedOnnxFiles() => Damage(OnnxFileTests.Sample(), ReadOnnx, Corruptions);

    [Fact]
    public void DamagedArchives()
    {
        using var stream = new MemoryStream();
        KeyValuePair<string, NumpyArray>[] arrays = [new("x", NumpyArray.Of<float>(new float[60], 3, 20)), new("y", NumpyArray.Of<byte>([1, 2, 3]))];
        NpzArchive.Write(stream, arrays, compress: true);
        NpzArchive.Write(stream, arrays);
        byte[] both = stream.ToArray();
        int second = both.Length / 2;
        Damage(both[..second], b => NpzArchive.Read(b), 2_000);
        Damage(both, b => NpzArchive.Read(b), 2_000);
    }

    [Fact]
    public void DamagedArrays()
    {
        using var stream = new MemoryStream();
        NpyFormat.Write(stream, NumpyArray.Of<short>(new short[24], 2, 3, 4));
        Damage(stream.ToArray(), b => NpyFormat.Read(b), Corruptions);
    }

    [SharedDataFact]
    public void CollectedFiles()
    {
        foreach (string file in SharedData.Files("malformed"))
        {
            byte[] bytes = File.ReadAllBytes(file);
            Action<byte[]> read = file.EndsWith(".onnx", StringComparison.Ordinal) ? ReadOnnx : ReadTfLite;
            Damage(bytes, read, 200);
            // Some only lack the identifier; with it, more of the reader sees them.
            if (bytes.Length < 8) continue;
            "TFL3"u8.CopyTo(bytes.AsSpan(4));
            Damage(bytes, ReadTfLite, 200);
        }
    }

    private static void ReadTfLite(byte[] bytes)
    {
        TfLiteModel model = TfLiteReader.Read(bytes);
        foreach (TfLiteTensor tensor in model.Subgraphs.SelectMany(g => g.Tensors))
        {
            if (tensor.IsConstant) TfLiteTensorReader.ReadData(tensor);
        }

        foreach (TfLiteOptions options in model.Subgraphs.SelectMany(g => g.Operators).SelectMany(o => new[] { o.Options, o.Options2 }))
        {
            for (int field = 0; field < 8; field++)
            {
                options.Int8(field);
                options.Int32(field);
                options.Int64(field);
                options.Float(field);
                options.Bool(field);
            }

            options.Int32Vector(0);
            options.Text(0);
        }
    }

    private static void ReadOnnx(byte[] bytes)
    {
        ModelProto model = OnnxFile.Parse(bytes);
        foreach (TensorProto tensor in model.Graph.Initializer) OnnxTensorReader.Read(tensor);
    }

    private static void Damage(byte[] sound, Action<byte[]> read, int corruptions)
    {
        Try(sound, read);
        for (int length = 0; length < sound.Length; length++) Try(sound[..length], read);
        if (sound.Length == 0) return;
        var random = new Random(1);
        byte[] interesting = [0, 1, 2, 3, 4, 8, 16, 0x7F, 0x80, 0xFE, 0xFF];
        for (int i = 0; i < corruptions; i++)
        {
            byte[] bytes = [.. sound];
            for (int n = random.Next(1, 9); n > 0; n--)
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : interesting[random.Next(interesting.Length)];
            if (random.Next(4) == 0) random.NextBytes(bytes.AsSpan(random.Next(bytes.Length - Math.Min(bytes.Length, 4) + 1), Math.Min(bytes.Length, 4)));
            Try(bytes, read);
        }
    }

    private static void Try(byte[] bytes, Action<byte[]> read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read(bytes);
        }
        catch (ModelCompilationException e)
        {
            Assert.Matches("^MC[12]0[0-9][0-9]$", e.Code);
            Assert.EndsWith(".", e.Reason, StringComparison.Ordinal);
            Assert.EndsWith(".", e.Remedy, StringComparison.Ordinal);
        }

        // Tiny files must not make large allocations: far less than one tensor of the shapes that they may claim.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64L << 20);
    }
}
