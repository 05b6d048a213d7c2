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
/// Arithmetic on two tensors element by element, with NumPy broadcasting. Kernels exist for float, and for 8-bit sums, differences and products;
/// integers of 32 and 64 bits are computed at build time only.
/// </summary>
/// <param name="Kind">What to compute.</param>
/// <param name="Activation">Fused activation.</param>
public sealed record Binary(BinaryKind Kind, ActivationRange Activation) : Operator, IFusesActivation
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
    public override void Evaluate(EvaluationContext context)
    {
        (TensorData a, TensorData b) = (context.Input(0), context.Input(1));
        TensorData output = context.Output(0);
        Broadcasting broadcasting = Broadcasting.Of(a.Shape, b.Shape, output.Shape);
        if (output.Count == 0) return;
        if (context.InputValue(0).IsQuantized16)
        {
            Int16Calls.Binary(CallContext.Of(context), Kind, Activation).Evaluate(context);
        }
        else if (context.OutputValue(0).IsQuantized)
        {
            if (Kind == BinaryKind.Divide)
                throw new ModelCompilationException("MC2002", "A quotient of 8-bit integers is not supported.", "Keep the division in float.");
            var arithmetic = new QuantizedArithmetic(Kind, context.InputValue(0), context.InputValue(1), context.OutputValue(0), Activation);
            foreach ((int i, int x, int y) in broadcasting.Elements)
            {
                (int p, int q) = (ByteTensors.Integer(a.Bytes[x], a.Type), ByteTensors.Integer(b.Bytes[y], b.Type));
                output.Bytes[i] = ByteTensors.Byte(Kind == BinaryKind.Multiply ? arithmetic.Product(p, q, context.Mode) : arithmetic.Sum(p, q, context.Mode));
            }
        }
        else if (output.Type is ElementType.Int32 or ElementType.Int64)
        {
            foreach ((int i, int x, int y) in broadcasting.Elements)
            {
                long result = Compute(a.Type == ElementType.Int64 ? a.As<long>()[x] : a.As<int>()[x],
                    b.Type == ElementType.Int64 ? b.As<long>()[y] : b.As<int>()[y]);
                if (output.Type == ElementType.Int64) output.As<long>()[i] = result;
                else output.As<int>()[i] = unchecked((int)result);
            }
        }
        else if (output.Type == ElementType.Float32)
        {
            Span<float> result = output.Floats;
            ReadOnlySpan<float> p = a.Floats;
            ReadOnlySpan<float> q = b.Floats;
            foreach ((int i, int x, int y) in broadcasting.Elements) result[i] = Activation.Apply(Compute(p[x], q[y]));
        }
        else
        {
            throw new ModelCompilationException("MC2002", $"{Kind} on {output.Type} is not supported.", "Compute it in float.");
        }
    }

    private float Compute(float a, float b) => Kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Subtract => a - b,
        BinaryKind.Multiply => a * b,
        _ => a / b,
    };

    private long Compute(long a, long b) => Kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Subtract => a - b,
        BinaryKind.Multiply => a * b,
        _ => b == 0 ? throw new ModelCompilationException("MC1012", "An integer is divided by zero.", "Export the model again.") : b == -1 ? -a : a / b,
    };

    /// <inheritdoc/>
    public override void Lower(LoweringContext context)
    {
        (Value a, Value b, Value output) = (context.Input(0), context.Input(1), context.Output(0));
        Broadcasting broadcasting = Broadcasting.Of(a.Shape, b.Shape, output.Shape);
        (EquatableArray<int> sizes, EquatableArray<int> stepsA, EquatableArray<int> stepsB) =
            (broadcasting.Sizes.ToEquatableArray(), broadcasting.StepsA.ToEquatableArray(), broadcasting.StepsB.ToEquatableArray());
        if (a.IsQuantized16)
        {
            Int16Calls.Binary(CallContext.Of(context), Kind, Activation).Lower(context);
            return;
        }

        int sameShape = a.Shape.Elements == output.Shape.Elements && a.Constant is null ? 0 : 1;
        if (output.IsQuantized && Kind != BinaryKind.Divide)
        {
            var arithmetic = new QuantizedArithmetic(Kind, a, b, output, Activation);
            bool isFixed = context.Mode == RequantizationMode.FixedPoint;
            if (Kind == BinaryKind.Multiply)
            {
                (int multiplier, int shift) = isFixed ? Requantization.QuantizeMultiplier(arithmetic.ProductFactor) : (0, 0);
                context.EmitInPlace(
                    new MultiplyInt8(
                        context.In(0), context.In(1), context.Out(0), sizes, stepsA, stepsB, a.Q.ZeroPoint, b.Q.ZeroPoint, output.Q.ZeroPoint, arithmetic.Min,
                        arithmetic.Max,
                        isFixed, isFixed ? 0 : (float)arithmetic.ProductFactor, multiplier, shift),
                    sameShape);
            }
            else
            {
                context.EmitInPlace(
                    new AddInt8(
                        context.In(0), context.In(1), context.Out(0), sizes, stepsA, stepsB, a.Q.ZeroPoint, b.Q.ZeroPoint, output.Q.ZeroPoint, arithmetic.Min,
                        arithmetic.Max,
                        Kind == BinaryKind.Subtract, isFixed ? 0 : arithmetic.FactorA, isFixed ? 0 : arithmetic.FactorB,
                        isFixed ? arithmetic.FixedFactors.ToEquatableArray() : default),
                    sameShape);
            }
        }
        else if (output.Type == ElementType.Float32)
        {
            context.EmitInPlace(new BinaryFloat32(context.In(0), context.In(1), context.Out(0), Kind, sizes, stepsA, stepsB, Activation.Min, Activation.Max),
                sameShape);
        }
        else
        {
            throw context.Unsupported($"{Kind} on {(output.IsQuantized ? "quantised " : "")}{output.Type}", "Compute it in float.");
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
