using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Kernels of support vector machines.</summary>
internal static class SupportVectors
{
    /// <summary>The kernel of every row [N, F] with every support vector, [N, S].</summary>
    /// <param name="node">The node: attributes support_vectors, kernel_type and kernel_params (γ, c, degree).</param>
    /// <param name="x">Rows of features in float32.</param>
    /// <param name="vectors">Number of support vectors, at least 1.</param>
    /// <exception cref="ModelCompilationException">MC1012: attributes contradict each other; MC2002: the kernel is not known.</exception>
    public static Value Kernel(OnnxNode node, Value x, int vectors)
    {
        float[] all = node.Floats("support_vectors") ?? [];
        int features = x.Shape[1];
        if (all.Length != (long)vectors * features) throw node.Malformed($"{all.Length} numbers are not {vectors} support vectors of {features} features.");
        float[] parameters = node.Floats("kernel_params") ?? [];
        if (parameters.Length is > 0 and < 3) throw node.Malformed("Attribute 'kernel_params' does not hold gamma, coef0 and degree.");
        (float gamma, float offset, float degree) = parameters.Length == 0 ? (0, 0, 0) : (parameters[0], parameters[1], parameters[2]);
        Value rows = node.Graph.AddConstant($"{node.Name}/vectors", TensorData.Of(new Shape(vectors, features), all));
        string kernel = node.Text("kernel_type", "LINEAR");
        switch (kernel)
        {
            case "LINEAR":
                return node.Call("Gemm", [x, rows, null], ("transB", 1));
            case "POLY":
                return node.Call("Pow", [Affine(), node.Constant(degree)]);
            case "SIGMOID":
                return node.Call("Tanh", [Affine()]);
            case "RBF":
                Value each = node.Add("each", new Reshape(new Shape(x.Shape[0], 1, features)), x.Id);
                Value difference = node.Call("Sub", [each, rows]);
                Value distance = node.Call("ReduceSum", [node.Call("Mul", [difference, difference]), node.Constant([2L])], ("keepdims", 0));
                return node.Call("Exp", [node.Call("Mul", [distance, node.Constant(-gamma)])]);
            default:
                throw node.Unsupported($"A kernel of type {kernel} is not known.", "LINEAR, POLY, RBF and SIGMOID are.");
        }

        Value Affine() => node.Call("Add", [node.Call("Mul", [node.Call("Gemm", [x, rows, null], ("transB", 1)), node.Constant(gamma)]),
            node.Constant(offset)]);
    }
}
