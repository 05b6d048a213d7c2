using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Rotary position embedding: pairs of elements of every head turned by an angle that grows with the position (Su et al., 2021).
/// Composed of simpler operators.</summary>
internal static class RotaryEmbedding
{
    // x [batch, heads, length, size] or [batch, length, heads × size]; cosines and sines [positions, size ÷ 2] by position, or [batch, length, size ÷ 2].
    [OnnxOperator("RotaryEmbedding")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        Shape shape = x.Shape;
        if (shape.Rank == 4)
        {
            x = node.Add("rows", new Transpose(0, 2, 1, 3), x.Id);
        }
        else
        {
            int heads = node.Int("num_heads", 0);
            if (heads < 1 || shape[2] % heads != 0) throw node.Malformed($"A tensor of shape {shape} does not divide into {heads} heads.");
            x = node.Add("rows", new Reshape(new Shape(shape[0], shape[1], heads, shape[2] / heads)), x.Id);
        }

        int size = x.Shape[3];
        int turned = node.Int("rotary_embedding_dim", 0) is var given and > 0 ? given : size;
        if (turned > size || turned % 2 != 0) throw node.Malformed($"{turned} elements of heads of {size} cannot be turned.");
        (Value cosine, Value sine) = (Angles(node, 1, turned, x.Shape), Angles(node, 2, turned, x.Shape));
        Value part = MovementBindings.Part(node, $"{node.Name}/turned", x, 3, 0, turned);
        bool interleaved = node.Int("interleaved", 0) != 0;
        Value real = Half(0), imaginary = Half(1);
        Value first = node.Call("Sub", [node.Call("Mul", [cosine, real]), node.Call("Mul", [sine, imaginary])]);
        Value second = node.Call("Add", [node.Call("Mul", [sine, real]), node.Call("Mul", [cosine, imaginary])]);
        Value result = interleaved
            ? node.Add("pairs", new Reshape(part.Shape), ControlFlow.Stack(node, [first, second], 4).Id)
            : node.Call("Concat", [first, second], ("axis", 3));
        if (turned < size) result = node.Call("Concat", [result, MovementBindings.Part(node, $"{node.Name}/rest", x, 3, turned, size - turned)], ("axis", 3));
        result = shape.Rank == 4 ? node.Add("heads", new Transpose(0, 2, 1, 3), result.Id) : node.Add("flat", new Reshape(shape), result.Id);
        node.Bind(0, node.Narrow(result, node.Value(0).Type));

        Value Half(int which)
        {
            if (!interleaved) return MovementBindings.Part(node, $"{node.Name}/half", part, 3, which * (turned / 2), turned / 2);
            return node.Add("half", Strided.Slice(part.Shape, [0, 0, 0, which], [.. part.Shape.With(3, turned / 2)], [1, 1, 1, 2]), part.Id);
        }
    }

    private static Value Angles(OnnxNode node, int input, int turned, Shape rows)
    {
        Value cache = node.Widen(node.Value(input));
        if (node.HasInput(3)) cache = node.Call("Gather", [cache, node.Value(3)]);
        if (cache.Shape.Rank != 3 || cache.Shape[2] != turned / 2)
            throw node.Malformed($"Angles of shape {cache.Shape} do not belong to heads of {turned} elements.");
        return node.Add("angles", new Reshape(new Shape(cache.Shape[0], rows[1], 1, turned / 2)), cache.Id);
    }
}
