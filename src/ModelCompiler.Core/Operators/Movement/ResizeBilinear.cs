using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Images [N, H, W, C] resized between four neighbours, as the TFLite reference kernels do it: float, or integers that keep their scale.</summary>
/// <param name="Height">Rows of the output.</param>
/// <param name="Width">Columns of the output.</param>
/// <param name="AlignCorners">True when the corner pixels stay where they are.</param>
/// <param name="HalfPixels">True when pixels lie at their centres.</param>
internal sealed record ResizeBilinear(int Height, int Width, bool AlignCorners, bool HalfPixels) : Operator
{
    /// <inheritdoc/>
    public override bool IsChannelwise(int rank) => true;

    // Places have 10 fractional bits of an int32.
    private const int LargestSide = 1 << 20;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.RequireReal(input);
        InferenceContext.Require(input.Shape.Rank == 4 && input.Shape.Elements > 0 && Height > 0 && Width > 0,
            $"Images of shape {input.Shape} cannot be resized to {Height}×{Width}.");
        InferenceContext.Require(input.Type == ElementType.Float32
            || Math.Max(Math.Max(Height, Width), Math.Max(input.Shape[1], input.Shape[2])) <= LargestSide,
            $"Places in images with sides above {LargestSide} cannot be computed in integers.", "Resize smaller images, or in float.");
        return [new TensorType(input.Type, new Shape(input.Shape[0], Height, Width, input.Shape[3]), input.Quantization)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Value input = context.Input(0);
        Shape s = input.Shape;
        bool isFloat = input.Type == ElementType.Float32;
        LibraryCall call = isFloat ? new LibraryCall("Bilinear.ResizeFloat") : new LibraryCall("Bilinear.ResizeInteger", input.Type.Name());
        call.In(0).Out(0).Number(s[0], s[1], s[2], s[3], Height, Width);
        if (isFloat) call.Number(Real(s[1], Height), Real(s[2], Width));
        else call.Number(Fixed(s[1], Height), Fixed(s[2], Width));
        return call.Number(HalfPixels);
    }

    private float Real(int from, int to) => AlignCorners && to > 1 ? (from - 1) / (float)(to - 1) : (float)from / to;

    private int Fixed(int from, int to) => AlignCorners && to > 1 ? ((1024 * (from - 1)) + ((to - 1) / 2)) / (to - 1) : ((1024 * from) + (to / 2)) / to;

    // TFLite: options are new_height and new_width (not used any more), align_corners, half_pixel_centers.
    [TfLiteOperator(TfLiteBuiltinOperator.ResizeBilinear, Integers = IntegerSupport.EightAndSixteen)]
    internal static void FromTfLite(TfLiteNode node)
    {
        int[] size = node.ConstantInput(1, "size").ToInt32s();
        if (size.Length != 2) throw node.Malformed("The size does not consist of a height and a width.");
        node.Emit(new ResizeBilinear(size[0], size[1], node.Options.Bool(2), node.Options.Bool(3)), node.Input(0));
    }
}
