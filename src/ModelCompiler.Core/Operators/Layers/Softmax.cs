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
/// exp(β · x) ÷ Σ exp(β · x) along an axis. Float: exp(β · (x − max)) for each, summed in order, divided by the sum.
/// 8 bits, with d = max − x: in float mode e = round(exp(−β · scale · d) · 2²³), summed in integers, output e × (1 ÷ (output scale × sum)) in float;
/// in fixed-point mode the TFLite reference kernel.
/// </summary>
/// <param name="Axis">The axis, counted from the front.</param>
/// <param name="Beta">Factor before the exponential.</param>
internal sealed record Softmax(int Axis, float Beta = 1) : Operator
{
    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.Fixed;

    /// <inheritdoc/>
    public override QuantizationParameters? FixedQuantization => new(1f / 256, sbyte.MinValue);

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order) => this with { Axis = order[Axis] };

    /// <summary>Type of the output; of 8-bit integers, the scale is 1/256 from zero.</summary>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.RequireReal(input);
        InferenceContext.Require(Axis >= 0 && Axis < input.Shape.Rank, $"A tensor of shape {input.Shape} has no axis {Axis}.");
        return [new TensorType(input.Type, input.Shape, input.IsQuantized ? new QuantizationParameters(1f / 256, input.Type.MinValue()) : null)];
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        if (output.IsQuantized16) return Int16Calls.Softmax(context, Axis, Beta);
        if (!output.IsQuantized) return Rows(
            input.Shape, (e, start, length, step) => EvaluateRow(e.Input(0).Floats, e.Output(0).Floats, start, length, step),
            (_, from, to, rows, length) => new SoftmaxFloat32(from, to, rows, length, Beta));
        var table = new SoftmaxTable(input, output, Beta, context.Mode);
        return Rows(
            input.Shape, (e, start, length, step) => table.EvaluateRow(e.Input(0).Bytes, e.Output(0).Bytes, start, length, step),
            (l, from, to, rows, length) => new SoftmaxInt8(
                from, to, l.Table("Exp", ElementType.Int32, table.Exponentials.Select(e => (double)e)), rows, length,
                l.Mode == RequantizationMode.FixedPoint, output.Q.Scale, output.Q.ZeroPoint, output.Type.MinValue(), output.Type.MaxValue()));
    }

    // Kernels take rows; along other axes than the last, the tensor is transposed before and after.
    private Implementation Rows(
        Shape shape, Action<EvaluationContext, int, int, int> evaluate, Func<LoweringContext, TensorRef, TensorRef, int, int, Kernel> kernel)
    {
        (int outer, int length, int inner) = (shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank));
        return Implementation.Kernels(
            e =>
            {
                for (int row = 0; row < outer * inner; row++) evaluate(e, (row / inner * length * inner) + (row % inner), length, inner);
            },
            l =>
            {
                if (inner == 1)
                {
                    l.EmitInPlace(kernel(l, l.In(0), l.Out(0), outer, length));
                    return;
                }

                TensorRef rows = l.Scratch(l.Input(0).Type, shape.Elements);
                TensorRef results = l.Scratch(l.Output(0).Type, shape.Elements);
                l.Emit(new TransposeKernel(l.In(0), rows, EquatableArray.Of(outer, length, inner), EquatableArray.Of(0, 2, 1)));
                l.Emit(kernel(l, rows, results, outer * inner, length));
                l.Emit(new TransposeKernel(results, l.Out(0), EquatableArray.Of(outer, inner, length), EquatableArray.Of(0, 2, 1)));
            });
    }

    private void EvaluateRow(Span<float> input, Span<float> output, int start, int length, int step)
    {
        float max = input[start];
        for (int i = 1; i < length; i++) max = Math.Max(max, input[start + (i * step)]);
        float sum = 0;
        for (int i = 0; i < length; i++)
        {
            float e = MathF.Exp((input[start + (i * step)] - max) * Beta);
            output[start + (i * step)] = e;
            sum += e;
        }

        for (int i = 0; i < length; i++) output[start + (i * step)] /= sum;
    }

    // ONNX: since opset 13 along one axis; before, over all axes from the given one on.
    [OnnxOperator("Softmax")]
    internal static void FromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int axis = Resolve(node, node.Int("axis", node.Opset < 13 ? 1 : -1), shape);
        if (node.Value(0).Type is ElementType.Float16 or ElementType.Float64)
        {
            Value x = node.Value(0);
            if (node.Opset < 13) x = node.Add("flat", new Reshape(new Shape(shape.ElementsBetween(0, axis), shape.ElementsBetween(axis, shape.Rank))), x.Id);
            node.Emit(new Reshape(shape), SoftmaxBindings.Compose(node, x, node.Opset < 13 ? 1 : axis).Id);
            return;
        }

        if (node.Opset >= 13 || axis == shape.Rank - 1)
        {
            node.Emit(new Softmax(axis), node.Input(0));
            return;
        }

        Value flat = node.Add("flat", new Reshape(new Shape(shape.ElementsBetween(0, axis), shape.ElementsBetween(axis, shape.Rank))), node.Input(0));
        node.Emit(new Reshape(shape), node.Add("softmax", new Softmax(1), flat.Id).Id);
    }

    // com.microsoft: x, its scale and zero point, output scale and zero point; attribute opset says which semantics hold.
    [OnnxOperator("QLinearSoftmax", "com.microsoft")]
    internal static void QuantizedFromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int axis = Resolve(node, node.Int("axis", -1), shape);
        if (node.Int("opset", 13) < 13 && axis != shape.Rank - 1)
            throw node.Unsupported("A softmax over several axes is not supported here.", "Export the model with opset 13 or later.");
        node.EmitQuantized(new Softmax(axis), 3, 4, node.Quantized(0, 1, 2));
    }

    private static int Resolve(OnnxNode node, int axis, Shape shape)
    {
        int result = axis < 0 ? axis + shape.Rank : axis;
        return result >= 0 && result < shape.Rank ? result : throw node.Malformed($"A tensor of shape {shape} has no axis {axis}.");
    }

    // TFLite: the option is beta; the axis is the last.
    [TfLiteOperator(TfLiteBuiltinOperator.Softmax, Integers = IntegerSupport.EightAndSixteen)]
    internal static void FromTfLite(TfLiteNode node) => node.Emit(new Softmax(node.Value(0).Shape.Rank - 1, node.Options.Float(0)), node.Input(0));
}
