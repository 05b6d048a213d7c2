using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Surrounds a tensor with a constant, on any axes. Negative amounts crop.</summary>
/// <param name="Before">Elements before the first, per axis.</param>
/// <param name="After">Elements after the last, per axis.</param>
/// <param name="Value">The constant as a real number; quantised tensors get the integer that stands for it.</param>
internal sealed record Pad(EquatableArray<int> Before, EquatableArray<int> After, float Value) : Operator
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => Before[rank - 1] == 0 && After[rank - 1] == 0;

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.SameAsInput;

    /// <summary>True when the constant stands for zero.</summary>
    public bool PadsWithZeros(Value source) => Value == 0
        && (source.IsQuantized || source is { IsQuantized16: true, Q.ZeroPoint: 0 } || source.Type == ElementType.Float32);

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order)
    {
        var before = new int[order.Count];
        var after = new int[order.Count];
        for (int i = 0; i < order.Count; i++) (before[order[i]], after[order[i]]) = (Before[i], After[i]);
        return this with { Before = before.ToEquatableArray(), After = after.ToEquatableArray() };
    }

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.Require(Before.Count == input.Shape.Rank && After.Count == input.Shape.Rank,
            $"There are paddings for {Before.Count} axes, but the tensor is {input.Shape}.");
        long[] sizes = [.. input.Shape.Select((d, i) => (long)d + Before[i] + After[i])];
        InferenceContext.Require(sizes.Select((d, i) => d >= 0 && d <= int.MaxValue && -Before[i] <= input.Shape[i] && -After[i] <= input.Shape[i])
            .All(ok => ok), $"The paddings do not fit a tensor of shape {input.Shape}.");
        return [new TensorType(input.Type, new Shape(sizes.Select(d => (int)d)), input.Quantization)];
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        if (Before.All(p => p == 0) && After.All(p => p == 0)) return Implementation.Alias;
        (Shape shape, long constant) = (context.Input(0).Shape, Bits(context.Output(0)));
        return Implementation.Kernels(
            e => Surround(e, constant), l => l.Emit(new PadKernel(l.In(0), l.Out(0), shape.ToEquatableArray(), Before, After, constant)));
    }

    private void Surround(EvaluationContext context, long bits)
    {
        TensorData input = context.Input(0);
        TensorData output = context.Output(0);
        int size = input.Type.Size();
        byte[] constant = BitConverter.GetBytes(bits);
        int[] strides = Transpose.Strides(input.Shape);
        for (int i = 0; i < output.Count; i++)
        {
            (int from, int rest, bool inside) = (0, i, true);
            for (int axis = input.Shape.Rank - 1; axis >= 0; rest /= output.Shape[axis--])
            {
                int index = (rest % output.Shape[axis]) - Before[axis];
                inside &= (uint)index < input.Shape[axis];
                from += index * strides[axis];
            }

            (inside ? input.Bytes.AsSpan(from * size, size) : constant.AsSpan(0, size)).CopyTo(output.Bytes.AsSpan(i * size));
        }
    }

    // The element, as the low bytes of an integer.
    private long Bits(Value output)
    {
        if (output.IsQuantized)
            return (long)Math.Clamp(Math.Round((double)Value / output.Q.Scale) + output.Q.ZeroPoint, output.Type.MinValue(), output.Type.MaxValue());
        return output.Type switch
        {
            ElementType.Float32 => BitConverter.SingleToInt32Bits(Value),
            ElementType.Float64 => BitConverter.DoubleToInt64Bits(Value),
            ElementType.Float16 => BitConverter.HalfToInt16Bits((Half)Value),
            _ => (long)Value,
        };
    }

    // ONNX: amounts before all axes, then after all; attributes before opset 11, inputs (with an optional list of axes) since.
    [OnnxOperator("Pad")]
    internal static void FromOnnx(OnnxNode node)
    {
        string mode = node.Text("mode", "constant");
        int rank = node.Value(0).Shape.Rank;
        int[] pads = node.Ints("pads") ?? node.Ints("paddings") ?? node.ConstantInput(1, "padding").ToInt32s();
        bool isFilled = mode == "constant" && node.HasInput(2) && node.Value(2).Constant is null;
        float value = isFilled ? 0 : node.OptionalConstant(2, "padding constant") is { Count: 1 } constant ? (float)constant.ToDouble(0)
            : node.Float("value", 0);
        int[] axes = node.OptionalConstant(3, "list of axes")?.ToInt32s() ?? [.. Enumerable.Range(0, rank)];
        if (pads.Length != 2 * axes.Length || axes.Any(a => a < -rank || a >= rank)) throw node.Malformed("There are not two amounts of padding per axis.");
        var before = new int[rank];
        var after = new int[rank];
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = axes[i] < 0 ? axes[i] + rank : axes[i];
            (before[axis], after[axis]) = (pads[i], pads[i + axes.Length]);
        }

        if (mode == "constant" && !isFilled)
        {
            node.Emit(new Pad(before.ToEquatableArray(), after.ToEquatableArray(), value), node.Input(0));
            return;
        }

        Shape shape = node.Value(0).Shape;
        var target = new Shape(shape.Select((d, i) => d + before[i] + after[i]));
        node.Emit(Take.Of(target, (axis, i) => Source(mode, i - before[axis], shape[axis])), node.Input(0), isFilled ? node.Input(2) : -1);
    }

    // Which element a padding repeats; −1 for the fill value.
    private static int Source(string mode, int index, int size) => mode switch
    {
        "edge" => Math.Clamp(index, 0, size - 1),
        "wrap" => ((index % size) + size) % size,
        "reflect" when size == 1 => 0,
        "reflect" => Math.Abs(index) % (2 * (size - 1)) is var i && i < size ? i : (2 * (size - 1)) - i,
        _ => index < 0 || index >= size ? -1 : index,
    };

    // TFLite: [rank, 2] amounts; PADV2 adds the constant, an element of the input's type.
    [TfLiteOperator(TfLiteBuiltinOperator.Pad, Integers = IntegerSupport.Any)]
    [TfLiteOperator(TfLiteBuiltinOperator.PadV2, Integers = IntegerSupport.Any)]
    internal static void FromTfLite(TfLiteNode node)
    {
        int[] pads = node.ConstantInput(1, "padding").ToInt32s();
        float value = 0;
        if (node.OptionalConstant(2, "padding constant") is { Count: 1 } constant)
        {
            value = node.Value(0).IsQuantized ? (constant.ToInt32(0) - node.Value(0).Q.ZeroPoint) * node.Value(0).Q.Scale : (float)constant.ToDouble(0);
        }

        node.Emit(new Pad(pads.Where((_, i) => i % 2 == 0).ToEquatableArray(), pads.Where((_, i) => i % 2 == 1).ToEquatableArray(), value), node.Input(0));
    }
}
