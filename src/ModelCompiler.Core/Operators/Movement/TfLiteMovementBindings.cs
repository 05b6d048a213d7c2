using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>How slices, splits, stacks and repetitions read from TFLite.</summary>
internal static class TfLiteMovementBindings
{
    // TFLite: inputs are tensor, begins, ends, strides; options are masks of axes: begin, end, ellipsis, new_axis, shrink_axis.
    [TfLiteOperator(TfLiteBuiltinOperator.StridedSlice, Integers = IntegerSupport.Any)]
    internal static void StridedSliceFromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        (int[] begins, int[] ends, int[] strides) = (node.ConstantInput(1, "list of begins").ToInt32s(), node.ConstantInput(2, "list of ends").ToInt32s(),
            node.ConstantInput(3, "list of strides").ToInt32s());
        (int beginMask, int endMask, int ellipsis, int newAxis, int shrink) =
            (node.Options.Int32(0), node.Options.Int32(1), node.Options.Int32(2), node.Options.Int32(3), node.Options.Int32(4));
        if (ellipsis != 0 || newAxis != 0)
            throw node.Unsupported("Slices with an ellipsis or new axes are not supported.", "Write the slice with a range for every axis.");
        if (ends.Length != begins.Length || strides.Length != begins.Length || begins.Length > shape.Rank || strides.Contains(0))
            throw node.Malformed("Begins, ends and strides do not belong together.");
        (int[] from, int[] sizes, int[] steps) = (new int[shape.Rank], [.. shape], [.. Enumerable.Repeat(1, shape.Rank)]);
        for (int axis = 0; axis < begins.Length; axis++)
        {
            (long size, long step) = (shape[axis], strides[axis]);
            (long low, long high) = step > 0 ? (0, size) : (-1, size - 1);
            long begin = (beginMask & (1 << axis)) != 0 ? (step > 0 ? 0 : size - 1)
                : Math.Clamp(begins[axis] < 0 ? begins[axis] + size : begins[axis], low, high);
            long end = (endMask & (1 << axis)) != 0 ? (step > 0 ? size : -1) : Math.Clamp(ends[axis] < 0 ? ends[axis] + size : ends[axis], low, high);
            if ((shrink & (1 << axis)) != 0) (end, step) = (begin + 1, 1);
            (from[axis], steps[axis]) = ((int)begin, (int)step);
            sizes[axis] = (int)Math.Max(0, step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step);
        }

        Strided slice = Strided.Slice(shape, from, sizes, steps);
        if (shrink == 0)
        {
            node.Emit(slice, node.Input(0));
            return;
        }

        var kept = new Shape(sizes.Where((_, axis) => (shrink & (1 << axis)) == 0));
        node.Emit(new Reshape(kept), node.Add("slice", slice, node.Input(0)).Id);
    }

    // TFLite: inputs are tensor, begins, sizes; a size of −1 is what is left.
    [TfLiteOperator(TfLiteBuiltinOperator.Slice, Integers = IntegerSupport.Any)]
    internal static void SliceFromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        (int[] begins, int[] sizes) = (node.ConstantInput(1, "list of begins").ToInt32s(), node.ConstantInput(2, "list of sizes").ToInt32s());
        if (begins.Length != shape.Rank || sizes.Length != shape.Rank) throw node.Malformed("There is not one begin and size per axis.");
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            if (sizes[axis] == -1) sizes[axis] = shape[axis] - begins[axis];
            if (begins[axis] < 0 || sizes[axis] < 0 || sizes[axis] > shape[axis] - begins[axis])
                throw node.Malformed($"The slice does not lie within a tensor of shape {shape}.");
        }

        node.Emit(Strided.Slice(shape, begins, sizes, [.. Enumerable.Repeat(1, shape.Rank)]), node.Input(0));
    }

    // TFLite: inputs are axis, tensor; the option counts the parts.
    [TfLiteOperator(TfLiteBuiltinOperator.Split, Integers = IntegerSupport.Any)]
    internal static void SplitFromTfLite(TfLiteNode node)
    {
        Value input = node.Value(1);
        int axis = Axis(node, node.ConstantInput(0, "axis").ToInt32(0), input.Shape.Rank);
        if (node.OutputCount == 0 || input.Shape[axis] % node.OutputCount != 0)
            throw node.Malformed($"Axis {axis} of a tensor of shape {input.Shape} does not split into {node.OutputCount} parts.");
        Split(node, input, axis, [.. Enumerable.Repeat(input.Shape[axis] / node.OutputCount, node.OutputCount)]);
    }

    // TFLite: inputs are tensor, sizes, axis; one size may be −1.
    [TfLiteOperator(TfLiteBuiltinOperator.SplitV, Integers = IntegerSupport.Any)]
    internal static void SplitVFromTfLite(TfLiteNode node)
    {
        Value input = node.Value(0);
        int axis = Axis(node, node.ConstantInput(2, "axis").ToInt32(0), input.Shape.Rank);
        int[] sizes = node.ConstantInput(1, "list of sizes").ToInt32s();
        int open = Array.IndexOf(sizes, -1);
        if (open >= 0) sizes[open] = input.Shape[axis] - (sizes.Sum() + 1);
        if (sizes.Length != node.OutputCount || sizes.Any(s => s < 0) || sizes.Sum() != input.Shape[axis])
            throw node.Malformed($"Axis {axis} of a tensor of shape {input.Shape} does not split into {string.Join(" + ", sizes)}.");
        Split(node, input, axis, sizes);
    }

    private static void Split(TfLiteNode node, Value input, int axis, int[] sizes)
    {
        for (int i = 0, start = 0; i < sizes.Length; start += sizes[i++]) node.EmitOutput(i, Part(input.Shape, axis, start, sizes[i]), input.Id);
    }

    private static Strided Part(Shape shape, int axis, int start, int length) =>
        Strided.Slice(shape, [.. Enumerable.Range(0, shape.Rank).Select(i => i == axis ? start : 0)], [.. shape.With(axis, length)],
            [.. Enumerable.Repeat(1, shape.Rank)]);

    // TFLite: options are values_count, axis.
    [TfLiteOperator(TfLiteBuiltinOperator.Pack, Integers = IntegerSupport.Any)]
    internal static void PackFromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        int axis = Axis(node, node.Options.Int32(1), shape.Rank + 1);
        List<int> expanded = [.. shape];
        expanded.Insert(axis, 1);
        int[] parts = [.. Enumerable.Range(0, node.InputCount).Select(i => node.Add($"part {i}", new Reshape(new Shape(expanded)), node.Value(i).Id).Id)];
        node.Emit(new Concatenation(axis), parts);
    }

    // TFLite: options are num, axis.
    [TfLiteOperator(TfLiteBuiltinOperator.Unpack, Integers = IntegerSupport.Any)]
    internal static void UnpackFromTfLite(TfLiteNode node)
    {
        Value input = node.Value(0);
        int axis = Axis(node, node.Options.Int32(1), input.Shape.Rank);
        if (input.Shape[axis] != node.OutputCount)
            throw node.Malformed($"Axis {axis} of a tensor of shape {input.Shape} does not fall into {node.OutputCount} parts.");
        var rest = new Shape(input.Shape.Where((_, i) => i != axis));
        for (int i = 0; i < node.OutputCount; i++) node.EmitOutput(i, new Reshape(rest), node.Add($"part {i}", Part(input.Shape, axis, i, 1), input.Id).Id);
    }

    [TfLiteOperator(TfLiteBuiltinOperator.Tile, Integers = IntegerSupport.Any)]
    internal static void TileFromTfLite(TfLiteNode node)
    {
        int[] repeats = node.ConstantInput(1, "number of repetitions").ToInt32s();
        if (repeats.Length != node.Value(0).Shape.Rank || repeats.Any(r => r < 0)) throw node.Malformed("There is not one number of repetitions per axis.");
        node.Emit(Strided.Tile(node.Value(0).Shape, repeats), node.Input(0));
    }

    // TFLite: the option is block_size; images are channels-last.
    [TfLiteOperator(TfLiteBuiltinOperator.DepthToSpace, Integers = IntegerSupport.Any)]
    internal static void DepthToSpaceFromTfLite(TfLiteNode node)
    {
        (Shape s, int block) = (Image(node), node.Options.Int32(0));
        if (block < 1 || s[3] % (block * block) != 0) throw node.Malformed($"{s[3]} channels do not divide into blocks of {block}×{block}.");
        Value parts = node.Add("blocks", new Reshape(new Shape(s[0], s[1], s[2], block, block, s[3] / (block * block))), node.Input(0));
        Value moved = node.Add("moved", new Transpose(0, 1, 3, 2, 4, 5), parts.Id);
        node.Emit(new Reshape(new Shape(s[0], s[1] * block, s[2] * block, s[3] / (block * block))), moved.Id);
    }

    [TfLiteOperator(TfLiteBuiltinOperator.SpaceToDepth, Integers = IntegerSupport.Any)]
    internal static void SpaceToDepthFromTfLite(TfLiteNode node)
    {
        (Shape s, int block) = (Image(node), node.Options.Int32(0));
        if (block < 1 || s[1] % block != 0 || s[2] % block != 0)
            throw node.Malformed($"An image of {s[1]}×{s[2]} does not divide into blocks of {block}×{block}.");
        Value parts = node.Add("blocks", new Reshape(new Shape(s[0], s[1] / block, block, s[2] / block, block, s[3])), node.Input(0));
        Value moved = node.Add("moved", new Transpose(0, 1, 3, 2, 4, 5), parts.Id);
        node.Emit(new Reshape(new Shape(s[0], s[1] / block, s[2] / block, s[3] * block * block)), moved.Id);
    }

    // TFLite: inputs are tensor [N, spatial…, rest…], block per spatial axis, crops per spatial axis [spatial, 2].
    [TfLiteOperator(TfLiteBuiltinOperator.BatchToSpaceNd, Integers = IntegerSupport.Any)]
    internal static void BatchToSpaceFromTfLite(TfLiteNode node)
    {
        (Shape s, int[] block, int[] crops) = (node.Value(0).Shape, node.ConstantInput(1, "block").ToInt32s(),
            node.ConstantInput(2, "list of crops").ToInt32s());
        int m = block.Length;
        RequireBlocks(node, s, block, crops);
        int blocks = block.Aggregate(1, (p, b) => p * b);
        if (s[0] % blocks != 0) throw node.Malformed($"A batch of {s[0]} does not divide into blocks of {blocks}.");
        Value parts = node.Add("blocks", new Reshape(new Shape([.. block, s[0] / blocks, .. s.Skip(1)])), node.Input(0));
        int[] order = [m, .. Enumerable.Range(0, m).SelectMany(i => new[] { m + 1 + i, i }), .. Enumerable.Range((2 * m) + 1, s.Rank - 1 - m)];
        Value moved = node.Add("moved", new Transpose(order), parts.Id);
        int[] grown = [s[0] / blocks, .. block.Select((b, i) => s[1 + i] * b), .. s.Skip(1 + m)];
        Value joined = node.Add("joined", new Reshape(new Shape(grown)), moved.Id);
        int[] from = [.. grown.Select((_, i) => i >= 1 && i <= m ? crops[2 * (i - 1)] : 0)];
        int[] sizes = [.. grown.Select((d, i) => i >= 1 && i <= m ? d - crops[2 * (i - 1)] - crops[(2 * (i - 1)) + 1] : d)];
        if (sizes.Any(d => d < 0)) throw node.Malformed("The crops are larger than the image.");
        node.Emit(Strided.Slice(new Shape(grown), from, sizes, [.. Enumerable.Repeat(1, grown.Length)]), joined.Id);
    }

    // TFLite: inputs are tensor [N, spatial…, rest…], block per spatial axis, paddings per spatial axis [spatial, 2]; padding is the zero point.
    [TfLiteOperator(TfLiteBuiltinOperator.SpaceToBatchNd, Integers = IntegerSupport.Any)]
    internal static void SpaceToBatchFromTfLite(TfLiteNode node)
    {
        (Shape s, int[] block, int[] pads) = (node.Value(0).Shape, node.ConstantInput(1, "block").ToInt32s(),
            node.ConstantInput(2, "list of paddings").ToInt32s());
        int m = block.Length;
        RequireBlocks(node, s, block, pads);
        int[] before = [.. s.Select((_, i) => i >= 1 && i <= m ? pads[2 * (i - 1)] : 0)];
        int[] after = [.. s.Select((_, i) => i >= 1 && i <= m ? pads[(2 * (i - 1)) + 1] : 0)];
        Value padded = node.Add("padded", new Pad(CodeGen.Plan.EquatableArray.ToEquatableArray(before), CodeGen.Plan.EquatableArray.ToEquatableArray(after),
            0), node.Input(0));
        Shape p = padded.Shape;
        if (block.Where((b, i) => p[1 + i] % b != 0).Any())
            throw node.Malformed($"An image of shape {p} does not divide into blocks of {string.Join("×", block)}.");
        int[] split = [p[0], .. block.SelectMany((b, i) => new[] { p[1 + i] / b, b }), .. p.Skip(1 + m)];
        Value parts = node.Add("blocks", new Reshape(new Shape(split)), padded.Id);
        int[] order = [.. Enumerable.Range(0, m).Select(i => (2 * i) + 2), 0, .. Enumerable.Range(0, m).Select(i => (2 * i) + 1),
            .. Enumerable.Range((2 * m) + 1, p.Rank - 1 - m)];
        Value moved = node.Add("moved", new Transpose(order), parts.Id);
        node.Emit(new Reshape(new Shape([p[0] * block.Aggregate(1, (product, b) => product * b), .. block.Select((b, i) => p[1 + i] / b), .. p.Skip(1 + m)])),
            moved.Id);
    }

    private static void RequireBlocks(TfLiteNode node, Shape shape, int[] block, int[] edges)
    {
        if (shape.Rank <= block.Length || edges.Length != 2 * block.Length || block.Any(b => b < 1) || edges.Any(e => e < 0))
            throw node.Malformed("Blocks and edges do not fit the tensor.");
    }

    private static Shape Image(TfLiteNode node) => node.Value(0) is { Shape: { Rank: 4 } shape } ? shape
        : throw node.Malformed($"The input of shape {node.Value(0).Shape} is not a batch of images.");

    private static int Axis(TfLiteNode node, int axis, int rank)
    {
        int result = axis < 0 ? axis + rank : axis;
        return result >= 0 && result < rank ? result : throw node.Malformed($"A tensor of rank {rank} has no axis {axis}.");
    }
}
