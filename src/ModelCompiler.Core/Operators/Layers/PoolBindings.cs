using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>How <see cref="Pool"/> reads from ONNX and TFLite.</summary>
internal static class PoolBindings
{
    [OnnxOperator("MaxPool", Integers = IntegerSupport.Yes)]
    internal static void MaxFromOnnx(OnnxNode node)
    {
        if (node.HasOutput(1) || !IsCommon(node)) PoolChannelsFirst.Emit(node, "Max", node.Int("storage_order", 0));
        else node.EmitImage(node.Input(0), x => node.Add("pool", Windowed(node, PoolKind.Max, x), x.Id));
    }

    [OnnxOperator("AveragePool", Integers = IntegerSupport.Yes)]
    internal static void AverageFromOnnx(OnnxNode node)
    {
        if (!IsCommon(node)) PoolChannelsFirst.Emit(node, "Average", node.Int("count_include_pad", 0));
        else node.EmitImage(node.Input(0), x => node.Add("pool", Windowed(node, PoolKind.Average, x), x.Id));
    }

    // Images and sequences of float32 and quantised integers have kernels of their own.
    private static bool IsCommon(OnnxNode node) => node.Value(0) is { Shape.Rank: 3 or 4 } x && (x.Type == ElementType.Float32 || x.IsQuantized);

    [OnnxOperator("GlobalMaxPool", Integers = IntegerSupport.Yes)]
    internal static void GlobalMaxFromOnnx(OnnxNode node)
    {
        if (!IsCommon(node)) PoolChannelsFirst.Emit(node, "Max", 0, [.. node.Value(0).Shape.Skip(2)]);
        else node.EmitImage(node.Input(0), x => node.Add("pool", Global(PoolKind.Max, x), x.Id));
    }

    [OnnxOperator("GlobalAveragePool", Integers = IntegerSupport.Yes)]
    internal static void GlobalAverageFromOnnx(OnnxNode node)
    {
        if (!IsCommon(node)) PoolChannelsFirst.Emit(node, "Average", 0, [.. node.Value(0).Shape.Skip(2)]);
        else node.EmitImage(node.Input(0), x => node.Add("pool", Global(PoolKind.Average, x), x.Id));
    }

    // com.microsoft: x, its scale and zero point, output scale and zero point; channels_last says that images are NHWC already.
    [OnnxOperator("QLinearAveragePool", "com.microsoft", Integers = IntegerSupport.Yes)]
    internal static void QuantizedAverageFromOnnx(OnnxNode node) => Quantized(node, x => Windowed(node, PoolKind.Average, x));

    [OnnxOperator("QLinearGlobalAveragePool", "com.microsoft", Integers = IntegerSupport.Yes)]
    internal static void QuantizedGlobalAverageFromOnnx(OnnxNode node) => Quantized(node, x => Global(PoolKind.Average, x));

    private static void Quantized(OnnxNode node, Func<Value, Pool> pool)
    {
        int input = node.Quantized(0, 1, 2);
        if (node.Int("channels_last", 0) != 0) node.EmitQuantized(pool(node.Graph[input]), 3, 4, input);
        else node.EmitImage(input, x => node.AddQuantized("pool", pool(x), 3, 4, x.Id));
    }

    private static Pool Windowed(OnnxNode node, PoolKind kind, Value x)
    {
        if (!node.HasAttribute("kernel_shape")) throw node.Malformed("Attribute 'kernel_shape' is missing.");
        if (x.Shape.Rank != 4) throw node.Malformed($"A tensor of shape {x.Shape} is not a batch of images.");
        int[] window = node.Spatial("kernel_shape", 1);
        int[] strides = node.Spatial("strides", 1);
        int[] dilations = node.Spatial("dilations", 1);
        int[] pads = node.Pads(x.Shape, new Shape(1, window[0], window[1], 1), strides, dilations);
        return new Pool(kind, window[0], window[1], strides[0], strides[1], pads[0], pads[1], pads[2], pads[3], node.Int("count_include_pad", 0) != 0,
            ActivationRange.None)
        {
            DilationDown = dilations[0],
            DilationRight = dilations[1],
            CeilMode = node.Int("ceil_mode", 0) != 0,
        };
    }

    private static Pool Global(PoolKind kind, Value x) => new(kind, x.Shape[1], x.Shape[2], 1, 1, 0, 0, 0, 0, false, ActivationRange.None);

    [TfLiteOperator(TfLiteBuiltinOperator.MaxPool2D, Integers = IntegerSupport.EightAndSixteen)]
    internal static void MaxFromTfLite(TfLiteNode node) => FromTfLite(node, PoolKind.Max);

    [TfLiteOperator(TfLiteBuiltinOperator.AveragePool2D, Integers = IntegerSupport.EightAndSixteen)]
    internal static void AverageFromTfLite(TfLiteNode node) => FromTfLite(node, PoolKind.Average);

    private static void FromTfLite(TfLiteNode node, PoolKind kind) =>
        node.Emit(FromOptions(node, kind, node.Value(0).Shape, node.Activation(5)), node.Input(0));

    // TFLite: options are padding, stride_w, stride_h, filter_width, filter_height, fused_activation.
    internal static Pool FromOptions(TfLiteNode node, PoolKind kind, Shape shape, ActivationRange activation)
    {
        if (shape.Rank != 4) throw node.Malformed("A pool needs images of rank 4.");
        (int strideRight, int strideDown, int width, int height) = (node.Options.Int32(1), node.Options.Int32(2), node.Options.Int32(3), node.Options.Int32(4));
        (int top, int bottom) = node.Padding(0, shape[1], height, strideDown, 1);
        (int left, int right) = node.Padding(0, shape[2], width, strideRight, 1);
        return new Pool(kind, height, width, strideDown, strideRight, top, left, bottom, right, false, activation);
    }
}
