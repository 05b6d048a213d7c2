using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Arithmetic on the real numbers that the elements of two tensors are or stand for, with NumPy broadcasting. Kernels exist for float, and
/// for 8-bit sums, differences and products. <see cref="Elementwise"/> takes elements as they are, of any type: indices, half and double precision.
/// </summary>
/// <param name="Kind">What to compute.</param>
/// <param name="Activation">Fused activation.</param>
internal sealed record Binary(BinaryKind Kind, ActivationRange Activation) : Operator, IFusesActivation
{
    /// <inheritdoc/>
    public Operator WithActivation(ActivationRange activation) => this with { Activation = activation };

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => Kind == BinaryKind.Divide ? QuantizationRule.Float : QuantizationRule.Integer;

    /// <inheritdoc/>
    public override bool NeedsRelativePrecision(int input) => Kind == BinaryKind.Divide && input == 1;

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => Kind == BinaryKind.Divide ? SignRule.Keep : SignRule.InputsTogether;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value a, Value b) = (context[0], context[1]);
        InferenceContext.Require(a.Type == b.Type, $"The operands are of different types, {a.Type} and {b.Type}.");
        Shape? shape = Shape.Broadcast(a.Shape, b.Shape);
        InferenceContext.Require(shape is not null, $"Shapes {a.Shape} and {b.Shape} do not broadcast.");
        return [new TensorType(a.Type, shape!.Value)];
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        (Value a, Value output) = (context.Input(0), context.Output(0));
        if (a.IsQuantized16) return Int16Calls.Binary(context, Kind, Activation);
        Broadcasting loops = Broadcasting.Of(a.Shape, context.Input(1).Shape, output.Shape);
        if (output.IsQuantized && Kind != BinaryKind.Divide) return Integers(context, loops);
        if (output.Type == ElementType.Float32) return Implementation.Kernels(
            e =>
            {
                Span<float> result = e.Output(0).Floats;
                ReadOnlySpan<float> p = e.Input(0).Floats;
                ReadOnlySpan<float> q = e.Input(1).Floats;
                foreach ((int i, int x, int y) in loops.Elements) result[i] = Activation.Apply(Compute(p[x], q[y]));
            },
            l => l.EmitInPlace(new BinaryFloat32(
                l.In(0), l.In(1), l.Out(0), Kind, loops.Sizes.ToEquatableArray(), loops.StepsA.ToEquatableArray(), loops.StepsB.ToEquatableArray(),
                Activation.Min, Activation.Max), SameShape(a, output)));
        throw context.Unsupported($"{Kind} on {(output.IsQuantized ? "quantised " : "")}{output.Type}", "Compute it in float.");
    }

    // The input whose memory the result may take.
    private static int SameShape(Value a, Value output) => a.Shape.Elements == output.Shape.Elements && a.Constant is null ? 0 : 1;

    private float Compute(float a, float b) => Kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Subtract => a - b,
        BinaryKind.Multiply => a * b,
        _ => a / b,
    };

    private Implementation Integers(ChoiceContext context, Broadcasting loops)
    {
        (Value a, Value b, Value output, RequantizationMode mode) = (context.Input(0), context.Input(1), context.Output(0), context.Mode);
        var arithmetic = new QuantizedArithmetic(Kind, a, b, output, Activation);
        bool isFixed = mode == RequantizationMode.FixedPoint;
        return Implementation.Kernels(
            e =>
            {
                (byte[] p, byte[] q, byte[] result) = (e.Input(0).Bytes, e.Input(1).Bytes, e.Output(0).Bytes);
                foreach ((int i, int x, int y) in loops.Elements)
                    result[i] = ByteTensors.Byte(arithmetic.Result(ByteTensors.Integer(p[x], a.Type), ByteTensors.Integer(q[y], b.Type), mode));
            },
            l => l.EmitInPlace(Kernel(l), SameShape(a, output)));

        Kernel Kernel(LoweringContext l)
        {
            (EquatableArray<int> sizes, EquatableArray<int> stepsA, EquatableArray<int> stepsB) =
                (loops.Sizes.ToEquatableArray(), loops.StepsA.ToEquatableArray(), loops.StepsB.ToEquatableArray());
            (int zeroA, int zeroB, int zero) = (a.Q.ZeroPoint, b.Q.ZeroPoint, output.Q.ZeroPoint);
            if (Kind != BinaryKind.Multiply) return new AddInt8(
                l.In(0), l.In(1), l.Out(0), sizes, stepsA, stepsB, zeroA, zeroB, zero, arithmetic.Min, arithmetic.Max, Kind == BinaryKind.Subtract,
                isFixed ? 0 : arithmetic.FactorA, isFixed ? 0 : arithmetic.FactorB, isFixed ? arithmetic.FixedFactors.ToEquatableArray() : default);
            (int multiplier, int shift) = isFixed ? Requantization.QuantizeMultiplier(arithmetic.ProductFactor) : (0, 0);
            return new MultiplyInt8(
                l.In(0), l.In(1), l.Out(0), sizes, stepsA, stepsB, zeroA, zeroB, zero, arithmetic.Min, arithmetic.Max, isFixed,
                isFixed ? 0 : (float)arithmetic.ProductFactor, multiplier, shift);
        }
    }

    [OnnxOperator("Add")]
    internal static void AddFromOnnx(OnnxNode node) => FromOnnx(node, BinaryKind.Add);

    [OnnxOperator("Sub")]
    internal static void SubtractFromOnnx(OnnxNode node) => FromOnnx(node, BinaryKind.Subtract);

    [OnnxOperator("Mul")]
    internal static void MultiplyFromOnnx(OnnxNode node) => FromOnnx(node, BinaryKind.Multiply);

    [OnnxOperator("Div", Integers = IntegerSupport.None)]
    internal static void DivideFromOnnx(OnnxNode node) => FromOnnx(node, BinaryKind.Divide);

    private static void FromOnnx(OnnxNode node, BinaryKind kind)
    {
        if (node.Opset < 7 && node.Int("broadcast", 0) != 0)
            throw node.Unsupported("Broadcasting as before opset 7 is not supported.", "Export the model with opset 7 or later.");
        Value a = node.Value(0);
        node.Emit(a.Type == ElementType.Float32 || a.IsQuantized ? new Binary(kind, ActivationRange.None)
            : new Elementwise(kind.ToString(), ElementKind.Number), a.Id, node.Input(1));
    }

    [OnnxOperator("QLinearAdd", "com.microsoft")]
    internal static void QuantizedAddFromOnnx(OnnxNode node) => QuantizedFromOnnx(node, BinaryKind.Add);

    [OnnxOperator("QLinearMul", "com.microsoft")]
    internal static void QuantizedMultiplyFromOnnx(OnnxNode node) => QuantizedFromOnnx(node, BinaryKind.Multiply);

    private static void QuantizedFromOnnx(OnnxNode node, BinaryKind kind) =>
        node.EmitQuantized(new Binary(kind, ActivationRange.None), 6, 7, node.Quantized(0, 1, 2), node.Quantized(3, 4, 5));

    [TfLiteOperator(TfLiteBuiltinOperator.Add, Integers = IntegerSupport.EightToThirtyTwo)]
    internal static void AddFromTfLite(TfLiteNode node) => FromTfLite(node, BinaryKind.Add);

    [TfLiteOperator(TfLiteBuiltinOperator.Sub, Integers = IntegerSupport.EightToThirtyTwo)]
    internal static void SubtractFromTfLite(TfLiteNode node) => FromTfLite(node, BinaryKind.Subtract);

    [TfLiteOperator(TfLiteBuiltinOperator.Mul, Integers = IntegerSupport.EightToThirtyTwo)]
    internal static void MultiplyFromTfLite(TfLiteNode node) => FromTfLite(node, BinaryKind.Multiply);

    [TfLiteOperator(TfLiteBuiltinOperator.Div, Integers = IntegerSupport.ByWayOfFloatOrInt32)]
    internal static void DivideFromTfLite(TfLiteNode node) => FromTfLite(node, BinaryKind.Divide);

    // TFLite: the first option is the fused activation.
    private static void FromTfLite(TfLiteNode node, BinaryKind kind)
    {
        (Value a, ActivationRange activation) = (node.Value(0), node.Activation(0));
        if (a.IsAffine && kind == BinaryKind.Divide) node.EmitReal(x => node.Add("quotient", new Binary(kind, activation), x[0], x[1]));
        else if (a.Type == ElementType.Float32 || a.IsQuantized || a.IsQuantized16) node.Emit(new Binary(kind, activation), a.Id, node.Input(1));
        else if (activation.IsNone) node.Emit(new Elementwise(kind.ToString(), ElementKind.Number), a.Id, node.Input(1));
        else node.Emit(new Elementwise("ClampNumber", ElementKind.Number, null, activation.Min, activation.Max),
            node.Add("result", new Elementwise(kind.ToString(), ElementKind.Number), a.Id, node.Input(1)).Id);
    }
}
