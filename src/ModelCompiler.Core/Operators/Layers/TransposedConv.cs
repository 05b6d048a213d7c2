using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators.Reference;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Transposed two-dimensional convolution, channels last as in TFLite files: every pixel spreads over a window of the output.
/// <see cref="TransposedConvChannelsFirst"/> is ONNX's. Inputs: images [N, H, W, C]; weights [M, kH, kW, C]; optional bias [M].
/// Integers are computed as in the TFLite reference kernels in both modes.
/// </summary>
/// <param name="OutHeight">Rows of the output.</param>
/// <param name="OutWidth">Columns of the output.</param>
/// <param name="StrideDown">Rows from one window to the next.</param>
/// <param name="StrideRight">Columns from one window to the next.</param>
/// <param name="PadTop">Rows cut off above.</param>
/// <param name="PadLeft">Columns cut off on the left.</param>
/// <param name="Activation">Fused activation.</param>
internal sealed record TransposedConv(int OutHeight, int OutWidth, int StrideDown, int StrideRight, int PadTop, int PadLeft, ActivationRange Activation)
    : Operator
{
    /// <summary>Weights and bias, not the activations.</summary>
    public override bool TakesAnyScales(int input) => input > 0;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value weights) = (context[0], context[1]);
        LinearLayer.RequireTypes(context);
        InferenceContext.Require(input.Shape.Rank == 4 && weights.Shape.Rank == 4 && input.Shape[3] == weights.Shape[3],
            $"Images of shape {input.Shape} do not fit weights of shape {weights.Shape}.");
        InferenceContext.Require(context.Optional(2) is not { } bias || bias.Shape.Elements == weights.Shape[0],
            "The bias does not have one entry per output channel.");
        InferenceContext.Require(OutHeight > 0 && OutWidth > 0, "The output has no pixels.");
        return [new TensorType(input.Type, new Shape(input.Shape[0], OutHeight, OutWidth, weights.Shape[0]))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value input, Value weights, Value output) = (context.Input(0), context.Input(1), context.Output(0));
        (Shape from, Shape window) = (input.Shape, weights.Shape);
        (string routine, ElementType biasType) = (input.Type, weights.Type, output.Type) switch
        {
            (ElementType.Float32, ElementType.Float32, ElementType.Float32) => ("Routine.TransposeConvFloat", ElementType.Float32),
            (ElementType.Int8, ElementType.Int8, ElementType.Int8) => ("Routine.TransposeConvInt8", ElementType.Int32),
            (ElementType.Int16, ElementType.Int8, ElementType.Int16) => ("Routine.TransposeConvInt16", ElementType.Int64),
            _ => throw context.Unsupported("A transposed convolution"),
        };
        LibraryCall call = new LibraryCall(routine).In(0, 1).Weights(Int16Calls.Bias(context, window[0], biasType)).Out(0)
            .Costs((long)from.Elements * window[0] * window[1] * window[2])
            .Number(from[0], from[1], from[2], from[3], OutHeight, OutWidth, window[0], window[1], window[2], StrideDown, StrideRight, PadTop, PadLeft);
        if (output.Type == ElementType.Float32) return call.Number(Activation.Min, Activation.Max);
        Int16Calls.AddFactors(call, Enumerable.Range(0, window[0]).Select(c => (double)input.Q.Scale * weights.Q.ScaleOf(c) / output.Q.Scale));
        if (output.Type == ElementType.Int8) call.Number(input.Q.ZeroPoint, output.Q.ZeroPoint);
        (int min, int max) = Activation.Quantized(output);
        return call.Number(min, max);
    }

    // TFLite: inputs are output shape, weights, images, optional bias; options are padding, stride_w, stride_h, fused_activation.
    [TfLiteOperator(TfLiteBuiltinOperator.TransposeConv, Integers = IntegerSupport.EightAndSixteen)]
    internal static void FromTfLite(TfLiteNode node)
    {
        // Where the shape is computed by the graph, the one that the file declares does if it fits the images: converters often store ones there.
        TensorData? known = node.Value(0).Constant;
        (Shape output, Shape weights, Shape images) = (known is null ? node.Output(0).Shape : new Shape(known.ToInt32s()), node.Value(1).Shape,
            node.Value(2).Shape);
        if (output.Rank != 4 || weights.Rank != 4) throw node.Malformed("A transposed convolution needs images and weights of rank 4.");
        (int strideRight, int strideDown) = (node.Options.Int32(1), node.Options.Int32(2));
        (int top, int bottom) = node.Padding(0, output[1], weights[1], strideDown, 1);
        (int left, int right) = node.Padding(0, output[2], weights[2], strideRight, 1);
        bool fits = images.Rank == 4 && Conv.OutputSize(output[1], weights[1], strideDown, 1, top + bottom) == images[1]
            && Conv.OutputSize(output[2], weights[2], strideRight, 1, left + right) == images[2];
        if (known is null && !fits) node.ConstantInput(0, "output shape");
        bool isHybrid = node.Value(2).Type == ElementType.Float32 && node.Value(1).IsQuantized;
        int w = isHybrid ? node.Add("dequantized", new Dequantize(), node.Input(1)).Id : node.Input(1);
        node.Emit(new TransposedConv(output[1], output[2], strideDown, strideRight, top, left, node.Activation(3)), node.Input(2), w, node.Input(3));
    }

    // MediaPipe: inputs are images, weights, bias; options are the structure TfLiteTransposeConvParams: padding (SAME = 1, VALID = 2),
    // stride_width, stride_height.
    [TfLiteOperator("Convolution2DTransposeBias", Integers = IntegerSupport.None)]
    internal static void FromMediaPipe(TfLiteNode node)
    {
        int[] options = node.CustomIntegers(3);
        (Shape x, Shape weights) = (node.Value(0).Shape, node.Value(1).Shape);
        if (x.Rank != 4 || weights.Rank != 4) throw node.Malformed("A transposed convolution needs images and weights of rank 4.");
        if (options[0] is not (1 or 2) || options[1] < 1 || options[2] < 1) throw node.Malformed("The padding is unknown, or a stride is not positive.");
        if (node.Value(0).Type != ElementType.Float32) throw node.Unsupported("Images that are not float are not supported.", "Convert the model in float.");
        (int height, int top) = Extent(x[1], weights[1], options[2]);
        (int width, int left) = Extent(x[2], weights[2], options[1]);
        node.Emit(new TransposedConv(height, width, options[2], options[1], top, left, ActivationRange.None), node.Input(0), node.FloatIfHybrid(1),
            node.Input(2));

        (int Size, int Before) Extent(int size, int window, int stride)
        {
            int padding = options[0] == 1 ? Math.Max(0, window - ((size - 1) % stride) - 1) : 0;
            return ((int)Math.Clamp(((long)stride * (size - 1)) + window - padding, 0, int.MaxValue), padding / 2);
        }
    }
}
