using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Support vector machines that give a number: Σ coefficient · kernel(x, support vector) + ρ; without support vectors, a linear model.</summary>
internal static class SupportVectorRegressor
{
    [OnnxOperator("SVMRegressor", "ai.onnx.ml")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = Cast.To(node, node.Value(0), CodeGen.Plan.ElementType.Float32);
        if (x.Shape.Rank == 1) x = node.Add("row", new Reshape(new Shape(1, x.Shape[0])), x.Id);
        if (x.Shape.Rank != 2) throw node.Malformed($"An input of shape {x.Shape} is not rows of features.");
        float[] coefficients = node.Floats("coefficients") ?? [];
        float[] rho = node.Floats("rho") ?? [];
        if (rho.Length == 0) throw node.Malformed("Attribute 'rho' is missing.");
        if (node.Text("post_transform", "NONE") != "NONE")
            throw node.Unsupported("A transformation of the result is not supported here.", "Export the model with post_transform NONE.");
        int vectors = node.Int("n_supports", 0);
        Value features = vectors > 0 ? SupportVectors.Kernel(node, x, vectors) : x;
        if (coefficients.Length != features.Shape[1]) throw node.Malformed($"There are {coefficients.Length} coefficients for {features.Shape[1]} numbers.");
        Value weights = node.Graph.AddConstant($"{node.Name}/coefficients", TensorData.Of(new Shape(features.Shape[1], 1), coefficients));
        Value y = node.Call("Add", [node.Call("MatMul", [features, weights]), node.Constant(rho[0])]);
        if (node.Int("one_class", 0) != 0)
        {
            Value positive = Cast.To(node, node.Call("Greater", [y, node.Constant(0f)]), CodeGen.Plan.ElementType.Float32);
            y = node.Call("Sub", [node.Call("Mul", [positive, node.Constant(2f)]), node.Constant(1f)]);
        }

        node.Bind(0, y);
    }
}
