using System.Buffers.Binary;
using System.IO.Compression;

namespace Digits;

/// <summary>Reads PNG files as grey pictures: 8 bits per channel, grey, colour or palette, with or without alpha, not interlaced.</summary>
internal static class PngReader
{
    private const int MaxPixels = 1 << 26;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <exception cref="InvalidDataException">Not a PNG file, damaged, or of a kind not listed above.</exception>
    public static GrayImage Read(Stream stream)
    {
        var signature = new byte[8];
        ReadExactly(stream, signature);
        if (!signature.AsSpan().SequenceEqual(Signature))
            throw new InvalidDataException("not a PNG file");

        byte[] header = [], palette = [];
        using var compressed = new MemoryStream();
        for (bool end = false; !end;)
        {
            (uint type, byte[] data) = ReadChunk(stream);
            switch (type)
            {
                case 0x49484452: // IHDR
                    header = data;
                    break;
                case 0x504C5445: // PLTE
                    palette = data;
                    break;
                case 0x49444154: // IDAT
                    compressed.Write(data);
                    break;
                case 0x49454E44: // IEND
                    end = true;
                    break;
            }
        }

        if (header.Length != 13)
            throw new InvalidDataException("damaged PNG header");
        int width = BinaryPrimitives.ReadInt32BigEndian(header), height = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
        if (width <= 0 || height <= 0 || (long)width * height > MaxPixels)
            throw new InvalidDataException("the picture's size is out of range");
        int channels = header[9] switch { 0 or 3 => 1, 2 => 3, 4 => 2, 6 => 4, _ => 0 };
        if (header[8] != 8 || channels == 0 || header[12] != 0)
            throw new InvalidDataException("only PNG files with 8 bits per channel and no interlacing are understood");

        compressed.Position = 0;
        using var rows = new ZLibStream(compressed, CompressionMode.Decompress);
        return ReadRows(rows, width, height, channels, header[9] == 3 ? palette : null);
    }

    private static GrayImage ReadRows(Stream rows, int width, int height, int channels, byte[]? palette)
    {
        var image = new GrayImage(width, height);
        // One pixel of zeros to the left of each row stands for what filters see beyond the edge.
        byte[] row = new byte[channels + width * channels], above = new byte[row.Length];
        for (int y = 0; y < height; y++)
        {
            int filter = rows.ReadByte();
            ReadExactly(rows, row.AsSpan(channels));
            Unfilter(filter, row, above, channels);
            for (int x = 0; x < width; x++)
                image[x, y] = Gray(row.AsSpan(channels + x * channels, channels), palette);
            (row, above) = (above, row);
        }

        return image;
    }

    private static void Unfilter(int filter, byte[] row, byte[] above, int channels)
    {
        for (int i = channels; i < row.Length; i++)
        {
            int left = row[i - channels], up = above[i], corner = above[i - channels];
            row[i] += filter switch
            {
                0 => 0,
                1 => (byte)left,
                2 => (byte)up,
                3 => (byte)((left + up) / 2),
                4 => (byte)Paeth(left, up, corner),
                _ => throw new InvalidDataException("damaged PNG data"),
            };
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        int fromLeft = Math.Abs(up - corner), fromUp = Math.Abs(left - corner), fromCorner = Math.Abs(left + up - 2 * corner);
        return fromLeft <= fromUp && fromLeft <= fromCorner ? left : fromUp <= fromCorner ? up : corner;
    }

    /// <summary>Brightness from 0 to 1; transparent parts count as white paper.</summary>
    private static float Gray(ReadOnlySpan<byte> pixel, byte[]? palette)
    {
        if (palette is not null)
        {
            if (3 * pixel[0] + 3 > palette.Length)
                throw new InvalidDataException("damaged PNG palette");
            pixel = palette.AsSpan(3 * pixel[0], 3);
        }

        float gray = pixel.Length < 3 ? pixel[0] : 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2];
        float alpha = pixel.Length is 2 or 4 ? pixel[^1] / 255f : 1;
        return alpha * gray / 255 + (1 - alpha);
    }

    private static (uint Type, byte[] Data) ReadChunk(Stream stream)
    {
        Span<byte> head = stackalloc byte[8], checksum = stackalloc byte[4];
        ReadExactly(stream, head);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
        if (length > 4 * MaxPixels)
            throw new InvalidDataException("damaged PNG chunk");
        var data = new byte[length];
        ReadExactly(stream, data);
        ReadExactly(stream, checksum); // not looked at: zlib has its own for the pixels
        return (BinaryPrimitives.ReadUInt32BigEndian(head[4..]), data);
    }

    private static void ReadExactly(Stream stream, Span<byte> buffer)
    {
        if (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
            throw new InvalidDataException("the file ends too early");
    }
}
