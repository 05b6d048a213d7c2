using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>How <see cref="Elementwise"/> reads from ONNX: one line per operator.</summary>
internal static class ElementwiseBindings
{
    [OnnxOperator("Sin")]
    internal static void SinFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Sin", ElementKind.Float), node.Input(0));

    [OnnxOperator("Cos")]
    internal static void CosFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Cos", ElementKind.Float), node.Input(0));

    [OnnxOperator("Tan")]
    internal static void TanFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Tan", ElementKind.Float), node.Input(0));

    [OnnxOperator("Asin")]
    internal static void AsinFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Asin", ElementKind.Float), node.Input(0));

    [OnnxOperator("Acos")]
    internal static void AcosFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Acos", ElementKind.Float), node.Input(0));

    [OnnxOperator("Atan")]
    internal static void AtanFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Atan", ElementKind.Float), node.Input(0));

    [OnnxOperator("Sinh")]
    internal static void SinhFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Sinh", ElementKind.Float), node.Input(0));

    [OnnxOperator("Cosh")]
    internal static void CoshFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Cosh", ElementKind.Float), node.Input(0));

    [OnnxOperator("Asinh")]
    internal static void AsinhFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Asinh", ElementKind.Float), node.Input(0));

    [OnnxOperator("Acosh")]
    internal static void AcoshFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Acosh", ElementKind.Float), node.Input(0));

    [OnnxOperator("Atanh")]
    internal static void AtanhFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Atanh", ElementKind.Float), node.Input(0));

    [OnnxOperator("Floor")]
    internal static void FloorFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Floor", ElementKind.Float), node.Input(0));

    [OnnxOperator("Softsign")]
    internal static void SoftsignFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Softsign", ElementKind.Float), node.Input(0));

    [OnnxOperator("Mish")]
    internal static void MishFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Mish", ElementKind.Float), node.Input(0));

    [OnnxOperator("Erf")]
    internal static void ErfFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Erf", ElementKind.Float), node.Input(0));

    [OnnxOperator("Round")]
    internal static void RoundFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Round", ElementKind.Float), node.Input(0));

    [OnnxOperator("Ceil")]
    internal static void CeilFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Ceiling", ElementKind.Float), node.Input(0));

    [OnnxOperator("Sign")]
    internal static void SignFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Sign", ElementKind.Number), node.Input(0));

    [OnnxOperator("Selu")]
    internal static void SeluFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Selu", ElementKind.Float, null,
        node.Float("alpha", 1.67326319217681884765625f), node.Float("gamma", 1.05070102214813232421875f)), node.Input(0));

    [OnnxOperator("Celu")]
    internal static void CeluFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Celu", ElementKind.Float, null, node.Float("alpha", 1)), node.Input(0));

    [OnnxOperator("ThresholdedRelu")]
    internal static void ThresholdedReluFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise("ThresholdedRelu", ElementKind.Float, null, node.Float("alpha", 1)), node.Input(0));

    [OnnxOperator("Swish")]
    internal static void SwishFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Swish", ElementKind.Float, null, node.Float("alpha", 1)), node.Input(0));

    [OnnxOperator("Shrink")]
    internal static void ShrinkFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise("Shrink", ElementKind.Number, null, node.Float("bias", 0), node.Float("lambd", 0.5f)), node.Input(0));

    [OnnxOperator("Gelu")]
    internal static void GeluFromOnnx(OnnxNode node) => node.Emit(new Elementwise(node.Text("approximate", "none") == "tanh" ? "GeluTanh" : "Gelu",
        ElementKind.Float), node.Input(0));

    [OnnxOperator("IsNaN")]
    internal static void IsNaNFromOnnx(OnnxNode node) => node.Emit(new Elementwise("IsNaN", ElementKind.Float, ElementType.Bool), node.Input(0));

    [OnnxOperator("IsInf")]
    internal static void IsInfFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise("IsInfinity", ElementKind.Float, ElementType.Bool, node.Int("detect_negative", 1), node.Int("detect_positive", 1)),
            node.Input(0));

    [OnnxOperator("Not")]
    internal static void NotFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Not", ElementKind.Bool), node.Input(0));

    [OnnxOperator("BitwiseNot")]
    internal static void BitwiseNotFromOnnx(OnnxNode node) => node.Emit(new Elementwise("BitwiseNot", ElementKind.Integer), node.Input(0));

    [OnnxOperator("And")]
    internal static void AndFromOnnx(OnnxNode node) => node.Emit(new Elementwise("And", ElementKind.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("Or")]
    internal static void OrFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Or", ElementKind.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("Xor")]
    internal static void XorFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Xor", ElementKind.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("BitwiseAnd")]
    internal static void BitwiseAndFromOnnx(OnnxNode node) => node.Emit(new Elementwise("BitwiseAnd", ElementKind.Integer), node.Input(0), node.Input(1));

    [OnnxOperator("BitwiseOr")]
    internal static void BitwiseOrFromOnnx(OnnxNode node) => node.Emit(new Elementwise("BitwiseOr", ElementKind.Integer), node.Input(0), node.Input(1));

    [OnnxOperator("BitwiseXor")]
    internal static void BitwiseXorFromOnnx(OnnxNode node) => node.Emit(new Elementwise("BitwiseXor", ElementKind.Integer), node.Input(0), node.Input(1));

    [OnnxOperator("Less")]
    internal static void LessFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Less", ElementKind.Number, ElementType.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("Greater")]
    internal static void GreaterFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise("Greater", ElementKind.Number, ElementType.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("LessOrEqual")]
    internal static void LessOrEqualFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise("LessOrEqual", ElementKind.Number, ElementType.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("GreaterOrEqual")]
    internal static void GreaterOrEqualFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise("GreaterOrEqual", ElementKind.Number, ElementType.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("Equal")]
    internal static void EqualFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Equal", ElementKind.Any, ElementType.Bool), node.Input(0), node.Input(1));

    [OnnxOperator("Pow")]
    internal static void PowFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Power", ElementKind.Number), node.Input(0), node.Input(1));

    [OnnxOperator("Mod")]
    internal static void ModFromOnnx(OnnxNode node) => node.Emit(new Elementwise(node.Int("fmod", 0) != 0 ? "Remainder" : "Modulo", ElementKind.Number),
        node.Input(0), node.Input(1));

    [OnnxOperator("BitShift")]
    internal static void BitShiftFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise(node.Text("direction", "") == "LEFT" ? "ShiftLeft" : "ShiftRight", ElementKind.Integer), node.Input(0), node.Input(1));

    // The slope broadcasts to the input only; a vector of length C used to belong to the channels, and does so by its shape.
    [OnnxOperator("PRelu")]
    internal static void PreluFromOnnx(OnnxNode node) => node.Emit(new Elementwise("Prelu", ElementKind.Number), node.Input(0), node.Input(1));

    [OnnxOperator("Binarizer", "ai.onnx.ml")]
    internal static void BinarizerFromOnnx(OnnxNode node) =>
        node.Emit(new Elementwise("Binarize", ElementKind.Number, null, node.Float("threshold", 0)), node.Input(0));

    [OnnxOperator("Max")]
    internal static void MaxFromOnnx(OnnxNode node) => Chain(node, "Maximum");

    [OnnxOperator("Min")]
    internal static void MinFromOnnx(OnnxNode node) => Chain(node, "Minimum");

    [OnnxOperator("Sum")]
    internal static void SumFromOnnx(OnnxNode node) => Bind(node, Accumulate(node));

    [OnnxOperator("Mean")]
    internal static void MeanFromOnnx(OnnxNode node)
    {
        Value sum = Accumulate(node);
        Bind(node, node.Call("Div", [sum, node.ScalarLike(sum, node.InputCount)]));
    }

    private static void Chain(OnnxNode node, string function)
    {
        Value result = node.Value(0);
        for (int i = 1; i < node.InputCount; i++)
            result = node.Add(i.ToString(System.Globalization.CultureInfo.InvariantCulture), new Elementwise(function, ElementKind.Number), result.Id,
                node.Input(i));
        Bind(node, result);
    }

    private static Value Accumulate(OnnxNode node)
    {
        Value result = node.Value(0);
        for (int i = 1; i < node.InputCount; i++) result = node.Call("Add", [result, node.Value(i)]);
        return result;
    }

    private static void Bind(OnnxNode node, Value value)
    {
        if (node.InputCount == 1) node.Emit(new Reshape(value.Shape), value.Id);
        else node.Bind(0, value);
    }
}
