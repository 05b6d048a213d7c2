using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ModelCompiler.Core.Tests.Data;

/// <summary>Writes small files of the formats that data may have.</summary>
internal static class TestFiles
{
    /// <summary>A JPEG of 8×8 points, all of one grey of about 128.</summary>
    public static byte[] GreyJpeg { get; } = Jpeg();

    /// <summary>A PNG of 8 bits.</summary>
    /// <param name="width">Points of a row.</param>
    /// <param name="channels">1 grey, 3 colour, 4 with transparency.</param>
    /// <param name="pixels">Row by row.</param>
    public static byte[] Png(int width, int channels, params byte[] pixels)
    {
        int height = pixels.Length / channels / width;
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                zlib.WriteByte(0);
                zlib.Write(pixels, y * width * channels, width * channels);
            }
        }

        byte kind = channels switch { 1 => 0, 3 => 2, _ => 6 };
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", [.. Big(width), .. Big(height), 8, kind, 0, 0, 0]), .. Chunk("IDAT", packed.ToArray()),
            .. Chunk("IEND", [])];
    }

    /// <summary>A WAV file.</summary>
    public static byte[] Wave(int code, int channels, int rate, int bits, params byte[] data)
    {
        byte[] format = [.. Little(code, 2), .. Little(channels, 2), .. Little(rate, 4), .. Little(rate * channels * bits / 8, 4),
            .. Little(channels * bits / 8, 2), .. Little(bits, 2)];
        return [.. "RIFF"u8, .. Little(36 + data.Length, 4), .. "WAVEfmt "u8, .. Little(16, 4), .. format, .. "data"u8, .. Little(data.Length, 4), .. data];
    }

    private static byte[] Chunk(string name, byte[] content)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(name), .. content];
        uint crc = uint.MaxValue;
        foreach (byte value in body)
        {
            crc ^= value;
            for (int i = 0; i < 8; i++) crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }

        return [.. Big(content.Length), .. body, .. Big((int)~crc)];
    }

    private static byte[] Big(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Little(int value, int count) => BitConverter.GetBytes(value)[..count];

    // One block whose only coefficient is zero: a Huffman table with one code for DC (length 0) and one for AC (end of block).
    private static byte[] Jpeg()
    {
        byte[] Segment(byte marker, params byte[] content) => [0xFF, marker, .. Big(content.Length + 2)[2..], .. content];
        byte[] one = [1, .. new byte[15], 0];
        return [0xFF, 0xD8, .. Segment(0xDB, [0, .. Enumerable.Repeat((byte)1, 64)]), .. Segment(0xC0, 8, 0, 8, 0, 8, 1, 1, 0x11, 0),
            .. Segment(0xC4, [0, .. one]), .. Segment(0xC4, [0x10, .. one]), .. Segment(0xDA, 1, 1, 0, 0, 63, 0), 0x3F, 0xFF, 0xD9];
    }
}
