using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Data;

/// <summary>An array as NumPy stores it: row-major, little-endian.</summary>
internal sealed record NumpyArray
{
    /// <summary>Wraps bytes, which must be as many as type and shape need.</summary>
    public NumpyArray(ElementType type, int[] shape, byte[] bytes)
    {
        long count = 1;
        foreach (int dimension in shape) count = checked(count * dimension);
        if (count < 0 || bytes.LongLength != count * type.Size())
            throw new ArgumentException($"{bytes.LongLength} bytes are not a {type} array of shape ({string.Join(", ", shape)}).", nameof(bytes));
        Type = type;
        Shape = shape;
        Bytes = bytes;
    }

    /// <summary>Element type.</summary>
    public ElementType Type { get; }

    /// <summary>Dimensions, outermost first.</summary>
    public int[] Shape { get; }

    /// <summary>The elements.</summary>
    public byte[] Bytes { get; }

    /// <summary>Of an array of texts the texts; its elements then are their numbers in ordinal order.</summary>
    public IReadOnlyList<string>? Texts { get; private init; }

    /// <summary>Number of elements.</summary>
    public int Count => Bytes.Length / Type.Size();

    /// <summary>Wraps a copy of values.</summary>
    public static NumpyArray Of<T>(ReadOnlySpan<T> values, params int[] shape)
        where T : unmanaged => new(TypeOf<T>(), shape.Length == 0 ? [values.Length] : shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Texts, as their numbers in ordinal order.</summary>
    public static NumpyArray OfTexts(IReadOnlyList<string> texts, params int[] shape)
    {
        string[] known = [.. texts.Distinct().Order(StringComparer.Ordinal)];
        return Of<int>([.. texts.Select(t => Array.BinarySearch(known, t, StringComparer.Ordinal))], shape) with { Texts = texts };
    }

    /// <summary>The elements as their own type.</summary>
    public ReadOnlySpan<T> AsSpan<T>()
        where T : unmanaged
    {
        if (TypeOf<T>() != Type && !(Type == ElementType.Bool && typeof(T) == typeof(byte)))
            throw new InvalidOperationException($"{Type} elements are not {typeof(T).Name}.");
        return MemoryMarshal.Cast<byte, T>(Bytes);
    }

    /// <summary>All elements converted to float; truth values to 0 and 1.</summary>
    public float[] ToFloats() => Type switch
    {
        ElementType.Float32 => AsSpan<float>().ToArray(),
        ElementType.Float16 => Convert<Half>(v => (float)v),
        ElementType.Float64 => Convert<double>(v => (float)v),
        ElementType.Int8 => Convert<sbyte>(v => v),
        ElementType.Int16 => Convert<short>(v => v),
        ElementType.UInt16 => Convert<ushort>(v => v),
        ElementType.Int32 => Convert<int>(v => v),
        ElementType.UInt32 => Convert<uint>(v => v),
        ElementType.Int64 => Convert<long>(v => v),
        ElementType.UInt64 => Convert<ulong>(v => v),
        _ => Convert<byte>(v => v),
    };

    /// <summary>All elements converted to double, exactly but for 64-bit integers beyond 2⁵³.</summary>
    public double[] ToDoubles() => Type switch
    {
        ElementType.Float64 => AsSpan<double>().ToArray(),
        ElementType.Int32 => [.. AsSpan<int>().ToArray().Select(v => (double)v)],
        ElementType.UInt32 => [.. AsSpan<uint>().ToArray().Select(v => (double)v)],
        ElementType.Int64 => [.. AsSpan<long>().ToArray().Select(v => (double)v)],
        ElementType.UInt64 => [.. AsSpan<ulong>().ToArray().Select(v => (double)v)],
        _ => [.. ToFloats().Select(v => (double)v)],
    };

    /// <summary>One entry of the leading dimension, such as one sample.</summary>
    public NumpyArray this[int index] => new(Type, Shape[1..], Slice(index, 1).Bytes);

    /// <summary>Some entries of the leading dimension, which stays.</summary>
    public NumpyArray Slice(int start, int length)
    {
        if (Shape.Length == 0) throw new InvalidOperationException("A scalar has no entries.");
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Shape[0] - start);
        int entry = Shape[0] == 0 ? 0 : Bytes.Length / Shape[0];
        return new NumpyArray(Type, [length, .. Shape[1..]], Bytes.AsSpan(start * entry, length * entry).ToArray());
    }

    private float[] Convert<T>(Func<T, float> convert)
        where T : unmanaged
    {
        ReadOnlySpan<T> values = AsSpan<T>();
        var result = new float[values.Length];
        for (int i = 0; i < result.Length; i++) result[i] = convert(values[i]);
        return result;
    }

    private static ElementType TypeOf<T>() => default(T) switch
    {
        float => ElementType.Float32,
        Half => ElementType.Float16,
        double => ElementType.Float64,
        sbyte => ElementType.Int8,
        byte => ElementType.UInt8,
        short => ElementType.Int16,
        ushort => ElementType.UInt16,
        int => ElementType.Int32,
        uint => ElementType.UInt32,
        long => ElementType.Int64,
        ulong => ElementType.UInt64,
        bool => ElementType.Bool,
        _ => throw new NotSupportedException($"{typeof(T).Name} is not an element type."),
    };
}
