using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Digits.Training;

/// <summary>NumPy's .npz: a zip file with one .npy per array.</summary>
internal static class Npz
{
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The elements of a byte array (dtype u1).</summary>
    public static byte[] ReadBytes(string path, string name)
    {
        using ZipArchive archive = ZipFile.OpenRead(path);
        ZipArchiveEntry entry = archive.GetEntry(name + ".npy") ?? throw new InvalidDataException($"{path} holds no array '{name}'.");
        using Stream stream = entry.Open();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        ReadOnlySpan<byte> bytes = copy.ToArray();
        if (!bytes.StartsWith(Magic))
            throw new InvalidDataException($"{path}: '{name}' is not an npy array.");

        // Magic (6), version (2), header length (2 in version 1, otherwise 4), header text, elements.
        int headerLength = bytes[6] == 1 ? MemoryMarshal.Read<ushort>(bytes[8..]) : MemoryMarshal.Read<int>(bytes[8..]);
        int start = bytes[6] == 1 ? 10 : 12;
        string header = Encoding.Latin1.GetString(bytes.Slice(start, headerLength));
        if (!header.Contains("u1'", StringComparison.Ordinal))
            throw new InvalidDataException($"{path}: '{name}' should be uint8 but is {header.Trim()}.");
        return bytes[(start + headerLength)..].ToArray();
    }

    /// <summary>Writes one float32 array.</summary>
    public static void WriteFloats(string path, string name, ReadOnlySpan<float> values, params int[] shape)
    {
        string sizes = string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes},), }}";
        header = header.PadRight((10 + header.Length + 64) / 64 * 64 - 11) + "\n"; // elements start at a multiple of 64

        using FileStream file = File.Create(path);
        using var archive = new ZipArchive(file, ZipArchiveMode.Create);
        ZipArchiveEntry entry = archive.CreateEntry(name + ".npy", CompressionLevel.SmallestSize);
        entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero); // same content, same file
        using Stream stream = entry.Open();
        stream.Write([.. Magic, 1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        stream.Write(Encoding.Latin1.GetBytes(header));
        stream.Write(MemoryMarshal.AsBytes(values));
    }
}
