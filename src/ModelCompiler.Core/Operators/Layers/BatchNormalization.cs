using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Normalisation with known statistics: x · a + b for every channel, with a = scale ÷ √(variance + ε) and b = bias − mean · a.
/// Inputs: x of any rank; scale, bias, mean and variance [C].
/// </summary>
/// <param name="Axis">The axis of the channels.</param>
/// <param name="Epsilon">ε.</param>
internal sealed record BatchNormalization(int Axis, float Epsilon) : Operator
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => Axis == rank - 1;

    /// <inheritdoc/>
    public override Operator? InLayout(IReadOnlyList<int> order) => this with { Axis = order[Axis] };

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.RequireReal(input);
        InferenceContext.Require(!input.IsQuantized, "The input is quantised.", "Dequantise it before, or fold the normalisation into the layer before it.");
        InferenceContext.Require(Axis < input.Shape.Rank, $"A tensor of shape {input.Shape} has no axis {Axis}.");
        for (int i = 1; i <= 4; i++)
            InferenceContext.Require(context[i].Shape.Elements == input.Shape[Axis],
                $"Input {i} has {context[i].Shape.Elements} entries for {input.Shape[Axis]} channels.");
        return [new TensorType(input.Type, input.Shape)];
    }

    /// <summary>a and b of every channel, computed in double.</summary>
    public (float[] Scale, float[] Offset) Affine(TensorData scale, TensorData bias, TensorData mean, TensorData variance)
    {
        var a = new float[scale.Count];
        var b = new float[scale.Count];
        for (int c = 0; c < a.Length; c++)
        {
            double factor = scale.ToDouble(c) / Math.Sqrt(variance.ToDouble(c) + Epsilon);
            (a[c], b[c]) = ((float)factor, (float)(bias.ToDouble(c) - (mean.ToDouble(c) * factor)));
        }

        return (a, b);
    }

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) => Implementation.Kernels(Normalise, AddKernels);

    private void Normalise(EvaluationContext context)
    {
        (float[] scale, float[] offset) = Affine(context.Input(1), context.Input(2), context.Input(3), context.Input(4));
        Shape shape = context.Input(0).Shape;
        int inner = shape.ElementsBetween(Axis + 1, shape.Rank);
        ReadOnlySpan<float> values = context.Input(0).Floats;
        Span<float> output = context.Output(0).Floats;
        for (int i = 0; i < values.Length; i++)
        {
            int channel = i / inner % scale.Length;
            output[i] = (values[i] * scale[channel]) + offset[channel];
        }
    }

    private void AddKernels(LoweringContext context)
    {
        if (Enumerable.Range(1, 4).Any(i => context.Input(i).Constant is null))
            throw context.Unsupported("A normalisation whose statistics are computed at run time", "Make scale, bias, mean and variance initializers.");
        (float[] scale, float[] offset) = Affine(context.Input(1).Constant!, context.Input(2).Constant!, context.Input(3).Constant!,
            context.Input(4).Constant!);
        Shape shape = context.Input(0).Shape;
        context.EmitInPlace(new ChannelAffineFloat32(
            context.In(0), context.Out(0), Table("Scale", scale), Table("Offset", offset), shape.ElementsBetween(0, Axis), shape[Axis],
            shape.ElementsBetween(Axis + 1, shape.Rank)));

        DataRef Table(string kind, float[] values) => context.Table(kind, ElementType.Float32, values.Select(v => (double)v));
    }

    // ONNX: channels are axis 1.
    [OnnxOperator("BatchNormalization", Integers = IntegerSupport.AsConvolution)]
    internal static void FromOnnx(OnnxNode node)
    {
        if (node.Int("training_mode", 0) != 0)
            throw node.Unsupported("Batch normalisation in training mode is not supported.", "Export the model for inference.");
        if (node.Value(0).Shape.Rank < 2) throw node.Malformed("The input has no axis of channels.");
        if (Enumerable.Range(1, 4).Any(i => !OnnxNode.IsKnown(node.Value(i))))
        {
            FromParts(node);
            return;
        }

        node.Emit(new BatchNormalization(1, node.Float("epsilon", 1e-5f)), node.Input(0), node.Input(1), node.Input(2), node.Input(3), node.Input(4));
    }

    // Statistics that are computed at run time: x · a + b, as the formula says.
    private static void FromParts(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        int channels = x.Shape[1];
        Value[] parts = [.. Enumerable.Range(1, 4).Select(i => Cast.To(node, node.Value(i), x.Type))];
        if (parts.Any(p => p.Shape.Elements != channels)) throw node.Malformed($"Scale, bias, mean and variance do not have {channels} entries each.");
        int[] shape = [channels, .. Enumerable.Repeat(1, x.Shape.Rank - 2)];
        Value[] s = [.. parts.Select((p, i) => node.Add($"part{i}", new Reshape(new Shape(shape)), p.Id))];
        Value deviation = node.Call("Sqrt", [node.Call("Add", [s[3], node.ScalarLike(x, node.Float("epsilon", 1e-5f))])]);
        Value factor = node.Call("Div", [s[0], deviation]);
        Value offset = node.Call("Sub", [s[1], node.Call("Mul", [s[2], factor])]);
        Value result = node.Call("Add", [node.Call("Mul", [x, factor]), offset]);
        node.Bind(0, node.Narrow(result, node.Value(0).Type));
    }
}
