using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>The discrete Fourier transform along an axis of a tensor whose last axis is real and imaginary part, or the real part alone.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
/// <param name="Samples">Length of the transform.</param>
/// <param name="Inverse">True for the inverse.</param>
/// <param name="Half">True for half a spectrum: of real numbers as output, to real numbers as input of the inverse.</param>
internal sealed record Fourier(int Axis, int Samples, bool Inverse, bool Half) : Operator
{
    private int Bins => Half && !Inverse ? (Samples / 2) + 1 : Samples;

    private int OutputParts => Half && Inverse ? 1 : 2;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Type.IsFloat() && x.Type != ElementType.Float16 && x.Shape.Rank >= 2 && x.Shape[-1] is 1 or 2 && Axis >= 0
            && Axis < x.Shape.Rank - 1 && Samples > 0, $"A tensor {x.Type} of shape {x.Shape} is not of complex numbers along axis {Axis}.");
        return [new TensorType(x.Type, x.Shape.With(Axis, Bins).With(-1, OutputParts))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Contraction.Fourier", context.Input(0).Type.Name()).In(0).Out(0).Number(
            shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank - 1), shape[-1], Samples, Bins, OutputParts, Inverse,
            Half && Inverse)
            .Costs(4L * context.Output(0).Shape.Elements / OutputParts * Samples);
    }

    // The axis is an attribute before opset 20 and an input since; by default it is the last but the parts, and was 1.
    [OnnxOperator("DFT")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        int axis = node.Opset < 20 ? node.Int("axis", 1) : node.OptionalConstant(2, "axis")?.ToInt32(0) ?? -2;
        axis = node.Axis(axis, x.Shape.Rank);
        bool inverse = node.Int("inverse", 0) != 0, half = node.Int("onesided", 0) != 0;
        int samples = node.OptionalConstant(1, "length of the transform")?.ToInt32(0) ?? (half && inverse ? 2 * (x.Shape[axis] - 1) : x.Shape[axis]);
        node.Bind(0, node.Narrow(node.Add("transform", new Fourier(axis, samples, inverse, half), x.Id), node.Value(0).Type));
    }

    // Frames that overlap, times a window, transformed.
    [OnnxOperator("STFT")]
    internal static void FramesFromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        int step = node.ConstantInput(1, "step of the frames").ToInt32(0);
        int length = node.OptionalConstant(3, "length of the frames")?.ToInt32(0)
            ?? (node.HasInput(2) ? node.Value(2).Shape[0] : throw node.Malformed("Neither a window nor the length of the frames is given."));
        if (x.Shape.Rank == 2) x = node.Add("parts", new Reshape(new Shape(x.Shape[0], x.Shape[1], 1)), x.Id);
        if (step < 1 || length < 1 || length > x.Shape[1]) throw node.Malformed("The frames do not fit the signal.");
        (int batch, int samples, int parts) = (x.Shape[0], x.Shape[1], x.Shape[2]);
        int frames = ((samples - length) / step) + 1;
        var shape = new Shape(batch, frames, length, parts);
        Value framed = node.Add("frames", new Strided(shape, shape.ToEquatableArray(), EquatableArray.Of(samples * parts, step * parts, parts, 1), 0), x.Id);
        if (node.HasInput(2)) framed = node.Call("Mul", [framed, node.Add("window", new Reshape(new Shape(length, 1)), node.Narrow(node.Value(2), x.Type).Id)]);
        node.Bind(0, node.Narrow(node.Add("transform", new Fourier(2, length, false, node.Int("onesided", 1) != 0), framed.Id), node.Value(0).Type));
    }
}
