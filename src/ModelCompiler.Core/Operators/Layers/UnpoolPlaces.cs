using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Elements of float images [N, H, W, C] put back at their number in the window, as <see cref="MaxPoolWithPlaces"/> gives it, zero elsewhere.
/// The output is as many times larger as the window is.
/// </summary>
/// <param name="WindowHeight">Rows of the window.</param>
/// <param name="WindowWidth">Columns of the window.</param>
/// <param name="StrideDown">Rows from one window to the next.</param>
/// <param name="StrideRight">Columns from one window to the next.</param>
internal sealed record UnpoolPlaces(int WindowHeight, int WindowWidth, int StrideDown, int StrideRight) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value places) = (context[0], context[1]);
        InferenceContext.Require(x.Shape.Rank == 4 && x.Type == ElementType.Float32 && places.Type == ElementType.Float32 && x.Shape == places.Shape,
            $"Images of shape {x.Shape} and places of shape {places.Shape} do not belong together.");
        InferenceContext.Require(WindowHeight > 0 && WindowWidth > 0 && StrideDown > 0 && StrideRight > 0, "A window or a stride is not positive.");
        (long height, long width) = ((long)x.Shape[1] * WindowHeight, (long)x.Shape[2] * WindowWidth);
        InferenceContext.Require(height <= int.MaxValue && width <= int.MaxValue, "The image is larger than fits in memory.");
        return [new TensorType(ElementType.Float32, new Shape(x.Shape[0], (int)height, (int)width, x.Shape[3]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Shape x, Shape y) = (context.Input(0).Shape, context.Output(0).Shape);
        return new LibraryCall("Pooling.UnpoolPlaces").In(0, 1).Out(0)
            .Number(x[0], x[1], x[2], x[3], y[1], y[2], WindowWidth, StrideDown, StrideRight)
            .Number(MaxPoolWithPlaces.Padding(y[1], x[1], WindowHeight, StrideDown), MaxPoolWithPlaces.Padding(y[2], x[2], WindowWidth, StrideRight));
    }

    // Options as those of the pool; padding and activation mean nothing here.
    [TfLiteOperator("MaxUnpooling2D")]
    internal static void FromTfLite(TfLiteNode node)
    {
        int[] options = node.CustomIntegers(5);
        node.EmitStateful(new UnpoolPlaces(options[4], options[3], options[2], options[1]), [], node.Value(0).Id, node.Value(1).Id);
    }
}
