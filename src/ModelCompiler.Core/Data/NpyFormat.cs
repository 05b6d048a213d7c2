using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Data;

/// <summary>Reads and writes <c>.npy</c> files of versions 1 to 3.</summary>
internal static class NpyFormat
{
    private const int MaxHeaderBytes = 1 << 20;
    private const int MaxRank = 64;
    private const int MostTextLength = 1 << 16;

    private static readonly Encoding BigEndian = new UTF32Encoding(bigEndian: true, byteOrderMark: false);
    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    /// <summary>Reads an array.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="file">Name for messages.</param>
    /// <exception cref="ModelCompilationException">MC1005, MC1006: the file is damaged, of an unsupported type, or a pickle.</exception>
    public static NumpyArray Read(ReadOnlyMemory<byte> bytes, string? file = null)
    {
        using var stream = new MemoryStream(bytes.ToArray(), writable: false);
        return Read(stream, bytes.Length, file, file ?? "the file");
    }

    /// <summary>Writes an array: version 1, little-endian, row-major.</summary>
    public static void Write(Stream stream, NumpyArray array)
    {
        string shape = array.Shape.Length == 1 ? $"({array.Shape[0].ToString(CultureInfo.InvariantCulture)},)" : $"({string.Join(", ", array.Shape)})";
        string header = $"{{'descr': '{Descr(array.Type)}', 'fortran_order': False, 'shape': {shape}, }}";
        int length = header.Length + 1;
        length += (64 - ((10 + length) % 64)) % 64;
        Span<byte> prefix = [.. Magic, 1, 0, (byte)length, (byte)(length >> 8)];
        stream.Write(prefix);
        stream.Write(Encoding.ASCII.GetBytes(header.PadRight(length - 1) + "\n"));
        stream.Write(array.Bytes);
    }

    /// <summary>True when the stream, which can seek, begins as a <c>.npy</c> file does.</summary>
    internal static bool IsArray(Stream stream)
    {
        Span<byte> start = stackalloc byte[6];
        int read = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Seek(-read, SeekOrigin.Current);
        return start[..read].SequenceEqual(Magic);
    }

    /// <summary>Reads an array from a stream that holds nothing else.</summary>
    /// <param name="stream">The stream, at its start.</param>
    /// <param name="maxBytes">Most bytes the array may have: bounds what is allocated before anything is read.</param>
    /// <param name="file">File for messages.</param>
    /// <param name="what">What is read, for messages.</param>
    internal static NumpyArray Read(Stream stream, long maxBytes, string? file, string what)
    {
        NpyHeader header = ReadHeader(stream, file, what);
        int textBytes = TextBytes(header.Descr, out bool isWide);
        (ElementType type, bool bigEndian) = textBytes > 0 ? (ElementType.UInt8, false) : ReadType(header.Descr, file, what);
        if (header.Shape.Length > MaxRank) throw Unreadable(what, $"it has {header.Shape.Length} dimensions.", file);
        int elementBytes = textBytes > 0 ? textBytes : type.Size();
        long size = header.Shape.Contains(0) ? 0 : elementBytes;
        foreach (long dimension in header.Shape)
        {
            // NumPy allows a zero beside any other dimension; elsewhere sizes count in int.
            if (dimension > int.MaxValue || (size *= dimension) > Array.MaxLength) throw Unreadable(what, "its shape is more than fits in memory.", file);
        }

        if (size > maxBytes) throw Unreadable(what, $"its shape ({string.Join(", ", header.Shape)}) asks for {size} bytes, which are not there.", file);
        var bytes = new byte[size];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) != bytes.Length)
            throw Unreadable(what, $"it ends before the {size} bytes that its shape ({string.Join(", ", header.Shape)}) asks for.", file);
        if (stream.ReadByte() >= 0)
            throw Unreadable(what, $"it goes on after the {size} bytes that its shape ({string.Join(", ", header.Shape)}) asks for.", file);
        if (bigEndian) Reverse(bytes, type.Size());
        int[] shape = [.. header.Shape.Select(d => (int)d)];
        if (header.FortranOrder && shape.Length > 1) bytes = ToRowMajor(bytes, shape, elementBytes);
        if (textBytes == 0) return new NumpyArray(type, shape, bytes);
        bool isBig = header.Descr!.StartsWith('>');
        return NumpyArray.OfTexts([.. bytes.Chunk(textBytes).Select(b => (!isWide ? Encoding.Latin1 : isBig ? BigEndian : Encoding.UTF32).GetString(b)
            .TrimEnd('\0'))], shape);
    }

    // Bytes of a text of fixed length, in UTF-32 (U) or as bytes (S); 0 for other types.
    private static int TextBytes(string? descr, out bool isWide)
    {
        string code = descr is { Length: > 0 } && "<>=|".Contains(descr[0], StringComparison.Ordinal) ? descr[1..] : descr ?? "";
        isWide = code.StartsWith('U');
        return (isWide || code.StartsWith('S')) && int.TryParse(code.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            && length is > 0 and <= MostTextLength ? length * (isWide ? 4 : 1) : 0;
    }

    private static NpyHeader ReadHeader(Stream stream, string? file, string what)
    {
        Span<byte> prefix = stackalloc byte[12];
        if (stream.ReadAtLeast(prefix[..10], 10, throwOnEndOfStream: false) < 10 || !prefix.StartsWith(Magic))
            throw Unreadable(what, "it is not a .npy file.", file);
        byte version = prefix[6];
        if (version is < 1 or > 3) throw Unreadable(what, $"it has version {version} of the .npy format; 1 to 3 are known.", file);
        long length = BinaryPrimitives.ReadUInt16LittleEndian(prefix[8..]);
        if (version > 1)
        {
            if (stream.ReadAtLeast(prefix[10..], 2, throwOnEndOfStream: false) < 2) throw Unreadable(what, "it is cut short.", file);
            length = BinaryPrimitives.ReadUInt32LittleEndian(prefix[8..]);
        }

        if (length > MaxHeaderBytes) throw Unreadable(what, $"its header of {length} bytes is not a sound one.", file);
        var text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length) throw Unreadable(what, "it is cut short.", file);
        try
        {
            return NpyHeader.Parse((version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(text));
        }
        catch (FormatException e)
        {
            throw Unreadable(what, $"its header is damaged ({e.Message}).", file);
        }
    }

    private static (ElementType Type, bool BigEndian) ReadType(string? descr, string? file, string what)
    {
        const string Remedy = "Convert it with astype(numpy.float32) or an integer type before saving.";
        if (descr is null) throw Unreadable(what, "it is a record array.", file, Remedy);
        string code = descr.Length > 0 && "<>=|".Contains(descr[0], StringComparison.Ordinal) ? descr[1..] : descr;
        if (code.StartsWith('O'))
            throw new ModelCompilationException("MC1006", $"In {what}: object arrays are pickles and are never loaded, because loading a pickle runs code.",
                Remedy, file: file);
        ElementType? type = code switch
        {
            "b1" or "?" => ElementType.Bool,
            "i1" => ElementType.Int8,
            "i2" => ElementType.Int16,
            "i4" => ElementType.Int32,
            "i8" => ElementType.Int64,
            "u1" => ElementType.UInt8,
            "u2" => ElementType.UInt16,
            "u4" => ElementType.UInt32,
            "u8" => ElementType.UInt64,
            "f2" => ElementType.Float16,
            "f4" => ElementType.Float32,
            "f8" => ElementType.Float64,
            _ => null,
        };
        return (type ?? throw Unreadable(what, $"its element type '{descr}' is neither a number nor a truth value of a known size.", file, Remedy),
            descr[0] == '>');
    }

    private static string Descr(ElementType type) => type switch
    {
        ElementType.Bool => "|b1",
        ElementType.Int8 => "|i1",
        ElementType.UInt8 => "|u1",
        ElementType.Int16 => "<i2",
        ElementType.UInt16 => "<u2",
        ElementType.Int32 => "<i4",
        ElementType.UInt32 => "<u4",
        ElementType.Int64 => "<i8",
        ElementType.UInt64 => "<u8",
        ElementType.Float16 => "<f2",
        ElementType.Float32 => "<f4",
        _ => "<f8",
    };

    private static void Reverse(Span<byte> bytes, int size)
    {
        for (int i = 0; i < bytes.Length; i += size) bytes.Slice(i, size).Reverse();
    }

    private static byte[] ToRowMajor(byte[] source, int[] shape, int size)
    {
        var result = new byte[source.Length];
        var index = new int[shape.Length];
        for (int to = 0; to < source.Length; to += size)
        {
            long from = 0;
            for (int axis = shape.Length - 1; axis >= 0; axis--) from = (from * shape[axis]) + index[axis];
            source.AsSpan((int)from * size, size).CopyTo(result.AsSpan(to));
            for (int axis = shape.Length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) index[axis] = 0;
        }

        return result;
    }

    private static ModelCompilationException Unreadable(string what, string reason, string? file,
        string remedy = "Save it again with numpy.save or numpy.savez.") =>
        new("MC1005", $"NumPy data cannot be read: in {what}, {reason}", remedy, file: file);
}
