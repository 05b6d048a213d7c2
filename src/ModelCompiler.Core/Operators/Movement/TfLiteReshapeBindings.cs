using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// How changes of shape read from TFLite. Shapes follow from inputs and options; those that the file stores for outputs are those of one run of the converter,
/// in which open dimensions were 1, and count only where nothing else says.
/// </summary>
internal static class TfLiteReshapeBindings
{
    // TFLite: inputs are tensor, shape; without the latter, the option is new_shape. −1 stands for what is left.
    [TfLiteOperator(TfLiteBuiltinOperator.Reshape, Integers = IntegerSupport.Any)]
    internal static void ReshapeFromTfLite(TfLiteNode node)
    {
        Shape from = node.Value(0).Shape;
        int[] target = [];
        if (node.Input(1) >= 0) target = node.Value(1) is { Constant: { } given, Shape.Rank: 1 } ? given.ToInt32s() : [.. node.Output(0).Shape];
        else if (node.Options.Exists) target = node.Options.Int32Vector(0) is [0] ? [] : node.Options.Int32Vector(0);
        // Old converters leave the option out where the output says the same.
        Shape? fitting = Fit(from, target) ?? Fit(from, [.. node.Output(0).Shape]);
        node.Emit(new Reshape(fitting ?? throw node.Malformed($"A tensor of shape {from} cannot become one of shape {string.Join("×", target)}.")),
            node.Input(0));
    }

    // TFLite: the option is squeeze_dims; without any, all dimensions of 1 go.
    [TfLiteOperator(TfLiteBuiltinOperator.Squeeze, Integers = IntegerSupport.Any)]
    internal static void SqueezeFromTfLite(TfLiteNode node)
    {
        Shape from = node.Value(0).Shape;
        int[] axes = [.. node.Options.Int32Vector(0).Select(a => a < 0 ? a + from.Rank : a)];
        if (axes.Any(a => a < 0 || a >= from.Rank || from[a] != 1)) throw node.Malformed($"An axis to remove from shape {from} is not 1.");
        node.Emit(new Reshape(new Shape(from.Where((d, i) => axes.Length == 0 ? d != 1 : !axes.Contains(i)))), node.Input(0));
    }

    // TFLite: inputs are tensor, axis.
    [TfLiteOperator(TfLiteBuiltinOperator.ExpandDims, Integers = IntegerSupport.Any)]
    internal static void ExpandDimsFromTfLite(TfLiteNode node)
    {
        List<int> target = [.. node.Value(0).Shape];
        TensorData given = node.ConstantInput(1, "axis");
        if (given.Count != 1) throw node.Malformed("The axis is not a single number.");
        int axis = given.ToInt32(0) is var a && a < 0 ? a + target.Count + 1 : a;
        if (axis < 0 || axis > target.Count) throw node.Malformed($"A tensor of rank {target.Count} has no place for axis {a}.");
        target.Insert(axis, 1);
        node.Emit(new Reshape(new Shape(target)), node.Input(0));
    }

    // TFLite: inputs are tensor, shape.
    [TfLiteOperator(TfLiteBuiltinOperator.BroadcastTo, Integers = IntegerSupport.Any)]
    internal static void BroadcastToFromTfLite(TfLiteNode node)
    {
        (Shape from, int[] to) = (node.Value(0).Shape, node.ConstantInput(1, "shape").ToInt32s());
        if (to.Any(d => d < 0) || Shape.Broadcast(from, new Shape(to)) is not { } joined || joined != new Shape(to))
            throw node.Malformed($"A tensor of shape {from} does not broadcast to {string.Join("×", to)}.");
        node.Emit(Strided.Expand(from, new Shape(to)), node.Input(0));
    }

    private static Shape? Fit(Shape from, int[] target)
    {
        int open = Array.IndexOf(target, -1);
        if (target.Where((d, i) => d < 0 && i != open).Any()) return null;
        long known = target.Where(d => d >= 0).Aggregate(1L, (product, d) => Math.Min(product * d, long.MaxValue >> 32));
        if (open < 0) return known == from.Elements ? new Shape(target) : null;
        return known > 0 && from.Elements % known == 0 ? new Shape(target).With(open, (int)(from.Elements / known)) : null;
    }
}
