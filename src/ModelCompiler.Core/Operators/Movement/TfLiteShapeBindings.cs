using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>How shapes, fillings, mirrors, reversals and resizing by the nearest element read from TFLite.</summary>
internal static class TfLiteShapeBindings
{
    [TfLiteOperator(TfLiteBuiltinOperator.Shape, Integers = IntegerSupport.Any)]
    internal static void ShapeFromTfLite(TfLiteNode node) => Numbers(node, node.Value(0).Shape);

    [TfLiteOperator(TfLiteBuiltinOperator.Rank, Integers = IntegerSupport.Any)]
    internal static void RankFromTfLite(TfLiteNode node) =>
        node.Bind(0, node.Graph.AddConstant(node.Name, TensorData.Of(new Shape(), [node.Value(0).Shape.Rank])));

    // The shape that two shapes broadcast to.
    [TfLiteOperator(TfLiteBuiltinOperator.BroadcastArgs, Integers = IntegerSupport.Any)]
    internal static void BroadcastArgsFromTfLite(TfLiteNode node)
    {
        (Shape a, Shape b) = (new Shape(node.ConstantInput(0, "shape").ToInt32s()), new Shape(node.ConstantInput(1, "shape").ToInt32s()));
        Numbers(node, Shape.Broadcast(a, b) ?? throw node.Malformed($"Shapes {a} and {b} do not broadcast."));
    }

    private static void Numbers(TfLiteNode node, IEnumerable<int> values)
    {
        int[] items = [.. values];
        var data = new TensorData(node.Output(0).Type, new Shape(items.Length));
        for (int i = 0; i < items.Length; i++) data.Set(i, items[i]);
        node.Bind(0, node.Graph.AddConstant(node.Name, data));
    }

    [TfLiteOperator(TfLiteBuiltinOperator.ZerosLike, Integers = IntegerSupport.Any)]
    internal static void ZerosFromTfLite(TfLiteNode node)
    {
        Value zero = node.Graph.AddConstant($"{node.Name}/zero", new TensorData(node.Value(0).Type, new Shape()), node.Output(0).Quantization);
        node.Emit(Strided.Expand(new Shape(), node.Value(0).Shape), zero.Id);
    }

    // TFLite: inputs are shape, value.
    [TfLiteOperator(TfLiteBuiltinOperator.Fill, Integers = IntegerSupport.Any)]
    internal static void FillFromTfLite(TfLiteNode node)
    {
        int[] target = node.ConstantInput(0, "shape").ToInt32s();
        if (target.Any(d => d < 0)) throw node.Malformed("A dimension of the shape is negative.");
        if (node.Value(1).Shape.Elements != 1) throw node.Malformed("The value is not a single element.");
        int value = node.Value(1).Shape.Rank == 0 ? node.Input(1) : node.Add("value", new Reshape(new Shape()), node.Input(1)).Id;
        node.Emit(Strided.Expand(new Shape(), new Shape(target)), value);
    }

    // TFLite: inputs are start, limit, step.
    [TfLiteOperator(TfLiteBuiltinOperator.Range, Integers = IntegerSupport.Any)]
    internal static void RangeFromTfLite(TfLiteNode node)
    {
        (double start, double limit, double step) = (node.ConstantInput(0, "start").ToDouble(0), node.ConstantInput(1, "limit").ToDouble(0),
            node.ConstantInput(2, "step").ToDouble(0));
        double count = Math.Ceiling((limit - start) / step);
        if (!(count < 1 << 26)) throw node.Malformed($"A range from {start} to {limit} in steps of {step} has no end.");
        var data = new TensorData(node.Output(0).Type, new Shape(Math.Max(0, (int)count)));
        for (int i = 0; i < data.Count; i++) data.Set(i, start + (i * step));
        node.Bind(0, node.Graph.AddConstant(node.Name, data));
    }

    // TFLite: [rank, 2] amounts; the option is mode: REFLECT leaves out the edge, SYMMETRIC repeats it.
    [TfLiteOperator(TfLiteBuiltinOperator.MirrorPad, Integers = IntegerSupport.Any)]
    internal static void MirrorPadFromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        int[] pads = node.ConstantInput(1, "padding").ToInt32s();
        int edge = node.Options.Int8(0) == 0 ? 1 : 0;
        if (pads.Length != 2 * shape.Rank || pads.Where((p, i) => p < 0 || p > shape[i / 2] - edge).Any())
            throw node.Malformed($"The paddings do not fit a tensor of shape {shape}.");
        var target = new Shape(shape.Select((d, i) => d + pads[2 * i] + pads[(2 * i) + 1]));
        node.Emit(Take.Of(target, (axis, i) => Mirror(i - pads[2 * axis], shape[axis])), node.Input(0));

        int Mirror(int i, int size) => i < 0 ? -i - 1 + edge : i >= size ? (2 * size) - 1 - edge - i : i;
    }

    [TfLiteOperator(TfLiteBuiltinOperator.ReverseV2, Integers = IntegerSupport.Any)]
    internal static void ReverseFromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        HashSet<int> axes = [.. node.ConstantInput(1, "list of axes").ToInt32s().Select(a => a < 0 ? a + shape.Rank : a)];
        if (axes.Any(a => a < 0 || a >= shape.Rank)) throw node.Malformed($"A tensor of shape {shape} lacks one of the axes {string.Join(", ", axes)}.");
        int[] starts = [.. shape.Select((d, i) => axes.Contains(i) ? d - 1 : 0)];
        node.Emit(Strided.Slice(shape, starts, [.. shape], [.. shape.Select((_, i) => axes.Contains(i) ? -1 : 1)]), node.Input(0));
    }

    // TFLite: options are align_corners, half_pixel_centers.
    [TfLiteOperator(TfLiteBuiltinOperator.ResizeNearestNeighbor, Integers = IntegerSupport.Any)]
    internal static void NearestFromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        int[] size = node.ConstantInput(1, "size").ToInt32s();
        if (shape.Rank != 4 || size.Length != 2 || size.Any(s => s < 1)) throw node.Malformed("The size does not fit images of rank 4.");
        (bool align, bool half) = (node.Options.Bool(0), node.Options.Bool(1));
        var target = new Shape(shape[0], size[0], size[1], shape[3]);
        node.Emit(Take.Of(target, (axis, i) => axis is 1 or 2 ? Nearest(i, shape[axis], target[axis]) : i), node.Input(0));

        int Nearest(int place, int from, int to)
        {
            float scale = align && to > 1 ? (from - 1) / (float)(to - 1) : from / (float)to;
            float at = (place + (half ? 0.5f : 0)) * scale;
            return Math.Clamp((int)(align ? MathF.Round(at, MidpointRounding.AwayFromZero) : MathF.Floor(at)), 0, from - 1);
        }
    }
}
