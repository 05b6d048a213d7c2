using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Graph;

/// <summary>Elements of a tensor, row-major and little-endian. Written once by its maker, then never changed.</summary>
internal sealed class TensorData
{
    private const long LargestInitial = 1 << 28;

    /// <summary>Allocates zeroed elements.</summary>
    public TensorData(ElementType type, Shape shape)
        : this(type, shape, new byte[checked((long)shape.Elements * type.Size())])
    {
    }

    /// <summary>Wraps bytes, which must be as many as type and shape need.</summary>
    public TensorData(ElementType type, Shape shape, byte[] bytes)
    {
        if (bytes.LongLength != (long)shape.Elements * type.Size())
            throw new ArgumentException($"{bytes.Length} bytes are not a {type} tensor of shape {shape}.", nameof(bytes));
        Type = type;
        Shape = shape;
        Bytes = bytes;
    }

    /// <summary>Zeros for a state of the network, whose size a damaged file may name without having the content.</summary>
    /// <exception cref="ModelCompilationException">MC1003: more than 256 MiB.</exception>
    public static TensorData Initial(ElementType type, Shape shape) =>
        (long)shape.Elements * type.Size() <= LargestInitial ? new(type, shape)
            : throw new ModelCompilationException("MC1003", $"A state of type {type} and shape {shape} is too large.", "Use smaller dimensions.");

    /// <summary>Element type.</summary>
    public ElementType Type { get; }

    /// <summary>Dimensions.</summary>
    public Shape Shape { get; }

    /// <summary>The elements.</summary>
    public byte[] Bytes { get; }

    /// <summary>Number of elements.</summary>
    public int Count => Shape.Elements;

    /// <summary>The elements as their own type.</summary>
    public Span<T> As<T>()
        where T : unmanaged
    {
        if (Unsafe.SizeOf<T>() != Type.Size()) throw new InvalidOperationException($"{Type} elements are not {typeof(T).Name}.");
        return MemoryMarshal.Cast<byte, T>(Bytes.AsSpan());
    }

    /// <summary>The elements as float; the type must be float32.</summary>
    public Span<float> Floats => Type == ElementType.Float32 ? As<float>() : throw new InvalidOperationException($"{Type} elements are not float32.");

    /// <summary>An element of any type as a real number.</summary>
    public double ToDouble(int i) => Type switch
    {
        ElementType.Float32 => As<float>()[i],
        ElementType.Float16 => (double)As<Half>()[i],
        ElementType.Float64 => As<double>()[i],
        ElementType.Int8 => As<sbyte>()[i],
        ElementType.UInt8 or ElementType.Bool => Bytes[i],
        ElementType.Int16 => As<short>()[i],
        ElementType.UInt16 => As<ushort>()[i],
        ElementType.Int32 => As<int>()[i],
        ElementType.UInt32 => As<uint>()[i],
        ElementType.Int64 => As<long>()[i],
        _ => As<ulong>()[i],
    };

    /// <summary>Sets an element of any type from a real number; integers saturate. For the maker of the tensor only.</summary>
    public void Set(int i, double value)
    {
        switch (Type)
        {
            case ElementType.Float32: As<float>()[i] = (float)value; break;
            case ElementType.Float16: As<Half>()[i] = (Half)value; break;
            case ElementType.Float64: As<double>()[i] = value; break;
            case ElementType.Int8: As<sbyte>()[i] = sbyte.CreateSaturating(value); break;
            case ElementType.UInt8: As<byte>()[i] = byte.CreateSaturating(value); break;
            case ElementType.Bool: As<byte>()[i] = value == 0 ? (byte)0 : (byte)1; break;
            case ElementType.Int16: As<short>()[i] = short.CreateSaturating(value); break;
            case ElementType.UInt16: As<ushort>()[i] = ushort.CreateSaturating(value); break;
            case ElementType.Int32: As<int>()[i] = int.CreateSaturating(value); break;
            case ElementType.UInt32: As<uint>()[i] = uint.CreateSaturating(value); break;
            case ElementType.Int64: As<long>()[i] = long.CreateSaturating(value); break;
            default: As<ulong>()[i] = ulong.CreateSaturating(value); break;
        }
    }

    /// <summary>An element of an integer type, saturated to 32 bits (ONNX writes "to the end" as 2⁶³ − 1).</summary>
    public int ToInt32(int i) => Type == ElementType.Int64 ? (int)Math.Clamp(As<long>()[i], int.MinValue, int.MaxValue) : (int)ToDouble(i);

    /// <summary>All elements of an integer type.</summary>
    public int[] ToInt32s() => [.. Enumerable.Range(0, Count).Select(ToInt32)];

    /// <summary>All elements converted to float.</summary>
    public float[] ToFloats() => Type == ElementType.Float32 ? Floats.ToArray() : [.. Enumerable.Range(0, Count).Select(i => (float)ToDouble(i))];

    /// <summary>The same elements in another shape.</summary>
    public TensorData Reshape(Shape shape) => new(Type, shape, Bytes);

    /// <summary>Makes a float32 tensor.</summary>
    public static TensorData Of(Shape shape, ReadOnlySpan<float> values) => new(ElementType.Float32, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Makes an int64 tensor.</summary>
    public static TensorData Of(Shape shape, ReadOnlySpan<long> values) => new(ElementType.Int64, shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>Makes an int32 tensor.</summary>
    public static TensorData Of(Shape shape, ReadOnlySpan<int> values) => new(ElementType.Int32, shape, MemoryMarshal.AsBytes(values).ToArray());
}
