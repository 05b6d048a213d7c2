using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>How <see cref="Resample"/> reads from ONNX: one axis after the other, since all modes are separable.</summary>
internal static class ResizeBindings
{
    // x, region, scales, sizes. Before opset 11 only x and scales.
    [OnnxOperator("Resize")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        int rank = x.Shape.Rank;
        int[] axes = [.. (node.Ints("axes") ?? [.. Enumerable.Range(0, rank)]).Select(a => node.Axis(a, rank))];
        int scaleInput = node.Opset < 11 ? 1 : 2;
        float[]? scales = node.OptionalConstant(scaleInput, "scales") is { Count: > 0 } given ? given.ToFloats() : null;
        int[]? sizes = scales is null ? node.OptionalConstant(3, "sizes")?.ToInt32s() : null;
        if ((scales?.Length ?? sizes?.Length) != axes.Length) throw node.Malformed("There is not one scale or size per axis.");
        string coordinates = node.Text("coordinate_transformation_mode", node.Opset < 11 ? "asymmetric" : "half_pixel");
        float[]? region = coordinates == "tf_crop_and_resize" ? node.ConstantInput(1, "region").ToFloats() : null;
        if (region is not null && region.Length != 2 * axes.Length) throw node.Malformed("There are not two bounds of the region per axis.");
        (int[] outputs, double[] factors) = Extents(node, x.Shape, axes, scales, sizes);
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = axes[i];
            if (outputs[i] < 0) throw node.Malformed("A size is negative.");
            if (outputs[i] == x.Shape[axis] && factors[i] == 1 && region is null) continue;
            (float from, float to) = region is null ? (0, 1) : (region[i], region[i + axes.Length]);
            x = node.Add($"axis{axis}", ResizeTaps.Resample(node, axis, x.Shape[axis], outputs[i], factors[i], coordinates, from, to, node.Opset < 11), x.Id);
        }

        node.Emit(new Reshape(x.Shape), x.Id);
    }

    [OnnxOperator("Upsample")]
    internal static void UpsampleFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        float[] scales = node.Floats("scales") ?? node.ConstantInput(1, "scales").ToFloats();
        if (scales.Length != x.Shape.Rank) throw node.Malformed("There is not one scale per axis.");
        for (int axis = 0; axis < scales.Length; axis++)
        {
            if (!(scales[axis] > 0)) throw node.Malformed("A scale is not positive.");
            if (scales[axis] != 1)
                x = node.Add($"axis{axis}", ResizeTaps.Resample(node, axis, x.Shape[axis], ScaledSize(node, x.Shape, axis, scales[axis]), scales[axis],
                    "asymmetric", 0, 1, simple: true), x.Id);
        }

        node.Emit(new Reshape(x.Shape), x.Id);
    }

    private static (int[] Outputs, double[] Factors) Extents(OnnxNode node, Shape shape, int[] axes, float[]? scales, int[]? sizes)
    {
        if (scales is not null)
        {
            if (scales.Any(s => !(s > 0))) throw node.Malformed("A scale is not positive.");
            return ([.. axes.Select((a, i) => ScaledSize(node, shape, a, scales[i]))], [.. scales.Select(s => (double)s)]);
        }

        string policy = node.Text("keep_aspect_ratio_policy", "stretch");
        double[] ratios = [.. axes.Select((a, i) => (double)sizes![i] / shape[a])];
        if (policy == "stretch") return (sizes!, ratios);
        double factor = policy == "not_larger" ? ratios.Min() : ratios.Max();
        return ([.. axes.Select(a => (int)MathF.Round((float)factor * shape[a], MidpointRounding.AwayFromZero))], [.. axes.Select(_ => factor)]);
    }

    /// <summary>
    /// Size of an axis that is scaled. Runtimes multiply in float32, where 10 · 0.7 is 7; exporters and older tools in double, where it is less.
    /// So what the model declares decides when it is one of the sizes next to the product, and else the product in float32.
    /// </summary>
    private static int ScaledSize(OnnxNode node, Shape shape, int axis, float scale)
    {
        float product = shape[axis] * scale;
        if (!(product < int.MaxValue)) throw node.Malformed($"Axis {axis} becomes too long.");
        bool isDeclared = node.DeclaredShape(0) is { } declared && declared.Length == shape.Rank && declared[axis] >= 0
            && Math.Abs(declared[axis] - (shape[axis] * (double)scale)) < 1;
        return isDeclared ? node.DeclaredShape(0)![axis] : (int)MathF.Floor(product);
    }
}
