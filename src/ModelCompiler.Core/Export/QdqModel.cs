using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Export;

/// <summary>A quantised network as an ONNX file, and how its edges relate to the network's.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="Inputs">The inputs, in order.</param>
/// <param name="Outputs">The outputs, in order.</param>
internal sealed record QdqModel(byte[] Bytes, IReadOnlyList<QdqEdge> Inputs, IReadOnlyList<QdqEdge> Outputs);

/// <summary>
/// An input or output: int8 tensors are uint8 in the file (every integer and the zero point 128 more), images are channels-first.
/// </summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Element type in the network.</param>
/// <param name="Shape">Shape in the network.</param>
/// <param name="ChannelsFirst">True when the file has the tensor channels-first, and the network channels-last.</param>
internal sealed record QdqEdge(string Name, ElementType Type, Shape Shape, bool ChannelsFirst)
{
    private static readonly int[] ToFirst = [0, 3, 1, 2];

    private static readonly int[] ToLast = [0, 2, 3, 1];

    /// <summary>Element type in the file.</summary>
    public ElementType FileType => Type == ElementType.Int8 ? ElementType.UInt8 : Type;

    /// <summary>Shape in the file.</summary>
    public Shape FileShape => ChannelsFirst ? Shape.Permute(ToFirst) : Shape;

    /// <summary>The network's tensor as the file has it.</summary>
    public TensorData ToFile(TensorData data)
    {
        TensorData moved = ChannelsFirst ? Permute(data, ToFirst) : data;
        return new TensorData(FileType, FileShape, Flip(moved.Bytes));
    }

    /// <summary>The file's tensor as the network has it.</summary>
    public TensorData FromFile(ReadOnlySpan<byte> bytes)
    {
        var data = new TensorData(Type, FileShape, Flip(bytes.ToArray()));
        return ChannelsFirst ? Permute(data, ToLast) : data;
    }

    /// <summary>The elements with the axes in another order.</summary>
    public static TensorData Permute(TensorData data, IReadOnlyList<int> order)
    {
        var result = new TensorData(data.Type, data.Shape.Permute(order));
        var strides = new int[data.Shape.Rank];
        for (int axis = strides.Length - 1, stride = 1; axis >= 0; stride *= data.Shape[axis--]) strides[axis] = stride;
        int size = data.Type.Size();
        for (int to = 0; to < result.Count; to++)
        {
            int from = 0;
            for (int axis = order.Count - 1, rest = to; axis >= 0; rest /= result.Shape[axis--]) from += rest % result.Shape[axis] * strides[order[axis]];
            data.Bytes.AsSpan(from * size, size).CopyTo(result.Bytes.AsSpan(to * size));
        }

        return result;
    }

    private byte[] Flip(byte[] bytes) => Type == ElementType.Int8 ? Array.ConvertAll(bytes, b => (byte)(b ^ 0x80)) : bytes;
}
