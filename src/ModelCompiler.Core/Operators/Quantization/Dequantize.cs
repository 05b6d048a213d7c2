using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Integers to the real numbers they stand for: (integer − zero point) × scale, in float. Integers with a scale per slice
/// at build time only. Half-precision constants of TFLite models become float.
/// </summary>
internal sealed record Dequantize : Operator
{
    /// <inheritdoc/>
    public override bool TakesAnyScales(int input) => true;

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => context.Output.Type == ElementType.Float32 ? SignRule.Free : SignRule.Keep;

    /// <summary>Float, of the input's shape. A constant keeps its quantisation as a note of where its numbers come from.</summary>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) =>
        [new TensorType(ElementType.Float32, context[0].Shape, context[0].Constant is null ? null : context[0].Quantization)];

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        Value input = context.Input(0);
        if (input.IsQuantized && input.Q.IsPerTensor) return Implementation.Kernels(
            ToReals, l => l.Emit(new DequantizeInt8(l.In(0), l.Out(0), input.Q.Scale, input.Q.ZeroPoint, input.Shape.Elements)));
        if (input.IsAffine && input.Type.Size() <= sizeof(int))
            return new LibraryCall("Routine.DequantizeIntegers", input.Type.Name()).In(0).Out(0).Number(input.Q.Scale, input.Q.ZeroPoint, input.Shape.Elements);
        return Implementation.AtBuildTime(
            ToReals, $"A conversion of {input.Type} to float at run time", "Quantise activations to int8 or uint8 with a single scale.");
    }

    private static void ToReals(EvaluationContext context)
    {
        TensorData input = context.Input(0);
        context.SetOutput(0, TensorData.Of(input.Shape, input.Type.IsInteger() ? ToReals(input, context.InputValue(0).Q) : input.ToFloats()));
    }

    /// <summary>The real numbers that integers stand for.</summary>
    internal static float[] ToReals(TensorData data, QuantizationParameters q)
    {
        var reals = new float[data.Count];
        int inner = q.IsPerTensor ? 1 : data.Shape.ElementsBetween(q.Axis + 1, data.Shape.Rank);
        for (int i = 0; i < reals.Length; i++)
        {
            int slice = q.IsPerTensor ? 0 : i / inner % data.Shape[q.Axis];
            reals[i] = (data.ToInt32(i) - q.ZeroPoints[slice]) * q.Scales[slice];
        }

        return reals;
    }

    // ONNX: x, scale, optional zero point; a scale per slice belongs to an axis.
    [OnnxOperator("DequantizeLinear", Integers = IntegerSupport.Converts)]
    [OnnxOperator("DequantizeLinear", "com.microsoft", Integers = IntegerSupport.Converts)]
    internal static void FromOnnx(OnnxNode node)
    {
        if (!IsCommon(node))
        {
            QuantizationBindings.Dequantize(node);
            return;
        }

        Shape shape = node.Value(0).Shape;
        int axis = node.Int("axis", 1);
        axis = axis < 0 ? axis + shape.Rank : axis;
        RequireScalePerSlice(node, node.Parameters(1, 2, axis).Parameters, shape);
        node.Emit(new Dequantize(), node.Quantized(0, 1, 2, axis));
    }

    // From 8 bits with one constant scale, or of constants with a scale per slice.
    private static bool IsCommon(OnnxNode node)
    {
        Value x = node.Value(0);
        bool isKnown = node.Value(1).Constant is { } scale && (!node.HasInput(2) || node.Value(2).Constant is not null) && scale.Type == ElementType.Float32
            && Scales(scale.Floats, anySign: x.Constant is not null);
        return isKnown && x.Type.IsInteger() && (x.Constant is not null ? node.Value(1).Shape.Rank <= 1 && x.Type.Size() <= 4
            : node.Value(1).Shape.Elements == 1 && x.Type.IsByte()) && !node.HasAttribute("output_dtype");
    }

    private static bool Scales(ReadOnlySpan<float> scales, bool anySign)
    {
        foreach (float scale in scales)
        {
            if (!float.IsFinite(scale) || !(anySign ? scale != 0 : scale > 0)) return false;
        }

        return true;
    }

    /// <summary>MC1012 or MC2002 when scales do not belong to the slices of one axis.</summary>
    internal static void RequireScalePerSlice(OnnxNode node, QuantizationParameters q, Shape shape)
    {
        if (q.IsPerTensor) return;
        if (node.Int("block_size", 0) != 0) throw node.Unsupported("Scales for blocks are not supported.", "Quantise with a scale per tensor or per channel.");
        if (q.Axis < 0 || q.Axis >= shape.Rank || shape[q.Axis] != q.Scales.Count)
            throw node.Malformed($"{q.Scales.Count} scales do not fit axis {q.Axis} of a tensor of shape {shape}.");
    }

    [TfLiteOperator(TfLiteBuiltinOperator.Dequantize, Integers = IntegerSupport.Converts)]
    internal static void FromTfLite(TfLiteNode node)
    {
        if (node.Value(0).Type.IsInteger() && node.Value(0).Quantization is null) throw node.Malformed("The integers have no scale.");
        node.Emit(new Dequantize(), node.Input(0));
    }
}
