using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Real numbers, or integers of another quantisation, to integers whose type and quantisation the output says.
/// Real numbers are divided by the scale and rounded to nearest, ties to even in float mode and away from zero in fixed-point mode (as TFLite does).
/// </summary>
internal sealed record Quantize : Operator
{
    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => context.Input.Type == ElementType.Float32 ? SignRule.Free : SignRule.Keep;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) => [new TensorType(ElementType.Int8, context[0].Shape)];

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (input.IsQuantized && output.IsQuantized && input.Q.IsPerTensor && output.Q.IsPerTensor)
        {
            byte[] table = ByteTensors.RequantizationTable(input.TensorType, output.TensorType, context.Mode);
            return table.Select((b, i) => b == i).All(same => same) ? Implementation.Alias : Implementation.Lookup(table);
        }

        if (WideCall(context) is { } call) return call;
        if (input.Type == ElementType.Float32 && output.IsQuantized && output.Q.IsPerTensor) return Implementation.Kernels(
            ToIntegers, l => l.Emit(new QuantizeFloat32(
                l.In(0), l.Out(0), output.Q.Scale, output.Q.ZeroPoint, l.Mode == RequantizationMode.FixedPoint, input.Shape.Elements)));
        return Implementation.AtBuildTime(
            ToIntegers, $"A conversion of {input.Type} to {output.Type}{(output.Q.IsPerTensor ? "" : " with a scale per channel")} at run time",
            "Quantise activations to int8 or uint8 with a single scale.");
    }

    private static void ToIntegers(EvaluationContext context)
    {
        (TensorData input, TensorData output, Value value) = (context.Input(0), context.Output(0), context.InputValue(0));
        QuantizationParameters q = context.OutputValue(0).Q;
        float[] reals = value.Quantization is not null && value.Type.IsInteger() ? Dequantize.ToReals(input, value.Q) : input.ToFloats();
        (int min, int max) = (output.Type.MinValue(), output.Type.MaxValue());
        int inner = q.IsPerTensor ? 1 : output.Shape.ElementsBetween(q.Axis + 1, output.Shape.Rank);
        for (int i = 0; i < output.Count; i++)
        {
            int slice = q.IsPerTensor ? 0 : i / inner % output.Shape[q.Axis];
            int integer = context.Mode == RequantizationMode.Float
                ? Requantization.Quantize(reals[i], q.Scales[slice], q.ZeroPoints[slice], min, max)
                : AwayFromZero(reals[i], q.Scales[slice], q.ZeroPoints[slice], min, max);
            if (output.Type.IsByte()) output.Bytes[i] = ByteTensors.Byte(integer);
            else if (output.Type.Size() == 2) output.As<short>()[i] = unchecked((short)integer);
            else output.As<int>()[i] = integer;
        }
    }

    // Conversions from or to integers of more than 8 bits.
    private static LibraryCall? WideCall(ChoiceContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (!output.IsAffine || (output.IsQuantized && !input.IsAffine) || (output.IsQuantized && input.IsQuantized) || output.Type.Size() > sizeof(int))
            return null;
        (int min, int max) = (output.Type.MinValue(), output.Type.MaxValue());
        if (input.IsAffine && input.Type.Size() <= sizeof(int)) return Int16Calls.Requantize(input, output, min, max);
        if (input.Type != ElementType.Float32) return null;
        return new LibraryCall("Routine.QuantizeFloats", output.Type.Name()).In(0).Out(0).Number(
            output.Q.Scale, output.Q.ZeroPoint, context.Mode == RequantizationMode.FixedPoint, min, max, input.Shape.Elements);
    }

    // TFLite's rounding; clamped before, which gives the same since the bounds are integers.
    private static int AwayFromZero(float value, float scale, int zeroPoint, int min, int max) =>
        (int)MathF.Round(Math.Min(Math.Max(value / scale, (float)min - zeroPoint), (float)max - zeroPoint), MidpointRounding.AwayFromZero) + zeroPoint;

    // ONNX: x, scale, optional zero point, whose type is the output's; a scale per slice belongs to an axis.
    [OnnxOperator("QuantizeLinear", Integers = IntegerSupport.Converts)]
    [OnnxOperator("QuantizeLinear", "com.microsoft", Integers = IntegerSupport.Converts)]
    internal static void FromOnnx(OnnxNode node)
    {
        if (!IsCommon(node))
        {
            QuantizationBindings.Quantize(node);
            return;
        }

        int rank = node.Value(0).Shape.Rank;
        int axis = node.Int("axis", 1);
        (QuantizationParameters q, ElementType type) = node.Parameters(1, 2, axis < 0 ? axis + rank : axis);
        Dequantize.RequireScalePerSlice(node, q, node.Value(0).Shape);
        node.Bind(0, node.Graph.Add(node.OutputName(0), node.Origin, new Quantize(), [node.Input(0)], q, type));
    }

    // To 8 bits with one constant scale, or of constants.
    private static bool IsCommon(OnnxNode node)
    {
        bool isKnown = node.Value(1).Constant is { } scale && (!node.HasInput(2) || node.Value(2).Constant is not null) && scale.Type == ElementType.Float32;
        ElementType type = node.HasInput(2) ? node.Value(2).Type : ElementType.UInt8;
        bool isNegative = isKnown && node.Value(0).Constant is null && node.Value(1).Constant!.Floats.ContainsAnyInRange(float.MinValue, -float.Epsilon);
        return isKnown && !isNegative && node.Value(0).Type == ElementType.Float32 && node.Value(1).Shape.Elements == 1 && type.IsByte()
            && !node.HasAttribute("output_dtype") && node.NarrowType(2) == default;
    }

    [TfLiteOperator(TfLiteBuiltinOperator.Quantize, Integers = IntegerSupport.Converts)]
    internal static void FromTfLite(TfLiteNode node) => node.Emit(new Quantize(), node.Input(0));
}
