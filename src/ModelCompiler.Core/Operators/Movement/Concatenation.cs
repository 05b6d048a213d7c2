using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators.Reference;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Tensors one after the other along an axis; all other dimensions agree. Quantised inputs whose scale or zero point differs from the output's are requantised.
/// </summary>
/// <param name="Axis">The axis, counted from the front.</param>
internal sealed record Concatenation(int Axis) : Operator
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => Axis != rank - 1;

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.Integer;

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order) => new Concatenation(order[Axis]);

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => SignRule.AllTogether;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value first = context[0];
        InferenceContext.Require(Axis >= 0 && Axis < first.Shape.Rank, $"A tensor of shape {first.Shape} has no axis {Axis}.");
        int length = 0;
        for (int i = 0; i < context.Count; i++)
        {
            Value input = context[i];
            InferenceContext.Require(input.Type == first.Type && input.Shape.Rank == first.Shape.Rank
                && input.Shape.With(Axis, 1) == first.Shape.With(Axis, 1),
                $"Tensors {first.Type} {first.Shape} and {input.Type} {input.Shape} cannot be joined along axis {Axis}.");
            length += input.Shape[Axis];
        }

        bool same = Enumerable.Range(0, context.Count).All(i => context[i].Quantization == first.Quantization);
        return [new TensorType(first.Type, first.Shape.With(Axis, length), same ? first.Quantization : null)];
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) => Implementation.Kernels(Join, AddKernels);

    private void Join(EvaluationContext context)
    {
        TensorData output = context.Output(0);
        int offset = 0;
        int outer = output.Shape.ElementsBetween(0, Axis);
        int row = output.Bytes.Length / Math.Max(1, outer);
        for (int i = 0; i < context.InputCount; i++)
        {
            Value value = context.InputValue(i);
            byte[] bytes = context.Input(i).Bytes;
            if (NeedsTable(value, context.OutputValue(0)))
            {
                byte[] table = ByteTensors.RequantizationTable(value.TensorType, context.OutputValue(0).TensorType, context.Mode);
                bytes = Array.ConvertAll(bytes, b => table[b]);
            }

            int length = bytes.Length / Math.Max(1, outer);
            for (int o = 0; o < outer; o++) bytes.AsSpan(o * length, length).CopyTo(output.Bytes.AsSpan((o * row) + offset));
            offset += length;
        }
    }

    private void AddKernels(LoweringContext context)
    {
        Value output = context.Output(0);
        var inputs = new List<TensorRef>();
        var lengths = new List<int>();
        for (int i = 0; i < context.InputCount; i++)
        {
            Value input = context.Input(i);
            TensorRef tensor = context.In(i);
            if (input.Shape.Elements == 0) continue;
            if (NeedsTable(input, output))
            {
                TensorRef converted = context.Scratch(output.Type, input.Shape.Elements);
                byte[] table = ByteTensors.RequantizationTable(input.TensorType, output.TensorType, context.Mode);
                context.Emit(new LookupInt8(tensor, converted, context.LookupTable(table), input.Shape.Elements));
                tensor = converted;
            }

            inputs.Add(tensor);
            lengths.Add(input.Shape.ElementsBetween(Axis, input.Shape.Rank));
        }

        context.Emit(new ConcatKernel(inputs.ToEquatableArray(), context.Out(0), output.Shape.ElementsBetween(0, Axis), lengths.ToEquatableArray()));
    }

    private static bool NeedsTable(Value input, Value output) => output.IsQuantized && input.IsQuantized && input.Quantization != output.Quantization;

    [OnnxOperator("Concat")]
    internal static void FromOnnx(OnnxNode node)
    {
        int axis = node.Int("axis", 1);
        node.Emit(new Concatenation(axis < 0 ? axis + node.Value(0).Shape.Rank : axis),
            [.. Enumerable.Range(0, node.InputCount).Select(i => node.Value(i).Id)]);
    }

    // com.microsoft: Y_scale, Y_zero_point, then tensor, scale and zero point of every input.
    [OnnxOperator("QLinearConcat", "com.microsoft")]
    internal static void QuantizedFromOnnx(OnnxNode node)
    {
        int axis = node.Int("axis", 1);
        int[] inputs = [.. Enumerable.Range(0, (node.InputCount - 2) / 3).Select(i => node.Quantized(2 + (i * 3), 3 + (i * 3), 4 + (i * 3)))];
        if (inputs.Length == 0) throw node.Malformed("There is nothing to join.");
        node.EmitQuantized(new Concatenation(axis < 0 ? axis + node.Graph[inputs[0]].Shape.Rank : axis), 0, 1, inputs);
    }

    // TFLite: CONCATENATION options are axis, fused_activation.
    [TfLiteOperator(TfLiteBuiltinOperator.Concatenation, Integers = IntegerSupport.Any)]
    internal static void FromTfLite(TfLiteNode node)
    {
        if (!node.Activation(1).IsNone)
            throw node.Unsupported("A fused activation is not supported here.", "Convert the model with the activation as an operator of its own.");
        int axis = node.Options.Int32(0);
        node.Emit(new Concatenation(axis < 0 ? axis + node.Value(0).Shape.Rank : axis),
            [.. Enumerable.Range(0, node.InputCount).Select(i => node.Value(i).Id)]);
    }
}
