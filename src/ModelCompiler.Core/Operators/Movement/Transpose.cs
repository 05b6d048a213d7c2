using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Permutes the axes: axis i of the output is axis <c>Order[i]</c> of the input. Elements of any type.</summary>
/// <param name="Order">A permutation of the axes.</param>
internal sealed record Transpose(EquatableArray<int> Order) : Operator
{
    /// <inheritdoc/>
    public override bool TakesAnyScales(int input) => true;

    /// <summary>Permutes the axes.</summary>
    public Transpose(params int[] order)
        : this(order.ToEquatableArray())
    {
    }

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.SameAsInput;

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => SignRule.AllTogether;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.Require(Order.Order().SequenceEqual(Enumerable.Range(0, input.Shape.Rank)),
            $"[{string.Join(", ", Order)}] is not a permutation of the axes of a tensor of shape {input.Shape}.");
        QuantizationParameters? q = input.Quantization is { IsPerTensor: false } perAxis ? perAxis with { Axis = Order.ToList().IndexOf(perAxis.Axis) }
            : input.Quantization;
        return [new TensorType(input.Type, input.Shape.Permute(Order), q)];
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        List<int> moving = [.. Order.Where(axis => shape[axis] != 1)];
        return moving.SequenceEqual(moving.Order()) ? Implementation.Alias
            : Implementation.Kernels(Move, l => l.Emit(new TransposeKernel(l.In(0), l.Out(0), shape.ToEquatableArray(), Order)));
    }

    private void Move(EvaluationContext context)
    {
        TensorData input = context.Input(0);
        TensorData output = context.Output(0);
        int[] strides = Strides(input.Shape);
        int[] steps = [.. Order.Select(axis => strides[axis])];
        int size = input.Type.Size();
        var index = new int[steps.Length];
        int from = 0;
        for (int to = 0; to < output.Count; to++)
        {
            input.Bytes.AsSpan(from * size, size).CopyTo(output.Bytes.AsSpan(to * size));
            for (int axis = steps.Length - 1; axis >= 0; axis--)
            {
                from += steps[axis];
                if (++index[axis] < output.Shape[axis]) break;
                from -= steps[axis] * index[axis];
                index[axis] = 0;
            }
        }
    }

    /// <summary>Elements from one index to the next, of every axis.</summary>
    internal static int[] Strides(Shape shape)
    {
        var strides = new int[shape.Rank];
        int stride = 1;
        for (int axis = shape.Rank - 1; axis >= 0; stride *= shape[axis--]) strides[axis] = stride;
        return strides;
    }

    [OnnxOperator("Transpose")]
    internal static void FromOnnx(OnnxNode node) =>
        node.Emit(new Transpose(node.Ints("perm") ?? [.. Enumerable.Range(0, node.Value(0).Shape.Rank).Reverse()]), node.Input(0));

    [TfLiteOperator(TfLiteBuiltinOperator.Transpose, Integers = IntegerSupport.Any)]
    internal static void FromTfLite(TfLiteNode node) => node.Emit(new Transpose(node.ConstantInput(1, "permutation").ToInt32s()), node.Input(0));
}
