using System.Buffers.Binary;

namespace ModelCompiler.Core.Import;

/// <summary>Widens element formats that the compiler does not keep: integers below eight bits and bfloat16.</summary>
internal static class PackedElements
{
    /// <summary>Bytes that hold elements of the given width, packed without gaps.</summary>
    public static long PackedBytes(long count, int bits) => ((count * bits) + 7) / 8;

    /// <summary>Unpacks 2- or 4-bit integers, lowest bits first, to one byte each.</summary>
    public static byte[] Unpack(ReadOnlySpan<byte> packed, int count, int bits, bool signed)
    {
        var result = new byte[count];
        int perByte = 8 / bits;
        for (int i = 0; i < count; i++)
        {
            int high = packed[i / perByte] << (8 - bits - (bits * (i % perByte)));
            result[i] = signed ? (byte)((sbyte)high >> (8 - bits)) : (byte)((byte)high >> (8 - bits));
        }

        return result;
    }

    /// <summary>Converts bfloat16 to float32, exactly.</summary>
    public static byte[] WidenBFloat16(ReadOnlySpan<byte> source)
    {
        var result = new byte[source.Length * 2L];
        for (int i = 0; i + 1 < source.Length; i += 2)
            BinaryPrimitives.WriteUInt16LittleEndian(result.AsSpan((i * 2) + 2), BinaryPrimitives.ReadUInt16LittleEndian(source[i..]));
        return result;
    }

    /// <summary>Copies booleans with every non-zero byte as one.</summary>
    public static byte[] NormalizeBool(ReadOnlySpan<byte> source)
    {
        var result = new byte[source.Length];
        for (int i = 0; i < result.Length; i++) result[i] = source[i] == 0 ? (byte)0 : (byte)1;
        return result;
    }
}
