using System.IO.Compression;

namespace ModelCompiler.Core.Data;

/// <summary>Reads and writes <c>.npz</c> files: zip archives of <c>.npy</c> files. A single <c>.npy</c> file is read, too.</summary>
internal static class NpzArchive
{
    /// <summary>Most bytes that all arrays of an archive may have together.</summary>
    public const long DefaultMaxBytes = 4L << 30;

    /// <summary>What the array of a <c>.npy</c> file is called, which has no name.</summary>
    public const string SingleArray = "x";

    // Deflate cannot shrink data further than this.
    private const long MaxCompression = 1032;
    private static readonly DateTimeOffset Timestamp = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Reads all arrays, in file order, under their names without the extension. Entries that are no <c>.npy</c> files are left out.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">Name for messages.</param>
    /// <param name="maxBytes">Most bytes that all arrays may have together.</param>
    /// <exception cref="ModelCompilationException">MC1005, MC1006: the file is damaged, too large, of an unsupported type, or holds a pickle.</exception>
    public static OrderedDictionary<string, NumpyArray> Read(ReadOnlyMemory<byte> bytes, string? file = null, long maxBytes = DefaultMaxBytes)
    {
        using Stream stream = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);
        return Read(stream, file, maxBytes);
    }

    /// <summary>Reads all arrays from a stream that can seek.</summary>
    /// <inheritdoc cref="Read(ReadOnlyMemory{byte}, string?, long)"/>
    public static OrderedDictionary<string, NumpyArray> Read(Stream stream, string? file = null, long maxBytes = DefaultMaxBytes)
    {
        var arrays = new OrderedDictionary<string, NumpyArray>(StringComparer.Ordinal);
        if (NpyFormat.IsArray(stream))
        {
            arrays.Add(SingleArray, NpyFormat.Read(stream, Math.Min(maxBytes, stream.Length), file, file ?? "the file"));
            return arrays;
        }

        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                if (!entry.FullName.EndsWith(".npy", StringComparison.Ordinal)) continue;
                string name = entry.FullName[..^4];
                if (arrays.ContainsKey(name)) throw Unreadable($"it holds two arrays named '{name}'.", file);
                // What the archive says about lengths may be a lie; what deflate can do is not.
                long most = Math.Min(maxBytes, Math.Min(entry.CompressedLength, stream.Length) * MaxCompression);
                using Stream content = entry.Open();
                NumpyArray array = NpyFormat.Read(content, most, file, $"array '{name}'");
                arrays.Add(name, array);
                maxBytes -= array.Bytes.Length;
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException or IOException or ArgumentException
            or OverflowException)
        {
            throw Unreadable(stream.Length == 0 ? "it is empty." : $"it is neither a .npy file nor a sound .npz archive ({e.Message.TrimEnd('.')}).", file);
        }

        return arrays;
    }

    /// <summary>Writes arrays. The same arrays give the same bytes.</summary>
    public static void Write(Stream stream, IEnumerable<KeyValuePair<string, NumpyArray>> arrays, bool compress = false)
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        foreach ((string name, NumpyArray array) in arrays)
        {
            ZipArchiveEntry entry = archive.CreateEntry(name + ".npy", compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
            entry.LastWriteTime = Timestamp;
            entry.ExternalAttributes = 0;
            using Stream content = entry.Open();
            NpyFormat.Write(content, array);
        }
    }

    private static ModelCompilationException Unreadable(string reason, string? file) =>
        new("MC1005", $"NumPy data cannot be read: {reason}", "Save it again with numpy.savez or numpy.savez_compressed.", file: file);
}
