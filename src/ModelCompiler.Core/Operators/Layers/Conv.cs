using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators.Reference;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Two-dimensional convolution, grouped and depthwise included.
/// Inputs: activations [N, H, W, C]; weights [M, kH, kW, C ÷ groups]; optional bias [M] (int32 at scale input × weight when quantised).
/// One-dimensional convolutions are imported with height 1.
/// </summary>
internal sealed record Conv(
    int StrideDown, int StrideRight, int DilationDown, int DilationRight, int PadTop, int PadLeft, int PadBottom, int PadRight, int Groups,
    ActivationRange Activation) : Operator, ILinearLayer
{
    /// <summary>Weights and bias, not the activations.</summary>
    public override bool TakesAnyScales(int input) => input > 0;

    /// <inheritdoc/>
    public Operator WithActivation(ActivationRange activation) => this with { Activation = activation };

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.Integer;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value weights) = (context[0], context[1]);
        LinearLayer.RequireTypes(context);
        InferenceContext.Require(input.Shape.Rank == 4 && weights.Shape.Rank == 4,
            $"A convolution needs images and weights of rank 4, not {input.Shape} and {weights.Shape}.");
        InferenceContext.Require(
            weights.Shape[0] > 0 && input.Shape[3] == (long)weights.Shape[3] * Groups && weights.Shape[0] % Groups == 0,
            $"Images of {input.Shape[3]} channels do not fit weights of shape {weights.Shape} in {Groups} groups.");
        InferenceContext.Require(context.Optional(2) is not { } bias || bias.Shape.Elements == weights.Shape[0],
            "The bias does not have one entry per output channel.");
        int height = OutputSize(input.Shape[1], weights.Shape[1], StrideDown, DilationDown, PadTop + PadBottom);
        int width = OutputSize(input.Shape[2], weights.Shape[2], StrideRight, DilationRight, PadLeft + PadRight);
        InferenceContext.Require(height > 0 && width > 0, $"A window of {weights.Shape[1]}×{weights.Shape[2]} does not fit an image of "
            + $"{input.Shape[1]}×{input.Shape[2]}.");
        return [new TensorType(input.Type, new Shape(input.Shape[0], height, width, weights.Shape[0]))];
    }

    /// <summary>Windows that fit into a padded dimension.</summary>
    public static int OutputSize(int input, int window, int stride, int dilation, int padding)
    {
        long span = (long)input + padding - (((long)window - 1) * dilation) - 1;
        return span < 0 ? 0 : (int)Math.Min(int.MaxValue, (span / stride) + 1);
    }

    /// <summary>Padding before and after, as TFLite's SAME and ONNX's SAME_UPPER do it; SAME_LOWER swaps the two.</summary>
    public static (int Before, int After) SamePadding(int input, int window, int stride, int dilation)
    {
        int output = (input + stride - 1) / stride;
        int total = Math.Max(0, ((output - 1) * stride) + ((window - 1) * dilation) + 1 - input);
        return (total / 2, total - (total / 2));
    }

    ConvGeometry ILinearLayer.Geometry(Shape input, Shape weights, Shape output) => Geometry(input, weights, output);

    private ConvGeometry Geometry(Shape input, Shape weights, Shape output) => new(
        input[0], input[1], input[2], input[3], output[1], output[2], output[3], weights[1], weights[2], StrideDown, StrideRight, DilationDown, DilationRight,
        PadTop, PadLeft, Groups);

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => SignRule.Free;

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) =>
        LinearLayer.Choose(context, Geometry(context.Input(0).Shape, context.Input(1).Shape, context.Output(0).Shape), Activation);

    // TFLite: CONV_2D options are padding, stride_w, stride_h, fused_activation, dilation_w, dilation_h.
    [TfLiteOperator(TfLiteBuiltinOperator.Conv2D, Integers = IntegerSupport.EightAndSixteen)]
    internal static void FromTfLite(TfLiteNode node) => FromTfLite(node, node.FloatIfHybrid(1), groups: null, activation: 3, dilation: 4);

    // TFLite: DEPTHWISE_CONV_2D options are padding, stride_w, stride_h, depth_multiplier, fused_activation, dilation_w, dilation_h;
    // weights are [1, kH, kW, C × multiplier].
    [TfLiteOperator(TfLiteBuiltinOperator.DepthwiseConv2D, Integers = IntegerSupport.EightAndSixteen)]
    internal static void DepthwiseFromTfLite(TfLiteNode node)
    {
        Value weights = node.Add("weights", new Transpose([3, 1, 2, 0]), node.FloatIfHybrid(1));
        FromTfLite(node, weights.Id, groups: node.Value(0).Shape[3], activation: 4, dilation: 5);
    }

    private static void FromTfLite(TfLiteNode node, int weights, int? groups, int activation, int dilation)
    {
        (Shape input, Shape window) = (node.Value(0).Shape, node.Graph[weights].Shape);
        if (input.Rank != 4 || window.Rank != 4) throw node.Malformed("A convolution needs images and weights of rank 4.");
        (int strideRight, int strideDown) = (node.Options.Int32(1, 1), node.Options.Int32(2, 1));
        (int dilationRight, int dilationDown) = (node.Options.Int32(dilation, 1), node.Options.Int32(dilation + 1, 1));
        (int top, int bottom) = node.Padding(0, input[1], window[1], strideDown, dilationDown);
        (int left, int right) = node.Padding(0, input[2], window[2], strideRight, dilationRight);
        // Grouped convolutions are told by their weights alone.
        if (groups is null && window[3] > 0 && input[3] % window[3] == 0) groups = input[3] / window[3];
        var conv = new Conv(strideDown, strideRight, dilationDown, dilationRight, top, left, bottom, right, groups ?? 1, node.Activation(activation));
        node.Emit(conv.Checked(node.Malformed), node.Input(0), weights, node.Input(2));
    }

    private Conv Checked(Func<string, ModelCompilationException> malformed)
    {
        if (StrideDown < 1 || StrideRight < 1 || DilationDown < 1 || DilationRight < 1 || Groups < 1)
            throw malformed("Strides, dilations and groups must be at least 1.");
        if (PadTop < 0 || PadLeft < 0 || PadBottom < 0 || PadRight < 0) throw malformed("Negative padding is not allowed here.");
        return this;
    }

    [OnnxOperator("Conv")]
    internal static void FromOnnx(OnnxNode node)
    {
        bool isCommon = node.Value(0) is { Shape.Rank: 3 or 4, Type: ElementType.Float32 } && OnnxNode.IsKnown(node.Value(1))
            && (!node.HasInput(2) || OnnxNode.IsKnown(node.Value(2)));
        if (!isCommon)
        {
            ConvChannelsFirst.FromOnnx(node);
            return;
        }

        node.EmitImage(node.Input(0), x =>
        {
            Value weights = node.WeightsLast(node.Input(1));
            return node.Add("conv", FromOnnx(node, x, weights), x.Id, weights.Id, node.Input(2));
        });
    }

    [OnnxOperator("QLinearConv")]
    internal static void QuantizedFromOnnx(OnnxNode node)
    {
        bool isCommon = node.Value(0).Shape.Rank is 3 or 4 && Enumerable.Range(1, 7).All(i => node.Value(i).Constant is not null)
            && (!node.HasInput(8) || node.Value(8).Constant is not null);
        if (!isCommon)
        {
            QuantizationBindings.Convolution(node);
            return;
        }

        int input = node.Quantized(0, 1, 2);
        int weights = node.Quantized(3, 4, 5);
        node.EmitImage(input, x =>
        {
            Value w = node.WeightsLast(weights);
            return node.AddQuantized("conv", FromOnnx(node, x, w), 6, 7, x.Id, w.Id, node.Input(8));
        });
    }

    private static Conv FromOnnx(OnnxNode node, Value input, Value weights)
    {
        int[] strides = node.Spatial("strides", 1);
        int[] dilations = node.Spatial("dilations", 1);
        int[] pads = node.Pads(input.Shape, weights.Shape, strides, dilations);
        return new Conv(strides[0], strides[1], dilations[0], dilations[1], pads[0], pads[1], pads[2], pads[3], node.Int("group", 1), ActivationRange.None)
            .Checked(node.Malformed);
    }
}
