using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>How <see cref="Unary"/> reads from ONNX and TFLite.</summary>
internal static class UnaryBindings
{
    [OnnxOperator("Relu", Integers = IntegerSupport.Yes)]
    internal static void ReluFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        node.Emit(IsCommon(x) ? Unary.Clamp(ActivationRange.Relu) : new Elementwise("Relu", ElementKind.Number), x.Id);
    }

    // Float32 and 8-bit tensors have kernels of their own.
    private static bool IsCommon(Value x) => x.Type == ElementType.Float32 || x.IsQuantized;

    private static void Emit(OnnxNode node, Unary op, ElementKind kind)
    {
        Value x = node.Value(0);
        node.Emit(IsCommon(x) ? op : new Elementwise(op.Kind.ToString(), kind, null, op.Alpha, op.Beta), x.Id);
    }


    // ONNX: bounds are attributes before opset 11 and optional inputs since.
    [OnnxOperator("Clip", Integers = IntegerSupport.Yes)]
    internal static void ClipFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        if (node.Opset >= 11 && (!IsCommon(x) || !IsKnown(1) || !IsKnown(2)))
        {
            if (node.HasInput(1)) x = node.Add("low", new Elementwise("Maximum", ElementKind.Number), x.Id, node.Input(1));
            if (node.HasInput(2)) x = node.Add("high", new Elementwise("Minimum", ElementKind.Number), x.Id, node.Input(2));
            node.Emit(new Reshape(x.Shape), x.Id);
            return;
        }

        float min = node.Opset < 11 ? node.Float("min", float.NegativeInfinity) : Bound(1, float.NegativeInfinity);
        float max = node.Opset < 11 ? node.Float("max", float.PositiveInfinity) : Bound(2, float.PositiveInfinity);
        node.Emit(IsCommon(x) ? Unary.Clamp(new ActivationRange(min, max)) : new Elementwise("ClampNumber", ElementKind.Number, null, min, max), x.Id);

        bool IsKnown(int input) => !node.HasInput(input) || node.Value(input).Constant is not null;

        float Bound(int input, float fallback) => node.OptionalConstant(input, "bound") is { Count: 1 } bound ? (float)bound.ToDouble(0) : fallback;
    }

    [OnnxOperator("Sigmoid", Integers = IntegerSupport.Yes)]
    internal static void SigmoidFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Sigmoid), ElementKind.Float);

    [OnnxOperator("Tanh", Integers = IntegerSupport.Yes)]
    internal static void TanhFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Tanh), ElementKind.Float);

    [OnnxOperator("Abs", Integers = IntegerSupport.Yes)]
    internal static void AbsFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Abs), ElementKind.Number);

    [OnnxOperator("Neg", Integers = IntegerSupport.Yes)]
    internal static void NegateFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Negate), ElementKind.Number);

    [OnnxOperator("Exp", Integers = IntegerSupport.Yes)]
    internal static void ExpFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Exp), ElementKind.Float);

    [OnnxOperator("Log", Integers = IntegerSupport.Yes)]
    internal static void LogFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Log), ElementKind.Float);

    [OnnxOperator("Sqrt", Integers = IntegerSupport.Yes)]
    internal static void SqrtFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Sqrt), ElementKind.Float);

    [OnnxOperator("Reciprocal", Integers = IntegerSupport.Yes)]
    internal static void ReciprocalFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Reciprocal), ElementKind.Float);

    [OnnxOperator("Softplus", Integers = IntegerSupport.Yes)]
    internal static void SoftplusFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Softplus), ElementKind.Float);

    [OnnxOperator("LeakyRelu", Integers = IntegerSupport.Yes)]
    internal static void LeakyReluFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.LeakyRelu, node.Float("alpha", 0.01f)), ElementKind.Float);

    [OnnxOperator("Elu", Integers = IntegerSupport.Yes)]
    internal static void EluFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.Elu, node.Float("alpha", 1)), ElementKind.Float);

    [OnnxOperator("HardSigmoid", Integers = IntegerSupport.Yes)]
    internal static void HardSigmoidFromOnnx(OnnxNode node) =>
        Emit(node, new Unary(UnaryKind.HardSigmoid, node.Float("alpha", 0.2f), node.Float("beta", 0.5f)), ElementKind.Float);

    [OnnxOperator("HardSwish", Integers = IntegerSupport.Yes)]
    internal static void HardSwishFromOnnx(OnnxNode node) => Emit(node, new Unary(UnaryKind.HardSwish), ElementKind.Float);

    [OnnxOperator("QLinearSigmoid", "com.microsoft", Integers = IntegerSupport.Yes)]
    internal static void QuantizedSigmoidFromOnnx(OnnxNode node) => node.EmitQuantized(new Unary(UnaryKind.Sigmoid), 3, 4, node.Quantized(0, 1, 2));

    [OnnxOperator("QLinearLeakyRelu", "com.microsoft", Integers = IntegerSupport.Yes)]
    internal static void QuantizedLeakyReluFromOnnx(OnnxNode node) =>
        node.EmitQuantized(new Unary(UnaryKind.LeakyRelu, node.Float("alpha", 0.01f)), 3, 4, node.Quantized(0, 1, 2));

    [TfLiteOperator(TfLiteBuiltinOperator.Relu, Integers = IntegerSupport.EightAndSixteen)]
    internal static void ReluFromTfLite(TfLiteNode node) => node.Emit(Unary.Clamp(ActivationRange.Relu), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Relu6, Integers = IntegerSupport.EightAndSixteen)]
    internal static void Relu6FromTfLite(TfLiteNode node) => node.Emit(Unary.Clamp(ActivationRange.Relu6), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.ReluN1To1, Integers = IntegerSupport.EightAndSixteen)]
    internal static void ReluN1To1FromTfLite(TfLiteNode node) => node.Emit(Unary.Clamp(ActivationRange.ReluN1To1), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Logistic, Integers = IntegerSupport.EightAndSixteen)]
    internal static void SigmoidFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Sigmoid), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Tanh, Integers = IntegerSupport.EightAndSixteen)]
    internal static void TanhFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Tanh), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Abs, Integers = IntegerSupport.Eight)]
    internal static void AbsFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Abs), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Neg, Integers = IntegerSupport.Eight)]
    internal static void NegateFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Negate), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Exp, Integers = IntegerSupport.Eight)]
    internal static void ExpFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Exp), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Log, Integers = IntegerSupport.Eight)]
    internal static void LogFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Log), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Sqrt, Integers = IntegerSupport.Eight)]
    internal static void SqrtFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Sqrt), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.HardSwish, Integers = IntegerSupport.Eight)]
    internal static void HardSwishFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.HardSwish), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Elu, Integers = IntegerSupport.Eight)]
    internal static void EluFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.Elu, 1), node.Input(0));

    // TFLite: the first option is alpha.
    [TfLiteOperator(TfLiteBuiltinOperator.LeakyRelu, Integers = IntegerSupport.EightAndSixteen)]
    internal static void LeakyReluFromTfLite(TfLiteNode node) => node.Emit(new Unary(UnaryKind.LeakyRelu, node.Options.Float(0)), node.Input(0));
}
