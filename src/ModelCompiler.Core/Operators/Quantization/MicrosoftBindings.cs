using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Operators that ONNX Runtime's optimiser and quantiser write (com.microsoft), composed of standard ones.</summary>
internal static class MicrosoftBindings
{
    // Weights of 2, 4 or 8 bits in blocks along K: [N, blocks, bytes], scales [N × blocks],
    // zero points packed alike or of the scales' type (else the middle of the range), bias.
    [OnnxOperator("MatMulNBits", "com.microsoft")]
    internal static void MatMulNBitsFromOnnx(OnnxNode node)
    {
        (int k, int n, int block, int bits) = (node.Int("K", 0), node.Int("N", 0), node.Int("block_size", 0), node.Int("bits", 4));
        if (k < 1 || n < 1 || block < 1 || bits is not (2 or 4 or 8)) throw node.Malformed("Sizes of the weights are missing.");
        if (node.HasInput(4)) throw node.Unsupported("Weights in another order are not supported.", "Quantise without g_idx.");
        int blocks = (k + block - 1) / block;
        byte[] packed = node.ConstantInput(1, "weights").Bytes;
        float[] scales = node.ConstantInput(2, "scales").ToFloats();
        TensorData? zeros = node.OptionalConstant(3, "zero points");
        int bytes = block * bits / 8, zeroBytes = ((blocks * bits) + 7) / 8;
        if (packed.Length != (long)n * blocks * bytes || scales.Length != (long)n * blocks)
            throw node.Malformed("The weights do not have the sizes that the attributes say.");
        if (zeros is not null && zeros.Count != (zeros.Type == ElementType.UInt8 ? n * zeroBytes : n * blocks))
            throw node.Malformed("The zero points do not belong to the weights.");
        var weights = new float[(long)k * n];
        for (int column = 0; column < n; column++)
        {
            for (int row = 0; row < k; row++)
            {
                (int b, int i) = (row / block, row % block);
                double zero = zeros is null ? 1 << (bits - 1) : zeros.Type == ElementType.UInt8 ? Code(zeros.Bytes, column * zeroBytes, b, bits)
                    : zeros.ToDouble((column * blocks) + b);
                weights[((long)row * n) + column] = (float)(Code(packed, ((column * blocks) + b) * bytes, i, bits) - zero) * scales[(column * blocks) + b];
            }
        }

        Value x = node.Widen(node.Value(0));
        Value result = node.Call("MatMul", [x, node.Graph.AddConstant($"{node.Name}/weights", TensorData.Of(new Shape(k, n), weights))]);
        if (node.HasInput(5)) result = node.Call("Add", [result, node.Widen(node.Value(5))]);
        node.Bind(0, node.Narrow(result, node.Value(0).Type));
    }

    // The lowest bits first.
    private static int Code(byte[] packed, int start, int index, int bits) => (packed[start + (index * bits / 8)] >> (index * bits % 8)) & ((1 << bits) - 1);

    [OnnxOperator("FusedMatMul", "com.microsoft")]
    internal static void FusedMatMulFromOnnx(OnnxNode node)
    {
        if (node.Int("transBatchA", 0) != 0 || node.Int("transBatchB", 0) != 0)
            throw node.Unsupported("Batches in another place are not supported.", "Export without transBatchA and transBatchB.");
        Value result = node.Call("MatMul", [Turned(0, "transA"), Turned(1, "transB")]);
        float alpha = node.Float("alpha", 1);
        node.Bind(0, alpha == 1 ? result : node.Call("Mul", [result, node.ScalarLike(result, alpha)]));

        Value Turned(int input, string attribute)
        {
            Value x = node.Value(input);
            int rank = x.Shape.Rank;
            return node.Int(attribute, 0) == 0 || rank < 2 ? x
                : node.Add("turned", new Transpose([.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]), x.Id);
        }
    }

    [OnnxOperator("FusedGemm", "com.microsoft")]
    internal static void FusedGemmFromOnnx(OnnxNode node)
    {
        Value result = node.Call("Gemm", [node.Value(0), node.Value(1), node.HasInput(2) ? node.Value(2) : null], ("transA", node.Int("transA", 0)),
            ("transB", node.Int("transB", 0)), ("alpha", node.Float("alpha", 1)), ("beta", node.Float("beta", 1)));
        node.Bind(0, Activated(node, result, [node.Float("activation_alpha", 0), node.Float("activation_beta", 0)]));
    }

    // A convolution, a summand if there is one, and an activation.
    [OnnxOperator("FusedConv", "com.microsoft")]
    internal static void FusedConvFromOnnx(OnnxNode node)
    {
        List<(string, object)> attributes = [("group", node.Int("group", 1)), ("auto_pad", node.Text("auto_pad", "NOTSET"))];
        foreach (string name in (string[])["kernel_shape", "strides", "pads", "dilations"])
        {
            if (node.Ints(name) is { } list) attributes.Add((name, list));
        }

        Value result = node.Call("Conv", [node.Value(0), node.Value(1), node.HasInput(2) ? node.Value(2) : null], [.. attributes]);
        if (node.HasInput(3)) result = node.Call("Add", [result, node.Value(3)]);
        node.Bind(0, Activated(node, result, node.Floats("activation_params") ?? []));
    }

    private static Value Activated(OnnxNode node, Value x, float[] parameters) => node.Text("activation", "") switch
    {
        "" => x,
        "LeakyRelu" => node.Call("LeakyRelu", [x], ("alpha", parameters.ElementAtOrDefault(0))),
        "HardSigmoid" => node.Call("HardSigmoid", [x], ("alpha", parameters.ElementAtOrDefault(0)), ("beta", parameters.ElementAtOrDefault(1))),
        "Clip" => node.Call("Clip", [x, node.ScalarLike(x, parameters.ElementAtOrDefault(0)), node.ScalarLike(x, parameters.ElementAtOrDefault(1))]),
        "Relu" or "Sigmoid" or "Tanh" or "HardSwish" => node.Call(node.Text("activation", ""), [x]),
        var other => throw node.Unsupported($"Activation '{other}' is not supported.", "Fuse Relu, LeakyRelu, Clip, Sigmoid, Tanh, HardSigmoid or HardSwish."),
    };

    [OnnxOperator("Gelu", "com.microsoft")]
    internal static void GeluFromOnnx(OnnxNode node) => node.Bind(0, node.Call("Gelu", [node.Value(0)]));

    [OnnxOperator("BiasGelu", "com.microsoft")]
    internal static void BiasGeluFromOnnx(OnnxNode node) => node.Bind(0, node.Call("Gelu", [node.Call("Add", [node.Value(0), node.Value(1)])]));

    [OnnxOperator("FastGelu", "com.microsoft")]
    internal static void FastGeluFromOnnx(OnnxNode node) =>
        node.Bind(0, node.Call("Gelu", [node.HasInput(1) ? node.Call("Add", [node.Value(0), node.Value(1)]) : node.Value(0)], ("approximate", "tanh")));

    [OnnxOperator("QuickGelu", "com.microsoft")]
    internal static void QuickGeluFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        node.Bind(0, node.Call("Mul", [x, node.Call("Sigmoid", [node.Call("Mul", [x, node.ScalarLike(x, node.Float("alpha", 1.702f))])])]));
    }

    // ONNX Runtime writes it without a domain.
    [OnnxOperator("SimplifiedLayerNormalization")]
    internal static void SimplifiedFromOnnx(OnnxNode node) =>
        node.Bind(0, node.Call("RMSNormalization", [node.Value(0), node.Value(1)], ("axis", node.Int("axis", -1)), ("epsilon", node.Float("epsilon", 1e-5f))));

    [OnnxOperator("SkipLayerNormalization", "com.microsoft")]
    internal static void SkipFromOnnx(OnnxNode node)
    {
        Value sum = Sum(node, 4);
        node.Bind(0, node.Call("LayerNormalization", [sum, node.Value(2), node.HasInput(3) ? node.Value(3) : null], ("axis", -1),
            ("epsilon", node.Float("epsilon", 1e-12f))));
        node.Bind(3, sum);
    }

    [OnnxOperator("SkipSimplifiedLayerNormalization", "com.microsoft")]
    internal static void SkipSimplifiedFromOnnx(OnnxNode node)
    {
        Value sum = Sum(node, 3);
        node.Bind(0, node.Call("RMSNormalization", [sum, node.Value(2)], ("axis", -1), ("epsilon", node.Float("epsilon", 1e-12f))));
        node.Bind(3, sum);
    }

    private static Value Sum(OnnxNode node, int bias)
    {
        Value sum = node.Call("Add", [node.Value(0), node.Value(1)]);
        return node.HasInput(bias) ? node.Call("Add", [sum, node.Value(bias)]) : sum;
    }
}
