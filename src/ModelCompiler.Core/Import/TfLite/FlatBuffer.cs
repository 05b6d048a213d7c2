using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>
/// A FlatBuffers file read without trust: every position is checked before it is used.
/// </summary>
/// <remarks>
/// Offsets may alias, so a small file can describe far more data than it holds. What is read is therefore charged
/// against a budget in proportion to the file's length, which bounds time and memory.
/// </remarks>
internal sealed class FlatBuffer(ReadOnlyMemory<byte> file)
{
    private const int TableCost = 64;
    private long _budget = (16L << 20) + (16L * file.Length);

    /// <summary>Length of the file.</summary>
    public int Length => file.Length;

    /// <summary>The table the file starts with.</summary>
    public FlatTable Root() => TableAt(Follow(0));

    /// <summary>A part of the file.</summary>
    public ReadOnlyMemory<byte> Slice(long position, long length)
    {
        if (position < 0 || length < 0 || position > file.Length || length > file.Length - position) throw OutOfRange(position, length);
        return file.Slice((int)position, (int)length);
    }

    /// <summary>A number; FlatBuffers are little-endian, like every machine this compiler runs on.</summary>
    public T Read<T>(long position)
        where T : unmanaged => MemoryMarshal.Read<T>(Slice(position, Unsafe.SizeOf<T>()).Span);

    /// <summary>Where the 32-bit offset at a position points to.</summary>
    public long Follow(long position) => position + Read<uint>(position);

    /// <summary>The table at a position.</summary>
    public FlatTable TableAt(long position)
    {
        Charge(TableCost);
        long vtable = position - Read<int>(position);
        int size = Read<ushort>(vtable);
        if (size < 4 || size % 2 != 0)
            throw new ModelCompilationException("MC1001", $"The structure of the file is damaged: the table at byte {position} has an impossible layout.",
                "Export or download the model again.");
        Slice(vtable, size);
        return new FlatTable(this, position, vtable, size);
    }

    /// <summary>The elements of the vector at a position.</summary>
    public ReadOnlyMemory<byte> VectorAt(long position, int elementSize) => Slice(position + 4, (long)Read<uint>(position) * elementSize);

    /// <summary>The text at a position; bytes that are not UTF-8 become replacement characters.</summary>
    public string TextAt(long position)
    {
        ReadOnlySpan<byte> bytes = VectorAt(position, 1).Span;
        Charge(bytes.Length);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Counts data that is about to be copied.</summary>
    public void Charge(long bytes)
    {
        _budget -= bytes;
        if (_budget < 0) throw new ModelCompilationException("MC1001",
            "The structure of the file is damaged: its parts overlap and describe far more than the file holds.", "Export or download the model again.");
    }

    private ModelCompilationException OutOfRange(long position, long length) => new(
        "MC1002",
        $"The file is truncated or damaged: it refers to {length} bytes at byte {position}, but ends after {file.Length}.",
        "Export or download the model again.");
}

/// <summary>One table of a FlatBuffers file. Fields are numbered in schema order; absent ones read as their default.</summary>
internal readonly struct FlatTable(FlatBuffer buffer, long position, long vtable, int vtableSize)
{
    /// <summary>A number.</summary>
    public T Scalar<T>(int field, T defaultValue = default)
        where T : unmanaged
    {
        long at = Find(field);
        return at < 0 ? defaultValue : buffer.Read<T>(at);
    }

    /// <summary>A truth value.</summary>
    public bool Bool(int field, bool defaultValue = false) => Scalar(field, defaultValue ? (byte)1 : (byte)0) != 0;

    /// <summary>A text, or null when absent.</summary>
    public string? Text(int field)
    {
        long at = Find(field);
        return at < 0 ? null : buffer.TextAt(buffer.Follow(at));
    }

    /// <summary>A table, or null when absent.</summary>
    public FlatTable? Table(int field)
    {
        long at = Find(field);
        return at < 0 ? null : buffer.TableAt(buffer.Follow(at));
    }

    /// <summary>A byte vector without a copy, or null when absent.</summary>
    public ReadOnlyMemory<byte>? Bytes(int field)
    {
        long at = Find(field);
        return at < 0 ? null : buffer.VectorAt(buffer.Follow(at), 1);
    }

    /// <summary>A vector of numbers; empty when absent.</summary>
    public T[] Vector<T>(int field)
        where T : unmanaged
    {
        long at = Find(field);
        if (at < 0) return [];
        ReadOnlySpan<byte> bytes = buffer.VectorAt(buffer.Follow(at), Unsafe.SizeOf<T>()).Span;
        buffer.Charge(bytes.Length);
        return MemoryMarshal.Cast<byte, T>(bytes).ToArray();
    }

    /// <summary>A vector of tables, each converted; empty when absent.</summary>
    public TResult[] Tables<TResult>(int field, Func<FlatTable, int, TResult> convert)
    {
        long at = Find(field);
        if (at < 0) return [];
        long start = buffer.Follow(at);
        int count = buffer.VectorAt(start, 4).Length / 4;
        var result = new List<TResult>();
        for (int i = 0; i < count; i++) result.Add(convert(buffer.TableAt(buffer.Follow(start + 4 + (4L * i))), i));
        return [.. result];
    }

    private long Find(int field)
    {
        int entry = 4 + (2 * field);
        if (entry + 2 > vtableSize) return -1;
        int offset = buffer.Read<ushort>(vtable + entry);
        return offset == 0 ? -1 : position + offset;
    }
}
