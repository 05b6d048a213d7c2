using System.Buffers.Binary;
using System.Text;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>
/// A map from names to numbers in the FlexBuffers format, in which custom operators keep their options: every position is checked before it is used.
/// </summary>
internal sealed class FlexMap
{
    private const int Map = 9, Bool = 26, Int = 1, UInt = 2, Float = 3;

    private readonly Dictionary<string, double> _numbers = new(StringComparer.Ordinal);

    /// <summary>Reads the map; other values than numbers are left out.</summary>
    /// <exception cref="ModelCompilationException">MC1012: the bytes are not a map.</exception>
    public FlexMap(ReadOnlySpan<byte> bytes)
    {
        // From the end: width of the root, its type, the root itself, which points back to the map.
        int width = Byte(bytes, bytes.Length - 1), type = Byte(bytes, bytes.Length - 2);
        if (type >> 2 != Map) throw Damaged();
        int at = Back(bytes, bytes.Length - 2 - width, width);
        int step = 1 << (type & 3);

        // Before the values: where the keys are, their width, and the number of both.
        int count = (int)Math.Min(Unsigned(bytes, at - step, step), (ulong)bytes.Length);
        int keyWidth = (int)Math.Min(Unsigned(bytes, at - (2 * step), step), (ulong)bytes.Length);
        int keys = Back(bytes, at - (3 * step), step);
        for (int i = 0; i < count; i++)
        {
            int key = Back(bytes, keys + (i * keyWidth), keyWidth);
            int end = bytes[key..].IndexOf((byte)0);
            if (end < 0) throw Damaged();
            int kind = Byte(bytes, at + (count * step) + i) >> 2;
            ReadOnlySpan<byte> value = Part(bytes, at + (i * step), step);
            double? number = kind switch
            {
                Int => Signed(value),
                UInt or Bool => Unsigned(bytes, at + (i * step), step),
                Float => step == 8 ? BinaryPrimitives.ReadDoubleLittleEndian(value) : step == 4 ? BinaryPrimitives.ReadSingleLittleEndian(value) : null,
                _ => null,
            };
            if (number is { } n) _numbers[Encoding.UTF8.GetString(bytes.Slice(key, end))] = n;
        }
    }

    /// <summary>A number, or a default where there is none.</summary>
    public int Int32(string name, int missing = 0) => _numbers.TryGetValue(name, out double value) ? (int)Math.Clamp(value, int.MinValue, int.MaxValue)
        : missing;

    /// <summary>A real number, or a default where there is none.</summary>
    public float Single(string name, float missing = 0) => _numbers.TryGetValue(name, out double value) ? (float)value : missing;

    private static int Byte(ReadOnlySpan<byte> bytes, int at) => Part(bytes, at, 1)[0];

    private static int Back(ReadOnlySpan<byte> bytes, int at, int width)
    {
        ulong offset = Unsigned(bytes, at, width);
        return offset <= (ulong)at ? at - (int)offset : throw Damaged();
    }

    private static long Signed(ReadOnlySpan<byte> value) => value.Length switch
    {
        1 => (sbyte)value[0],
        2 => BinaryPrimitives.ReadInt16LittleEndian(value),
        4 => BinaryPrimitives.ReadInt32LittleEndian(value),
        _ => BinaryPrimitives.ReadInt64LittleEndian(value),
    };

    private static ulong Unsigned(ReadOnlySpan<byte> bytes, int at, int width)
    {
        ReadOnlySpan<byte> value = Part(bytes, at, width);
        return width switch
        {
            1 => value[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(value),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(value),
            8 => BinaryPrimitives.ReadUInt64LittleEndian(value),
            _ => throw Damaged(),
        };
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bytes, int at, int length) =>
        at >= 0 && length is > 0 and <= 8 && at <= bytes.Length - length ? bytes.Slice(at, length) : throw Damaged();

    private static ModelCompilationException Damaged() => new("MC1012", "The options of the custom operator are damaged.", "Convert the model again.");
}
