namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Messages that hold messages.</summary>
internal enum OnnxMessage
{
    Leaf,
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    SparseTensor,
    ValueInfo,
    Type,
    TensorType,
    Shape,
    ElementType,
    MapType,
    Function,
    Annotation,
}

/// <summary>What <see cref="OnnxWire.Check"/> found.</summary>
internal enum WireState
{
    Sound,
    Truncated,
    Invalid,
    TooDeep,
    TooMany,
}

/// <summary>
/// Walks the wire format before the protobuf parser builds objects. An empty message takes two bytes in a file and hundreds in memory,
/// so a hostile file is stopped by counting; the walk also tells a truncated model from a file that is no protobuf at all.
/// </summary>
internal static class OnnxWire
{
    /// <summary>More parts than any model that is worth compiling has.</summary>
    public const int MaxMessages = 4_000_000;

    // Below the parser's own limit of 100, so that the limit met is ours.
    private const int MaxDepth = 90;

    /// <summary>Checks a whole message.</summary>
    public static WireState Check(ReadOnlySpan<byte> bytes, OnnxMessage root)
    {
        int messages = 0;
        return Walk(bytes, root, 0, ref messages);
    }

    private static WireState Walk(ReadOnlySpan<byte> bytes, OnnxMessage message, int depth, ref int messages)
    {
        if (depth > MaxDepth) return WireState.TooDeep;
        if (++messages > MaxMessages) return WireState.TooMany;
        while (!bytes.IsEmpty)
        {
            WireState state = ReadVarint(ref bytes, out ulong tag);
            if (state != WireState.Sound) return state;
            if (tag >> 3 is 0 or > 0x1FFFFFFF) return WireState.Invalid;
            ulong length;
            switch (tag & 7)
            {
                case 0:
                    state = ReadVarint(ref bytes, out _);
                    if (state != WireState.Sound) return state;
                    continue;
                case 1:
                    length = 8;
                    break;
                case 2:
                    state = ReadVarint(ref bytes, out length);
                    if (state != WireState.Sound) return state;
                    break;
                case 5:
                    length = 4;
                    break;
                default:
                    // Groups (3 and 4) were never part of ONNX; 6 and 7 do not exist.
                    return WireState.Invalid;
            }

            if (length > (ulong)bytes.Length) return WireState.Truncated;
            if ((tag & 7) == 2 && Child(message, (int)(tag >> 3)) is { } child)
            {
                state = Walk(bytes[..(int)length], child, depth + 1, ref messages);
                if (state != WireState.Sound) return state;
            }

            bytes = bytes[(int)length..];
        }

        return WireState.Sound;
    }

    private static WireState ReadVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (int i = 0; i < 10; i++)
        {
            if (i >= bytes.Length) return WireState.Truncated;
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return WireState.Sound;
            }
        }

        return WireState.Invalid;
    }

    /// <summary>The message a field holds, or null when it holds none that needs a look inside.</summary>
    private static OnnxMessage? Child(OnnxMessage message, int field) => (message, field) switch
    {
        (OnnxMessage.Model, 7) => OnnxMessage.Graph,
        (OnnxMessage.Model, 8 or 14) => OnnxMessage.Leaf,
        (OnnxMessage.Model, 25) => OnnxMessage.Function,
        (OnnxMessage.Graph, 1) => OnnxMessage.Node,
        (OnnxMessage.Graph, 5) => OnnxMessage.Tensor,
        (OnnxMessage.Graph, 11 or 12 or 13) => OnnxMessage.ValueInfo,
        (OnnxMessage.Graph, 14) => OnnxMessage.Annotation,
        (OnnxMessage.Graph, 15) => OnnxMessage.SparseTensor,
        (OnnxMessage.Node, 5) => OnnxMessage.Attribute,
        (OnnxMessage.Attribute, 5 or 10) => OnnxMessage.Tensor,
        (OnnxMessage.Attribute, 6 or 11) => OnnxMessage.Graph,
        (OnnxMessage.Attribute, 14 or 15) => OnnxMessage.Type,
        (OnnxMessage.Attribute, 22 or 23) => OnnxMessage.SparseTensor,
        (OnnxMessage.Tensor, 3 or 13) => OnnxMessage.Leaf,
        (OnnxMessage.SparseTensor, 1 or 2) => OnnxMessage.Tensor,
        (OnnxMessage.ValueInfo, 2) => OnnxMessage.Type,
        (OnnxMessage.Type, 1 or 8) => OnnxMessage.TensorType,
        (OnnxMessage.Type, 4 or 9) => OnnxMessage.ElementType,
        (OnnxMessage.Type, 5) => OnnxMessage.MapType,
        (OnnxMessage.Type, 7) => OnnxMessage.Leaf,
        (OnnxMessage.ElementType, 1) or (OnnxMessage.MapType, 2) => OnnxMessage.Type,
        (OnnxMessage.TensorType, 2) => OnnxMessage.Shape,
        (OnnxMessage.Shape, 1) => OnnxMessage.Leaf,
        (OnnxMessage.Function, 7) => OnnxMessage.Node,
        (OnnxMessage.Function, 9) => OnnxMessage.Leaf,
        (OnnxMessage.Function, 11) => OnnxMessage.Attribute,
        (OnnxMessage.Function, 12) => OnnxMessage.ValueInfo,
        (OnnxMessage.Annotation, 2) => OnnxMessage.Leaf,
        _ => null,
    };
}
