using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>How slices, splits and repetitions read from ONNX.</summary>
internal static class MovementBindings
{
    // ONNX: starts, ends, axes, steps; attributes before opset 10. Out-of-range bounds are cut.
    [OnnxOperator("Slice", Integers = IntegerSupport.Yes)]
    internal static void SliceFromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int[] starts = node.Ints("starts") ?? node.ConstantInput(1, "list of starts").ToInt32s();
        int[] ends = node.Ints("ends") ?? node.ConstantInput(2, "list of ends").ToInt32s();
        int[] axes = node.Ints("axes") ?? node.OptionalConstant(3, "list of axes")?.ToInt32s() ?? [.. Enumerable.Range(0, starts.Length)];
        int[] given = node.OptionalConstant(4, "list of steps")?.ToInt32s() ?? [.. Enumerable.Repeat(1, starts.Length)];
        if (ends.Length != starts.Length || axes.Length != starts.Length || given.Length != starts.Length || given.Contains(0))
            throw node.Malformed("Starts, ends, axes and steps do not belong together.");
        (int[] from, int[] sizes, int[] steps) = (new int[shape.Rank], [.. shape], [.. Enumerable.Repeat(1, shape.Rank)]);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = node.Axis(axes[i], shape.Rank);
            (long size, long step) = (shape[axis], given[i]);
            long start = starts[i] < 0 ? starts[i] + size : starts[i];
            long end = ends[i] < 0 ? ends[i] + size : ends[i];
            start = Math.Clamp(start, 0, step > 0 ? size : size - 1);
            end = Math.Clamp(end, step > 0 ? 0 : -1, size);
            (from[axis], steps[axis]) = ((int)start, (int)step);
            sizes[axis] = (int)Math.Max(0, step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step);
        }

        node.Emit(Strided.Slice(shape, from, sizes, steps), node.Input(0));
    }

    [OnnxOperator("Expand", Integers = IntegerSupport.Yes)]
    internal static void ExpandFromOnnx(OnnxNode node)
    {
        Value input = node.Value(0);
        var wanted = new Shape(node.ConstantInput(1, "shape").ToInt32s());
        Shape target = Shape.Broadcast(input.Shape, wanted) ?? throw node.Malformed($"A tensor of shape {input.Shape} does not expand to {wanted}.");
        node.Emit(Strided.Expand(input.Shape, target), input.Id);
    }

    [OnnxOperator("Tile", Integers = IntegerSupport.Yes)]
    internal static void TileFromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int[] repeats = node.ConstantInput(1, "number of repetitions").ToInt32s();
        if (node.Opset < 6 && repeats.Length == 1)
            repeats = [.. Enumerable.Range(0, shape.Rank).Select(i => i == node.ConstantInput(2, "axis").ToInt32(0) ? repeats[0] : 1)];
        if (repeats.Length != shape.Rank || repeats.Any(r => r < 0)) throw node.Malformed("There is not one number of repetitions per axis.");
        node.Emit(Strided.Tile(shape, repeats), node.Input(0));
    }

    [OnnxOperator("Split", Integers = IntegerSupport.Yes)]
    internal static void SplitFromOnnx(OnnxNode node)
    {
        Value input = node.Value(0);
        int axis = node.Axis(node.Int("axis", 0), input.Shape.Rank);
        int parts = node.Int("num_outputs", node.OutputCount);
        if (parts < 1 || parts > Math.Max(node.OutputCount, input.Shape[axis]))
            throw node.Malformed($"Axis {axis} of a tensor of shape {input.Shape} does not split into {parts} parts.");
        int[] lengths = node.Ints("split") ?? node.OptionalConstant(1, "list of lengths")?.ToInt32s() ?? Even(input.Shape[axis], parts);
        if (lengths.Sum() != input.Shape[axis] || lengths.Length < node.OutputCount || lengths.Any(l => l < 0))
            throw node.Malformed($"Axis {axis} of a tensor of shape {input.Shape} does not split into {string.Join(" + ", lengths)}.");
        for (int i = 0, start = 0; i < node.OutputCount; start += lengths[i++]) node.Bind(i, Part(node, node.OutputName(i), input, axis, start, lengths[i]));
    }

    /// <summary>Part of a tensor along an axis.</summary>
    public static Value Part(OnnxNode node, string name, Value input, int axis, int start, int length)
    {
        Shape shape = input.Shape;
        return node.Graph.Add(name, node.Origin, Strided.Slice(shape, [.. Enumerable.Range(0, shape.Rank).Select(i => i == axis ? start : 0)],
            [.. shape.With(axis, length)], [.. Enumerable.Repeat(1, shape.Rank)]), [input.Id]);
    }

    /// <summary>Lengths of so many parts, the last of which may be shorter.</summary>
    public static int[] Even(int size, int parts)
    {
        int length = (size + parts - 1) / Math.Max(parts, 1);
        return [.. Enumerable.Range(0, parts).Select(i => Math.Clamp(size - (i * length), 0, length))];
    }

    [OnnxOperator("DepthToSpace", Integers = IntegerSupport.Yes)]
    internal static void DepthToSpaceFromOnnx(OnnxNode node)
    {
        Value x = Image(node);
        int block = node.Int("blocksize", 1);
        if (block < 1 || x.Shape[1] % (block * block) != 0) throw node.Malformed($"{x.Shape[1]} channels do not divide into blocks of {block}×{block}.");
        (int n, int c, int h, int w) = (x.Shape[0], x.Shape[1] / (block * block), x.Shape[2], x.Shape[3]);
        bool depthFirst = node.Text("mode", "DCR") == "DCR";
        Value parts = node.Add("blocks", new Reshape(depthFirst ? new Shape(n, block, block, c, h, w) : new Shape(n, c, block, block, h, w)), x.Id);
        Value moved = node.Add("moved", new Transpose(depthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]), parts.Id);
        node.Emit(new Reshape(new Shape(n, c, h * block, w * block)), moved.Id);
    }

    [OnnxOperator("SpaceToDepth", Integers = IntegerSupport.Yes)]
    internal static void SpaceToDepthFromOnnx(OnnxNode node)
    {
        Value x = Image(node);
        int block = node.Int("blocksize", 1);
        if (block < 1 || x.Shape[2] % block != 0 || x.Shape[3] % block != 0)
            throw node.Malformed($"An image of {x.Shape[2]}×{x.Shape[3]} does not divide into blocks of {block}×{block}.");
        (int n, int c, int h, int w) = (x.Shape[0], x.Shape[1], x.Shape[2] / block, x.Shape[3] / block);
        Value parts = node.Add("blocks", new Reshape(new Shape(n, c, h, block, w, block)), x.Id);
        Value moved = node.Add("moved", new Transpose(0, 3, 5, 1, 2, 4), parts.Id);
        node.Emit(new Reshape(new Shape(n, c * block * block, h, w)), moved.Id);
    }

    private static Value Image(OnnxNode node) => node.Value(0) is { Shape.Rank: 4 } x ? x
        : throw node.Malformed($"The input of shape {node.Value(0).Shape} is not a batch of images.");
}
