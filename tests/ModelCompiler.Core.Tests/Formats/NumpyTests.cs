using System.IO.Compression;
using System.Text;
using CsCheck;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Core.Tests.Formats;

public class NumpyTests
{
    [Fact]
    public void ArraysSurviveAWriteAndARead() =>
        Gen.Select(Gen.Enum<ElementType>(), Gen.Int[0, 5].Array[0, 4], Gen.Bool).Sample((type, shape, compress) =>
        {
            var bytes = new byte[shape.Aggregate(1, (a, b) => a * b) * type.Size()];
            new Random(shape.Length).NextBytes(bytes);
            var array = new NumpyArray(type, shape, bytes);
            using var stream = new MemoryStream();
            NpyFormat.Write(stream, array);
            Assert.Equal(0, (stream.Length - bytes.Length) % 64);
            Same(array, NpyFormat.Read(stream.ToArray()));
            Same(array, NpzArchive.Read(Pack(compress, ("a", array)))["a"]);
        }, iter: 300);

    [Theory]
    [InlineData(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }", new byte[] { 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0 })]
    [InlineData(2, "{'descr': '>i2', 'fortran_order': False, 'shape': (2, 3), }\n", new byte[] { 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5 })]
    [InlineData(3, "{\"shape\": (2L, 3L), \"descr\": \"<i2\", \"fortran_order\": True}", new byte[] { 0, 0, 3, 0, 1, 0, 4, 0, 2, 0, 5, 0 })]
    public void ReadsEveryVersionAndOrder(int version, string header, byte[] data)
    {
        NumpyArray array = NpyFormat.Read(Npy(version, header, data));
        Assert.Equal([2, 3], array.Shape);
        Assert.Equal([0, 1, 2, 3, 4, 5], array.AsSpan<short>().ToArray());
        Assert.Equal([0, 1, 2, 3, 4, 5], array.ToFloats());
    }

    [Theory]
    [InlineData("MC1006", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("MC1005", "{'descr': '<U4', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("MC1005", "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("MC1005", "{'descr': [('a', '<i4'), ('b', '<i4')], 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), ")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': False}")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': False, 'shape': ()}")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000,)}")]
    [InlineData("MC1005", "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}")]
    public void RefusesWhatItCannotRead(string code, string header)
    {
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => NpyFormat.Read(Npy(1, header, new byte[8]), "calibration.npy"));
        Assert.Equal((code, "calibration.npy"), (error.Code, error.File));
    }

    [Fact]
    public void SlicesTheLeadingDimension()
    {
        NumpyArray array = NumpyArray.Of<int>([0, 1, 2, 3, 4, 5], 3, 2);
        Assert.Equal([2, 3], array[1].AsSpan<int>().ToArray());
        Assert.Equal([2], array[1].Shape);
        Assert.Equal([2, 2], array.Slice(1, 2).Shape);
        Assert.Equal([2, 3, 4, 5], array.Slice(1, 2).AsSpan<int>().ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => array[3]);
        Assert.Throws<InvalidOperationException>(() => array.AsSpan<float>().Length);
    }

    [Fact]
    public void ArchivesKeepOrderAndAreReproducible()
    {
        (string, NumpyArray)[] arrays = [("x", NumpyArray.Of<float>([1, 2])), ("a", NumpyArray.Of<byte>([3])), ("m", NumpyArray.Of<bool>([true]))];
        byte[] first = Pack(false, arrays);
        Assert.Equal(first, Pack(false, arrays));
        Assert.Equal(["x", "a", "m"], NpzArchive.Read(first).Keys);
    }

    [Fact]
    public void RefusesBombs()
    {
        // A few kilobytes that would expand to 64 MB.
        byte[] bomb = Pack(true, ("x", new NumpyArray(ElementType.UInt8, [64 << 20], new byte[64 << 20])));
        Assert.InRange(bomb.Length, 0, 100_000);
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => NpzArchive.Read(bomb, "bomb.npz", maxBytes: 32 << 20));
        Assert.Equal(("MC1005", "bomb.npz"), (error.Code, error.File));

        // A header that asks for a gigabyte which the archive cannot hold is refused before anything is allocated.
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using Stream entry = archive.CreateEntry("x.npy").Open();
            entry.Write(Npy(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000,)}", []));
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ModelCompilationException>(() => NpzArchive.Read(stream.ToArray()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        Assert.Equal("MC1005", Assert.Throws<ModelCompilationException>(() => NpzArchive.Read(ReadOnlyMemory<byte>.Empty)).Code);
    }

    [SharedDataFact]
    public void ReadsRealArchives()
    {
        foreach (string file in SharedData.Files("data", "test.npz").Concat(SharedData.Files("goldens", "*.npz")))
        {
            Assert.NotEmpty(NpzArchive.Read(File.ReadAllBytes(file), file));
        }

        OrderedDictionary<string, NumpyArray> mnist = NpzArchive.Read(File.ReadAllBytes(SharedData.Path("data/mnist/test.npz")));
        Assert.Contains(mnist.Values, a => a.Shape.Length >= 3 && a.Shape[1] == 28 && a.Type == ElementType.UInt8);
    }

    private static byte[] Npy(int version, string header, byte[] data)
    {
        byte[] text = Encoding.ASCII.GetBytes(header);
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text, .. data];
    }

    private static byte[] Pack(bool compress, params (string Name, NumpyArray Array)[] arrays)
    {
        using var stream = new MemoryStream();
        NpzArchive.Write(stream, arrays.Select(a => KeyValuePair.Create(a.Name, a.Array)), compress);
        return stream.ToArray();
    }

    private static void Same(NumpyArray expected, NumpyArray actual)
    {
        Assert.Equal(expected.Type, actual.Type);
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.Bytes, actual.Bytes);
    }
}
