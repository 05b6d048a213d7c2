using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace ModelCompiler.Core.Tests.Formats;

/// <summary>Writes FlatBuffers tables for tests: fields are scalars, or children that follow their parent.</summary>
internal sealed class FlatNode
{
    private readonly SortedDictionary<int, object> _fields = [];

    /// <summary>Sets a number, a text, a <see cref="FlatNode"/>, an array of numbers or an array of nodes.</summary>
    public FlatNode With(int field, object value)
    {
        _fields[field] = value;
        return this;
    }

    /// <summary>The table as the root of a file.</summary>
    public byte[] ToFile(string identifier = "TFL3")
    {
        var bytes = new List<byte>([0, 0, 0, 0, .. Encoding.ASCII.GetBytes(identifier)]);
        Point(bytes, 0, WriteTable(bytes));
        return [.. bytes];
    }

    private int WriteTable(List<byte> bytes)
    {
        int count = _fields.Count == 0 ? 0 : _fields.Keys.Max() + 1;
        int vtable = bytes.Count;
        int table = vtable + 4 + (2 * count);
        var layout = new byte[4 + (2 * count)];
        var inline = new List<byte>([0, 0, 0, 0]);
        var children = new List<(int At, object Value)>();
        foreach ((int field, object value) in _fields)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(layout.AsSpan(4 + (2 * field)), (ushort)inline.Count);
            if (Scalar(value) is { } scalar)
            {
                inline.AddRange(scalar);
                continue;
            }

            children.Add((table + inline.Count, value));
            inline.AddRange(new byte[4]);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(layout, (ushort)layout.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(layout.AsSpan(2), (ushort)inline.Count);
        BinaryPrimitives.WriteInt32LittleEndian(CollectionsMarshal.AsSpan(inline), table - vtable);
        bytes.AddRange(layout);
        bytes.AddRange(inline);
        foreach ((int at, object value) in children) Point(bytes, at, WriteChild(bytes, value));
        return table;
    }

    private static int WriteChild(List<byte> bytes, object value)
    {
        if (value is FlatNode node) return node.WriteTable(bytes);
        int start = bytes.Count;
        switch (value)
        {
            case string text:
                byte[] utf8 = Encoding.UTF8.GetBytes(text);
                bytes.AddRange([.. BitConverter.GetBytes(utf8.Length), .. utf8, 0]);
                break;
            case FlatNode[] nodes:
                bytes.AddRange([.. BitConverter.GetBytes(nodes.Length), .. new byte[4 * nodes.Length]]);
                for (int i = 0; i < nodes.Length; i++) Point(bytes, start + 4 + (4 * i), nodes[i].WriteTable(bytes));
                break;
            case byte[] a:
                bytes.AddRange([.. BitConverter.GetBytes(a.Length), .. a]);
                break;
            case int[] a:
                bytes.AddRange([.. BitConverter.GetBytes(a.Length), .. MemoryMarshal.AsBytes(a.AsSpan())]);
                break;
            case long[] a:
                bytes.AddRange([.. BitConverter.GetBytes(a.Length), .. MemoryMarshal.AsBytes(a.AsSpan())]);
                break;
            case float[] a:
                bytes.AddRange([.. BitConverter.GetBytes(a.Length), .. MemoryMarshal.AsBytes(a.AsSpan())]);
                break;
            default:
                throw new ArgumentException($"Cannot write a {value.GetType()}.", nameof(value));
        }

        return start;
    }

    private static byte[]? Scalar(object value) => value switch
    {
        bool v => [v ? (byte)1 : (byte)0],
        byte v => [v],
        sbyte v => [(byte)v],
        int v => BitConverter.GetBytes(v),
        uint v => BitConverter.GetBytes(v),
        long v => BitConverter.GetBytes(v),
        ulong v => BitConverter.GetBytes(v),
        float v => BitConverter.GetBytes(v),
        _ => null,
    };

    private static void Point(List<byte> bytes, int at, int target) =>
        BinaryPrimitives.WriteInt32LittleEndian(CollectionsMarshal.AsSpan(bytes)[at..], target - at);
}
