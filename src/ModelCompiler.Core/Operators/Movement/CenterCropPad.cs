using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>CenterCropPad: the middle of a tensor, or a border of zeros around it.</summary>
internal static class CenterCropPad
{
    [OnnxOperator("CenterCropPad")]
    internal static void FromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int[] wanted = node.ConstantInput(1, "shape").ToInt32s();
        int[] axes = [.. (node.Ints("axes") ?? [.. Enumerable.Range(0, shape.Rank)]).Select(a => node.Axis(a, shape.Rank))];
        if (axes.Length != wanted.Length) throw node.Malformed("There is not one size per axis.");
        var target = new Shape(shape.Select((d, axis) => Array.IndexOf(axes, axis) is var i and >= 0 ? wanted[i] : d));
        node.Emit(
            Take.Of(target, (axis, i) =>
            {
                // Rounded down either way: what is odd goes to the end.
                (int size, int d) = (target[axis], shape[axis]);
                int at = i + (size < d ? (d - size) / 2 : -((size - d) / 2));
                return at >= 0 && at < d ? at : -1;
            }),
            node.Input(0), -1);
    }
}
