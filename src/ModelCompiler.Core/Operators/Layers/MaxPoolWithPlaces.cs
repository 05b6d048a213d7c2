using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// The largest elements of windows of float images [N, H, W, C] and, as the second output, the number of each in its window plus 0.1:
/// MediaPipe's max pool with argmax.
/// </summary>
/// <param name="WindowHeight">Rows of the window.</param>
/// <param name="WindowWidth">Columns of the window.</param>
/// <param name="StrideDown">Rows from one window to the next.</param>
/// <param name="StrideRight">Columns from one window to the next.</param>
/// <param name="IsPadded">True for windows from the first pixel to the last and beyond, false for those inside the image.</param>
/// <param name="Activation">Fused activation.</param>
internal sealed record MaxPoolWithPlaces(int WindowHeight, int WindowWidth, int StrideDown, int StrideRight, bool IsPadded, ActivationRange Activation)
    : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Shape x = context[0].Shape;
        InferenceContext.Require(x.Rank == 4 && context[0].Type == ElementType.Float32,
            $"A tensor of type {context[0].Type} and shape {x} is not of float images.");
        InferenceContext.Require(WindowHeight > 0 && WindowWidth > 0 && StrideDown > 0 && StrideRight > 0, "A window or a stride is not positive.");
        var output = new Shape(x[0], Windows(x[1], WindowHeight, StrideDown), Windows(x[2], WindowWidth, StrideRight), x[3]);
        InferenceContext.Require(output[1] > 0 && output[2] > 0, $"The window does not fit an image of shape {x}.");
        return [new TensorType(ElementType.Float32, output), new TensorType(ElementType.Float32, output)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Shape x, Shape y) = (context.Input(0).Shape, context.Output(0).Shape);
        return new LibraryCall("Pooling.MaxWithPlaces").In(0).Out(0, 1)
            .Number(x[0], x[1], x[2], x[3], y[1], y[2], WindowHeight, WindowWidth, StrideDown, StrideRight, Padding(x[1], y[1], WindowHeight, StrideDown),
                Padding(x[2], y[2], WindowWidth, StrideRight))
            .Number(Activation.Min, Activation.Max)
            .Costs((long)y.Elements * WindowHeight * WindowWidth);
    }

    /// <summary>Pixels before the first of an image that windows reach, as TFLite has it.</summary>
    internal static int Padding(int input, int output, int window, int stride) => (int)Math.Max(((((long)output - 1) * stride) + window - input) / 2, 0);

    private int Windows(int input, int window, int stride) => (int)((input + (long)stride - (IsPadded ? 1 : window)) / stride);

    // Options are the structure TfLitePoolParams: padding (SAME = 1, VALID = 2), stride_width, stride_height, filter_width, filter_height, activation.
    [TfLiteOperator("MaxPoolingWithArgmax2D")]
    internal static void FromTfLite(TfLiteNode node)
    {
        int[] options = node.CustomIntegers(6);
        if (options[0] is not (1 or 2)) throw node.Malformed("The padding is unknown.");
        node.EmitStateful(new MaxPoolWithPlaces(options[4], options[3], options[2], options[1], options[0] == 1, node.ActivationOf(options[5])), [],
            node.Value(0).Id);
    }
}
