using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// The mean over some axes. Float: elements summed in row-major order, then divided by their number. 8 bits: the int32 sum, requantised with
/// input scale ÷ (output scale × number); in fixed-point mode the multiplier is divided by the number in integers, as the TFLite reference kernel does.
/// </summary>
/// <param name="Axes">The axes, ascending.</param>
/// <param name="KeepDimensions">True to keep the axes with one element.</param>
internal sealed record ReduceMean(EquatableArray<int> Axes, bool KeepDimensions) : Operator
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => !Axes.Contains(rank - 1);

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.Integer;

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order) =>
        KeepDimensions ? this with { Axes = Axes.Select(a => order[a]).Order().ToEquatableArray() } : null;

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => context.Mode == RequantizationMode.Float ? SignRule.Free : SignRule.Keep;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.RequireReal(input);
        InferenceContext.Require(Axes.All(a => a >= 0 && a < input.Shape.Rank) && Axes.Distinct().Count() == Axes.Count,
            $"[{string.Join(", ", Axes)}] are not axes of a tensor of shape {input.Shape}.");
        IEnumerable<int> kept = KeepDimensions ? input.Shape.Select((d, i) => Axes.Contains(i) ? 1 : d) : input.Shape.Where((_, i) => !Axes.Contains(i));
        return [new TensorType(input.Type, new Shape(kept))];
    }

    // Axes that stay, then axes that go: in this order every mean is a row.
    private int[] RowOrder(Shape shape) => [.. Enumerable.Range(0, shape.Rank).Where(a => !Axes.Contains(a)), .. Axes];

    private int Number(Shape shape) => Axes.Aggregate(1, (product, axis) => product * shape[axis]);

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        (Value input, Value output) = (context.Input(0), context.Output(0));
        int number = Number(input.Shape);
        if (input.Type == ElementType.Float32) return Implementation.Kernels(
            e =>
            {
                (TensorData rows, TensorData means) = (Rows(e.Input(0)), e.Output(0));
                for (int row = 0; row < means.Count; row++)
                {
                    float sum = 0;
                    foreach (float element in rows.Floats.Slice(row * number, number)) sum += element;
                    means.Floats[row] = sum / number;
                }
            },
            l => EmitMean(l, (from, outer, inner) => new MeanFloat32(from, l.Out(0), outer, number, inner)));
        if (!output.IsQuantized) throw context.Unsupported($"A mean of {input.Type}", "Compute it in float.");
        (int min, int max, int zero) = (output.Type.MinValue(), output.Type.MaxValue(), output.Q.ZeroPoint);
        (float factor, int multiplier, int shift) = Factors(input, output, number);
        bool isFixed = context.Mode == RequantizationMode.FixedPoint;
        return Implementation.Kernels(
            e =>
            {
                (int[] centred, byte[] means) = (ByteTensors.Centred(Rows(e.Input(0)), input), e.Output(0).Bytes);
                for (int row = 0; row < means.Length; row++)
                {
                    int sum = centred.AsSpan(row * number, number).ToArray().Sum();
                    means[row] = ByteTensors.Byte(isFixed ? Requantization.FixedPoint(sum, multiplier, shift, zero, min, max)
                        : Requantization.Float(sum, factor, zero, min, max));
                }
            },
            l => EmitMean(l, (from, outer, inner) => new MeanInt8(
                from, l.Out(0), outer, number, inner, input.Q.ZeroPoint, zero, min, max,
                isFixed, isFixed ? 0 : factor, isFixed ? multiplier : 0, isFixed ? shift : 0)));
    }

    private TensorData Rows(TensorData input)
    {
        var output = new Value(1, "rows", input.Type, input.Shape.Permute(RowOrder(input.Shape)));
        var node = new Node("rows", "", new Transpose(RowOrder(input.Shape)), [0], [1]);
        return ReferenceInterpreter.EvaluateNode(node, id => id == 1 ? output : new Value(0, "input", input.Type, input.Shape), _ => input,
            RequantizationMode.Float)[0];
    }

    private static (float Factor, int Multiplier, int Shift) Factors(Value input, Value output, int number)
    {
        double factor = (double)input.Q.Scale / output.Q.Scale;
        (int multiplier, int shift) = Requantization.QuantizeMultiplier(factor);
        int bits = Math.Min(Math.Min(63 - (int)long.LeadingZeroCount(number), 32), 31 + shift);
        return ((float)((double)input.Q.Scale / ((double)output.Q.Scale * number)), (int)(((long)multiplier << bits) / number), shift - bits);
    }

    // Kernels take axes that are neighbours; others are brought together before.
    private void EmitMean(LoweringContext context, Func<TensorRef, int, int, Kernel> kernel)
    {
        Shape shape = context.Input(0).Shape;
        TensorRef from = context.In(0);
        int[] moving = [.. Axes.Where(a => shape[a] != 1)];
        int first = moving.Length == 0 ? 0 : moving[0];
        int last = moving.Length == 0 ? 0 : moving[^1] + 1;
        bool together = Number(shape) == shape.ElementsBetween(first, last);
        if (!together)
        {
            from = context.Scratch(context.Input(0).Type, shape.Elements);
            context.Emit(new TransposeKernel(context.In(0), from, shape.ToEquatableArray(), RowOrder(shape).ToEquatableArray()));
        }

        context.Emit(together ? kernel(from, shape.ElementsBetween(0, first), shape.ElementsBetween(last, shape.Rank))
            : kernel(from, context.Output(0).Shape.Elements, 1));
    }

    // TFLite: the option is keep_dims.
    [TfLiteOperator(TfLiteBuiltinOperator.Mean, Integers = IntegerSupport.Eight)]
    internal static void FromTfLite(TfLiteNode node) =>
        node.Emit(new ReduceMean(Resolve(node.ConstantInput(1, "list of axes").ToInt32s(), node.Value(0).Shape.Rank), node.Options.Bool(0)), node.Input(0));

    private static EquatableArray<int> Resolve(int[] axes, int rank) => axes.Select(a => a < 0 ? a + rank : a).Distinct().Order().ToEquatableArray();
}
