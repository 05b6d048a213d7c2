using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Preparation of features (ai.onnx.ml), composed of simpler operators.</summary>
internal static class FeatureBindings
{
    // (x − offset) · scale, per feature.
    [OnnxOperator("Scaler", "ai.onnx.ml")]
    internal static void ScalerFromOnnx(OnnxNode node)
    {
        Value x = Cast.To(node, node.Value(0), ElementType.Float32);
        if (node.Floats("offset") is { Length: > 0 } offset) x = node.Call("Sub", [x, Row(node, offset)]);
        if (node.Floats("scale") is { Length: > 0 } scale) x = node.Call("Mul", [x, Row(node, scale)]);
        node.Emit(new Reshape(x.Shape), x.Id);
    }

    [OnnxOperator("Normalizer", "ai.onnx.ml")]
    internal static void NormalizerFromOnnx(OnnxNode node)
    {
        Value x = Cast.To(node, node.Value(0), ElementType.Float32);
        Value axes = node.Constant(-1);
        Value norm = node.Text("norm", "MAX") switch
        {
            "L1" => node.Call("ReduceL1", [x, axes]),
            "L2" => node.Call("ReduceL2", [x, axes]),
            _ => node.Call("ReduceMax", [x, axes]),
        };
        Value divisor = node.Call("Where", [node.Call("Equal", [norm, node.ScalarLike(x, 0)]), node.ScalarLike(x, 1), norm]);
        node.Bind(0, node.Call("Div", [x, divisor]));
    }

    // What equals a given value, or is NaN, is replaced per feature.
    [OnnxOperator("Imputer", "ai.onnx.ml")]
    internal static void ImputerFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        bool isFloat = x.Type.IsFloat();
        Value values = isFloat ? Row(node, node.Floats("imputed_value_floats") ?? [0]) : node.Constant(node.Longs("imputed_value_int64s") ?? [0]);
        double replaced = isFloat ? node.Float("replaced_value_float", 0) : node.Int("replaced_value_int64", 0);
        Value missing = double.IsNaN(replaced) ? node.Call("IsNaN", [x]) : node.Call("Equal", [x, node.ScalarLike(x, replaced)]);
        node.Bind(0, node.Call("Where", [missing, node.Narrow(values, x.Type), x]));
    }

    // Several inputs side by side.
    [OnnxOperator("FeatureVectorizer", "ai.onnx.ml")]
    internal static void VectorizerFromOnnx(OnnxNode node)
    {
        Value[] columns = [.. Enumerable.Range(0, node.InputCount).Select(i =>
        {
            Value x = Cast.To(node, node.Value(i), ElementType.Float32);
            return node.Add("columns", new Reshape(new Shape(x.Shape.Rank == 0 ? 1 : x.Shape[0],
                x.Shape.Rank == 0 ? 1 : x.Shape.ElementsBetween(1, x.Shape.Rank))), x.Id);
        })];
        node.Emit(new Concatenation(1), [.. columns.Select(c => c.Id)]);
    }

    [OnnxOperator("OneHotEncoder", "ai.onnx.ml")]
    internal static void OneHotFromOnnx(OnnxNode node)
    {
        long[] categories = node.Longs("cats_int64s") ?? throw new ModelCompilationException("MC2003", "Categories of text are not supported.",
            "Turn text into integers in the program.");
        Value x = Cast.To(node, node.Value(0), ElementType.Int64);
        Value column = node.Add("column", new Reshape(new Shape([.. x.Shape, 1])), x.Id);
        node.Bind(0, Cast.To(node, node.Call("Equal", [column, node.Constant(categories)]), ElementType.Float32));
    }

    private static Value Row(OnnxNode node, float[] values) => node.Graph.AddConstant($"{node.Name}/row", TensorData.Of(new Shape(values.Length), values));
}
