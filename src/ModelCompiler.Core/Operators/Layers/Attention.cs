using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Operators;

/// <summary>Scaled dot-product attention, composed of matrix products and a softmax. Half-precision tensors are computed in float32.</summary>
internal static class Attention
{
    // Q, K, V as [batch, heads, length, size] or [batch, length, heads × size]; mask; past keys and values; number of keys that count.
    [OnnxOperator("Attention")]
    internal static void FromOnnx(OnnxNode node)
    {
        ElementType type = node.Value(0).Type;
        bool flat = node.Value(0).Shape.Rank == 3;
        Value q = Heads(node, node.Value(0), node.Int("q_num_heads", 0));
        Value k = Heads(node, node.Value(1), node.Int("kv_num_heads", 0));
        Value v = Heads(node, node.Value(2), node.Int("kv_num_heads", 0));
        int past = 0;
        if (node.HasInput(4))
        {
            past = node.Value(4).Shape[2];
            k = node.Call("Concat", [node.Widen(node.Value(4)), k], ("axis", 2));
            v = node.Call("Concat", [node.Widen(node.Value(5)), v], ("axis", 2));
        }

        node.Bind(1, node.Narrow(k, type));
        node.Bind(2, node.Narrow(v, type));
        double scale = node.HasAttribute("scale") ? node.Float("scale", 1) : 1 / Math.Sqrt(q.Shape[-1]);
        // Half of the scale on either side keeps numbers small.
        double root = Math.Sqrt(scale);
        Value product = Product(node, node.Call("Mul", [q, node.ScalarLike(q, root)]), node.Call("Mul", [k, node.ScalarLike(k, root)]));
        int mode = node.Int("qk_matmul_output_mode", 0);
        if (mode == 0) node.Bind(3, node.Narrow(product, type));
        float cap = node.Float("softcap", 0);
        if (cap != 0) product = node.Call("Mul", [node.Call("Tanh", [node.Call("Div", [product, node.ScalarLike(product, cap)])]),
            node.ScalarLike(product, cap)]);
        if (mode == 1) node.Bind(3, node.Narrow(product, type));
        product = Masked(node, product, past);
        if (mode == 2) node.Bind(3, node.Narrow(product, type));
        Value weights = node.Call("Softmax", [product], ("axis", -1));
        if (mode == 3) node.Bind(3, node.Narrow(weights, type));
        Value result = MatMul.Emit(node, weights, Repeat(node, v, q.Shape[1]));
        if (flat) result = node.Add("flat", new Reshape(new Shape(result.Shape[0], result.Shape[2], result.Shape[1] * result.Shape[3])),
            node.Add("rows", new Transpose(0, 2, 1, 3), result.Id).Id);
        node.Bind(0, node.Narrow(result, type));
    }

    // ai.onnx.preview: the same with subgraphs that change scores and probabilities.
    [OnnxOperator("FlexAttention", "ai.onnx.preview")]
    internal static void FlexibleFromOnnx(OnnxNode node)
    {
        ElementType type = node.Value(0).Type;
        Value q = node.Widen(node.Value(0));
        Value k = node.Widen(node.Value(1));
        double scale = node.HasAttribute("scale") ? node.Float("scale", 1) : 1 / Math.Sqrt(q.Shape[-1]);
        Value scores = Product(node, q, k);
        scores = node.Call("Mul", [scores, node.ScalarLike(scores, scale)]);
        scores = Modified(node, "score_mod", scores, type);
        Value weights = Modified(node, "prob_mod", node.Call("Softmax", [scores], ("axis", -1)), type);
        node.Bind(0, node.Narrow(MatMul.Emit(node, weights, Repeat(node, node.Widen(node.Value(2)), q.Shape[1])), type));
    }

    private static Value Modified(OnnxNode node, string attribute, Value scores, ElementType type)
    {
        if (!node.HasAttribute(attribute)) return scores;
        GraphProto body = node.Subgraph(attribute);
        ElementType wanted = body.Input[0].Type?.TensorType is { ElemType: > 0 } tensor ? node.StoredType((TensorProto.Types.DataType)tensor.ElemType) : type;
        return Cast.To(node, node.Graph[node.Import(body, [new OnnxValue(Cast.To(node, scores, wanted).Id, null)])[0].Tensor], scores.Type);
    }

    private static Value Heads(OnnxNode node, Value x, int heads)
    {
        x = node.Widen(x);
        if (x.Shape.Rank == 4) return x;
        if (x.Shape.Rank != 3 || heads < 1 || x.Shape[2] % heads != 0) throw node.Malformed($"A tensor of shape {x.Shape} does not divide into {heads} heads.");
        Value parts = node.Add("heads", new Reshape(new Shape(x.Shape[0], x.Shape[1], heads, x.Shape[2] / heads)), x.Id);
        return node.Add("heads_first", new Transpose(0, 2, 1, 3), parts.Id);
    }

    // q · kᵀ, with every key head for as many query heads as there are.
    private static Value Product(OnnxNode node, Value q, Value k) =>
        MatMul.Emit(node, q, node.Add("keys", new Transpose(0, 1, 3, 2), Repeat(node, k, q.Shape[1]).Id));

    private static Value Repeat(OnnxNode node, Value x, int heads)
    {
        int own = x.Shape[1];
        if (own == heads) return x;
        if (own == 0 || heads % own != 0) throw node.Malformed($"{heads} query heads do not divide among {own} key heads.");
        Value single = node.Add("single", new Reshape(new Shape(x.Shape[0], own, 1, x.Shape[2], x.Shape[3])), x.Id);
        Value repeated = node.Add("repeated", Strided.Expand(single.Shape, single.Shape.With(2, heads / own)), single.Id);
        return node.Add("all_heads", new Reshape(x.Shape.With(1, heads)), repeated.Id);
    }

    private static Value Masked(OnnxNode node, Value scores, int past)
    {
        (int queries, int keys) = (scores.Shape[2], scores.Shape[3]);
        if (node.HasInput(3))
        {
            Value mask = node.Value(3);
            if (mask.Type == ElementType.Bool) mask = node.Call("Where", [mask, node.ScalarLike(scores, 0), node.ScalarLike(scores, double.NegativeInfinity)]);
            mask = Cast.To(node, mask, scores.Type);
            // Keys beyond the mask do not count.
            if (mask.Shape[-1] < keys && mask.Shape[-1] != 1)
                mask = node.Call("Pad", [mask, node.Constant(0, keys - mask.Shape[-1]), node.ScalarLike(scores, double.NegativeInfinity),
                    node.Constant(mask.Shape.Rank - 1)]);
            scores = node.Call("Add", [scores, mask]);
        }

        if (node.HasInput(6))
        {
            Value counts = node.Add("counts", new Reshape(new Shape(scores.Shape[0], 1, 1, 1)), node.Value(6).Id);
            Value positions = node.Constant([.. Enumerable.Range(0, keys).Select(i => (long)i)]);
            scores = node.Call("Where", [node.Call("Less", [positions, Cast.To(node, counts, ElementType.Int64)]), scores,
                node.ScalarLike(scores, double.NegativeInfinity)]);
        }

        if (node.Int("is_causal", 0) == 0) return scores;
        var causal = new TensorData(ElementType.Float32, new Shape(queries, keys));
        for (int i = 0; i < causal.Count; i++) causal.Floats[i] = i % keys > (i / keys) + past ? float.NegativeInfinity : 0;
        return node.Call("Add", [scores, Cast.To(node, node.Graph.AddConstant($"{node.Name}/causal", causal), scores.Type)]);
    }
}
