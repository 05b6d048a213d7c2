using System.Runtime.InteropServices;
using Google.Protobuf.Collections;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Elements of an ONNX tensor: row-major, little-endian, exactly as many as the shape says.</summary>
internal sealed record OnnxTensor(ElementType Type, int[] Shape, byte[] Bytes);

/// <summary>Converts tensors to the types the compiler works with: bfloat16 and narrower floats become float32,
/// 2- and 4-bit integers take one byte each.</summary>
internal static class OnnxTensorReader
{
    private const string Remedy = "Export or download the model again.";

    /// <summary>Reads a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="name">Name for messages, where the tensor has none (attributes).</param>
    /// <exception cref="ModelCompilationException">MC1003, MC1004, MC2003: the data does not fit the shape, lies in another file,
    /// or is of an unsupported type.</exception>
    public static OnnxTensor Read(TensorProto tensor, string? name = null)
    {
        if (tensor.Name.Length > 0) name = tensor.Name;
        name ??= "(unnamed)";
        var dataType = (DataType)tensor.DataType;
        ElementType type = ToElementType(dataType) ?? throw UnsupportedType(name, dataType);
        if (OnnxExternalData.IsExternal(tensor)) throw OnnxExternalData.Bad(name, OnnxExternalData.Entry(tensor, "location"), null);
        if (tensor.Segment is not null) throw Mismatch($"Tensor '{name}' is split into segments, which no exporter does.");
        int[] shape = ReadShape(tensor, name, out int count);
        byte[] stored = ReadElements(tensor, name, dataType, count);
        return new OnnxTensor(type, shape, dataType switch
        {
            DataType.Bfloat16 => PackedElements.WidenBFloat16(stored),
            DataType.Int4 => PackedElements.Unpack(stored, count, 4, signed: true),
            DataType.Uint4 => PackedElements.Unpack(stored, count, 4, signed: false),
            DataType.Int2 => PackedElements.Unpack(stored, count, 2, signed: true),
            DataType.Uint2 => PackedElements.Unpack(stored, count, 2, signed: false),
            DataType.Float4E2M1 => Decode(PackedElements.Unpack(stored, count, 4, signed: false), dataType),
            DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz or DataType.Float8E8M0 =>
                Decode(stored, dataType),
            DataType.Bool => PackedElements.NormalizeBool(stored),
            _ => stored,
        });
    }

    /// <summary>The type the compiler works with, or null when there is none.</summary>
    public static ElementType? ToElementType(DataType type) => type switch
    {
        DataType.Float or DataType.Bfloat16 or DataType.Float4E2M1 => ElementType.Float32,
        DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz or DataType.Float8E8M0 => ElementType.Float32,
        DataType.Float16 => ElementType.Float16,
        DataType.Double => ElementType.Float64,
        DataType.Int8 or DataType.Int4 or DataType.Int2 => ElementType.Int8,
        DataType.Uint8 or DataType.Uint4 or DataType.Uint2 => ElementType.UInt8,
        DataType.Int16 => ElementType.Int16,
        DataType.Uint16 => ElementType.UInt16,
        DataType.Int32 => ElementType.Int32,
        DataType.Uint32 => ElementType.UInt32,
        DataType.Int64 => ElementType.Int64,
        DataType.Uint64 => ElementType.UInt64,
        DataType.Bool => ElementType.Bool,
        _ => null,
    };

    /// <summary>True for types that the compiler keeps in a wider one.</summary>
    public static bool IsNarrow(DataType type) => type is DataType.Int4 or DataType.Uint4 or DataType.Int2 or DataType.Uint2
        || NarrowFloat.Find(type) is not null;

    /// <summary>The error for a tensor whose type the compiler does not work with.</summary>
    public static ModelCompilationException UnsupportedType(string name, DataType type) => type == DataType.Undefined
        ? new("MC1001", $"Tensor '{name}' has no element type.", Remedy)
        : new("MC2003", $"Tensor '{name}' has elements of type {type}, which are not supported.", "Export the model with float or integer tensors.");

    /// <summary>Bits that an element takes in the file.</summary>
    private static int Bits(DataType type) => type switch
    {
        DataType.Int2 or DataType.Uint2 => 2,
        DataType.Int4 or DataType.Uint4 or DataType.Float4E2M1 => 4,
        DataType.Float8E4M3Fn or DataType.Float8E4M3Fnuz or DataType.Float8E5M2 or DataType.Float8E5M2Fnuz or DataType.Float8E8M0 => 8,
        DataType.Bfloat16 => 16,
        _ => ToElementType(type)!.Value.Size() * 8,
    };

    /// <summary>Bytes that the elements take in a file, or null when shape or type do not say.</summary>
    public static long? StoredBytes(TensorProto tensor)
    {
        if (ToElementType((DataType)tensor.DataType) is null || tensor.Dims.Any(d => d is < 0 or > int.MaxValue)) return null;
        if (tensor.Dims.Contains(0)) return 0;
        long count = 1;
        foreach (long dimension in tensor.Dims)
        {
            if ((count *= dimension) > int.MaxValue) return null;
        }

        return PackedElements.PackedBytes(count, Bits((DataType)tensor.DataType));
    }

    private static int[] ReadShape(TensorProto tensor, string name, out int count)
    {
        var shape = new int[tensor.Dims.Count];
        for (int i = 0; i < shape.Length; i++)
        {
            long dimension = tensor.Dims[i];
            if (dimension is < 0 or > int.MaxValue) throw Mismatch($"Dimension {i} of tensor '{name}' is {dimension}.");
            shape[i] = (int)dimension;
        }

        long elements = shape.Contains(0) ? 0 : 1;
        foreach (int dimension in shape)
        {
            elements *= dimension;
            if (elements > int.MaxValue) throw Mismatch($"Tensor '{name}' has more elements than fit in memory.");
        }

        count = (int)elements;
        return shape;
    }

    private static byte[] ReadElements(TensorProto tensor, string name, DataType type, int count)
    {
        long bytes = PackedElements.PackedBytes(count, Bits(type));
        if (tensor.RawData.Length > 0 || count == 0)
        {
            if (tensor.RawData.Length != bytes)
                throw Mismatch($"Tensor '{name}' ({type} of shape [{string.Join(", ", tensor.Dims.Take(16))}]) needs {bytes} bytes of data, but the file has "
                    + $"{tensor.RawData.Length}.");
            return tensor.RawData.ToByteArray();
        }

        switch (type)
        {
            case DataType.Float:
                return MemoryMarshal.AsBytes(Exactly(tensor.FloatData, name, count).AsSpan()).ToArray();
            case DataType.Double:
                return MemoryMarshal.AsBytes(Exactly(tensor.DoubleData, name, count).AsSpan()).ToArray();
            case DataType.Int64:
                return MemoryMarshal.AsBytes(Exactly(tensor.Int64Data, name, count).AsSpan()).ToArray();
            case DataType.Uint64:
                return MemoryMarshal.AsBytes(Exactly(tensor.Uint64Data, name, count).AsSpan()).ToArray();
            case DataType.Uint32:
                return Narrow(Array.ConvertAll(Exactly(tensor.Uint64Data, name, count), v => unchecked((int)v)), 4);
            default:
                // All narrower types are kept in 32-bit fields; packed ones as one byte per field.
                int size = Math.Max(Bits(type) / 8, 1);
                return Narrow(Exactly(tensor.Int32Data, name, (int)(bytes / size)), size);
        }
    }

    private static byte[] Decode(byte[] codes, DataType type)
    {
        NarrowFloat format = NarrowFloat.Find(type)!;
        return MemoryMarshal.AsBytes(Array.ConvertAll(codes, c => format.Decode(c)).AsSpan()).ToArray();
    }

    private static T[] Exactly<T>(RepeatedField<T> field, string name, int count)
    {
        if (field.Count != count) throw Mismatch($"Tensor '{name}' needs {count} values, but the file has {field.Count}.");
        return [.. field];
    }

    private static byte[] Narrow(int[] values, int size)
    {
        var result = new byte[(long)values.Length * size];
        for (int i = 0; i < values.Length; i++)
        {
            for (int b = 0; b < size; b++) result[(i * size) + b] = (byte)(values[i] >> (8 * b));
        }

        return result;
    }

    private static ModelCompilationException Mismatch(string reason) => new("MC1003", reason, Remedy);
}
