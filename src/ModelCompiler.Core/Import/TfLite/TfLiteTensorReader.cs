using System.Collections.Immutable;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Reads tensors and converts the elements of constants to the types the compiler works with.</summary>
internal static class TfLiteTensorReader
{
    private const string Remedy = "Export or download the model again.";

    /// <summary>The elements of a constant, dense and widened where the compiler has no such type (4-bit integers to 8 bits, bfloat16 to float32).</summary>
    /// <exception cref="ModelCompilationException">MC2003, MC2005: the elements are of a type, or stored in a way, that is not supported.</exception>
    public static (ElementType Type, byte[] Bytes) ReadData(TfLiteTensor tensor)
    {
        ElementType type = tensor.Type.ToElementType()
            ?? throw new ModelCompilationException("MC2003", $"Tensor '{tensor.Name}' has elements of type {tensor.Type}, which are not supported.",
                "Export the model with float or integer tensors.");
        ReadOnlySpan<byte> data = (tensor.Data ?? throw new InvalidOperationException($"Tensor '{tensor.Name}' is not a constant.")).Span;
        if (tensor.Sparsity is not null) return (type, TfLiteSparse.Read(tensor, data, type));
        return (type, tensor.Type switch
        {
            TfLiteTensorType.Int2 => PackedElements.Unpack(data, tensor.ElementCount, 2, signed: true),
            TfLiteTensorType.Int4 => PackedElements.Unpack(data, tensor.ElementCount, 4, signed: true),
            TfLiteTensorType.UInt4 => PackedElements.Unpack(data, tensor.ElementCount, 4, signed: false),
            TfLiteTensorType.BFloat16 => PackedElements.WidenBFloat16(data),
            TfLiteTensorType.Bool => PackedElements.NormalizeBool(data),
            _ => data.ToArray(),
        });
    }

    internal static TfLiteTensor Read(FlatTable table, int index, ImmutableArray<ReadOnlyMemory<byte>?> buffers)
    {
        string name = table.Text(3) is { Length: > 0 } text ? text : $"tensor {index}";
        var type = (TfLiteTensorType)table.Scalar<sbyte>(1);
        int[] shape = table.Vector<int>(0);
        int count = CountElements(name, shape);
        int[] signature = table.Vector<int>(7);
        if (signature.Length > 0 && (signature.Length != shape.Length || signature.Any(d => d < -1)))
            throw Mismatch($"Tensor '{name}' has shape {Text(shape)}, which contradicts its shape signature {Text(signature)}.");

        uint buffer = table.Scalar<uint>(2);
        if (buffer != 0 && buffer >= (uint)buffers.Length)
        {
            throw new ModelCompilationException("MC1001", $"The structure of the file is damaged: tensor '{name}' lies in buffer {buffer}, but the model has "
                + $"{buffers.Length}.", Remedy);
        }

        TfLiteSparsity? sparsity = table.Table(6) is { } sparse ? ReadSparsity(sparse) : null;
        ReadOnlyMemory<byte>? data = buffer == 0 ? null : ConstantData(name, type, shape, count, buffers[(int)buffer], sparsity is not null);
        TfLiteQuantization? quantization = table.Table(4) is { } q ? ReadQuantization(q, name, shape) : null;
        return new(name, type, shape, signature, table.Bool(8), count, (int)buffer, data, quantization, table.Bool(5), sparsity);
    }

    private static int CountElements(string name, int[] shape)
    {
        long count = 1;
        foreach (int dimension in shape)
        {
            if (dimension < 0) throw Mismatch($"Tensor '{name}' has shape {Text(shape)}, which has a negative dimension.");
            if (dimension == 0) count = 0;
        }

        foreach (int dimension in shape)
        {
            count *= dimension;
            if (count > int.MaxValue) throw Mismatch($"Tensor '{name}' has shape {Text(shape)}, which is more elements than fit in memory.");
        }

        return (int)count;
    }

    private static ReadOnlyMemory<byte>? ConstantData(string name, TfLiteTensorType type, int[] shape, int count, ReadOnlyMemory<byte>? buffer, bool sparse)
    {
        // Converters give computed tensors an empty buffer each; only a tensor without elements can be a constant in one.
        if (buffer is not { } data || (data.IsEmpty && count > 0)) return null;
        if (sparse || type.Bits() == 0) return data;
        long needed = PackedElements.PackedBytes(count, type.Bits());
        if (data.Length < needed)
            throw Mismatch($"Tensor '{name}' ({type} of shape {Text(shape)}) needs {needed} bytes of data, but the file has {data.Length}.");
        return data[..(int)needed];
    }

    private static TfLiteQuantization ReadQuantization(FlatTable table, string name, int[] shape)
    {
        float[] scales = table.Vector<float>(2);
        long[] zeroPoints = table.Vector<long>(3);
        int dimension = table.Scalar<int>(6);
        if (scales.Length > 0)
        {
            if (zeroPoints.Length == 0) zeroPoints = new long[scales.Length];
            if (zeroPoints.Length == 1 && scales.Length > 1) zeroPoints = [.. Enumerable.Repeat(zeroPoints[0], scales.Length)];
            if (zeroPoints.Length != scales.Length) throw BadQuantization($"Tensor '{name}' has {scales.Length} scales but {zeroPoints.Length} zero points.");
            if (scales.Any(s => !float.IsFinite(s))) throw BadQuantization($"Tensor '{name}' has a scale that is not a finite number.");
        }

        // Biases are known to carry the dimension of the weights they belong to.
        if (scales.Length > 1 && shape.Length == 1) dimension = 0;
        if (scales.Length > 1 && ((uint)dimension >= (uint)shape.Length || shape[dimension] != scales.Length))
        {
            throw BadQuantization($"Tensor '{name}' of shape {Text(shape)} has {scales.Length} scales for dimension {dimension}.");
        }

        return new(scales, zeroPoints, dimension, table.Vector<float>(0), table.Vector<float>(1), table.Scalar<byte>(4));
    }

    private static TfLiteSparsity ReadSparsity(FlatTable table) =>
        new(table.Vector<int>(0), table.Vector<int>(1), [.. table.Tables(2,
            (d, _) => new TfLiteSparseDimension(d.Scalar<sbyte>(0) == 0, d.Scalar<int>(1), Indices(d, 2), Indices(d, 4)))]);

    /// <summary>A union of index vectors that differ in width.</summary>
    private static int[] Indices(FlatTable table, int typeField) => table.Table(typeField + 1) is not { } vector ? [] : table.Scalar<byte>(typeField) switch
    {
        1 => vector.Vector<int>(0),
        2 => [.. vector.Vector<ushort>(0).Select(i => (int)i)],
        3 => [.. vector.Vector<byte>(0).Select(i => (int)i)],
        _ => [],
    };

    private static string Text(int[] shape) => $"[{string.Join(", ", shape.Take(16))}{(shape.Length > 16 ? ", …" : "")}]";

    private static ModelCompilationException Mismatch(string reason) => new("MC1003", reason, Remedy);

    private static ModelCompilationException BadQuantization(string reason) => new("MC1007", reason, Remedy);
}
