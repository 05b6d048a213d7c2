using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>How <see cref="Unary"/> reads from ONNX and TFLite.</summary>
internal static class UnaryBindings
{
    [OnnxOperator("Relu")]
    internal static void ReluFromOnnx(OnnxNode node) => node.Emit(Unary.Clamp(ActivationRange.Relu), node.Input(0));

    // ONNX: bounds are attributes before opset 11 and optional inputs since.
    [OnnxOperator("Clip")]
    internal static void ClipFromOnnx(OnnxNode node)
    {
        float min = node.Opset < 11 ? node.Float("min", float.NegativeInfinity) : Bound(1, "lower bound", float.NegativeInfinity);
        float max = node.Opset < 11 ? node.Float("max", float.PositiveInfinity) : Bound(2, "upper bound", float.PositiveInfinity);
        node.Emit(Unary.Clamp(new ActivationRange(min, max)), node.Input(0));

        float Bound(int input, string what, float fallback) => node.OptionalConstant(input, what) is { Count: 1 } bound ? (float)bound.ToDouble(0) : fallback;
    }

    [OnnxOperator("Sigmoid")]
    internal static void SigmoidFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Sigmoid), node.Input(0));

    [OnnxOperator("Tanh")]
    internal static void TanhFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Tanh), node.Input(0));

    [OnnxOperator("Abs")]
    internal static void AbsFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Abs), node.Input(0));

    [OnnxOperator("Neg")]
    internal static void NegateFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Negate), node.Input(0));

    [OnnxOperator("Exp")]
    internal static void ExpFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Exp), node.Input(0));

    [OnnxOperator("Log")]
    internal static void LogFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Log), node.Input(0));

    [OnnxOperator("Sqrt")]
    internal static void SqrtFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Sqrt), node.Input(0));

    [OnnxOperator("Reciprocal")]
    internal static void ReciprocalFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Reciprocal), node.Input(0));

    [OnnxOperator("Softplus")]
    internal static void SoftplusFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Softplus), node.Input(0));

    [OnnxOperator("LeakyRelu")]
    internal static void LeakyReluFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.LeakyRelu, node.Float("alpha", 0.01f)), node.Input(0));

    [OnnxOperator("Elu")]
    internal static void EluFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.Elu, node.Float("alpha", 1)), node.Input(0));

    [OnnxOperator("HardSigmoid")]
    internal static void HardSigmoidFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.HardSigmoid, node.Float("alpha", 0.2f), node.Float("beta", 0.5f)), node.Input(0));

    [OnnxOperator("HardSwish")]
    internal static void HardSwishFromOnnx(OnnxNode node) => node.Emit(new Unary(UnaryKind.HardSwish), node.Input(0));

    [OnnxOperator("QLinearSigmoid", "com.microsoft")]
    internal static void QuantizedSigmoidFromOnnx(OnnxNode node) => node.EmitQuantized(new Unary(UnaryKind.Sigmoid), 3, 4, node.Quantized(0, 1, 2));

    [OnnxOperator("QLinearLeakyRelu", "com.microsoft")]
    internal static void QuantizedLeakyReluFromOnnx(OnnxNode node) => node.EmitQuantized(new Unary(UnaryKind.LeakyRelu, node.Float("alpha", 0.01f)), 3, 4, node.Quantized(0, 1, 2));

    [TfLiteOperator(TfLiteBuiltinOperator.Relu)]
    internal static void ReluFromTfLite(TfLiteNode node) => node.Emit(Unary.Clamp(ActivationRange.Relu), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Relu6)]
    internal static void Relu6FromTfLite(TfLiteNode node) => node.Emit(Unary.Clamp(ActivationRange.Relu6), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.ReluN1To1)]
    internal static void ReluN1To1FromTfLite(TfLiteNode node) => node.Emit(Unary.Clamp(ActivationRange.ReluN1To1), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Logistic)]
    internal static void SigmoidFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Sigmoid), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Tanh)]
    internal static void TanhFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Tanh), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Abs)]
    internal static void AbsFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Abs), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Neg)]
    internal static void NegateFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Negate), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Exp)]
    internal static void ExpFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Exp), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Log)]
    internal static void LogFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Log), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Sqrt)]
    internal static void SqrtFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Sqrt), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.HardSwish)]
    internal static void HardSwishFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.HardSwish), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Elu)]
    internal static void EluFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Elu, 1), node.Input(0));

    // TFLite: the first option is alpha.
    [TfLiteOperator(TfLiteBuiltinOperator.LeakyRelu)]
    internal static void LeakyReluFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.LeakyRelu, node.Options.Float(0)), node.Input(0));
}
