using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Normalisations, composed of simpler operators. Half-precision tensors are computed in float32.</summary>
internal static class Normalizations
{
    // Outputs: the result, and optionally mean and inverse deviation, of the axes from the given one on.
    [OnnxOperator("LayerNormalization")]
    internal static void LayerFromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        Value axes = Trailing(node, x, node.Axis(node.Int("axis", -1), x.Shape.Rank));
        Value mean = node.Call("ReduceMean", [x, axes]);
        Value centred = node.Call("Sub", [x, mean]);
        Value variance = node.Call("ReduceMean", [node.Call("Mul", [centred, centred]), axes]);
        Value inverse = Inverse(node, variance, node.Float("epsilon", 1e-5f));
        Value normal = node.Call("Mul", [centred, inverse]);
        node.Bind(0, ScaleAndShift(node, normal, node.Value(1), node.HasInput(2) ? node.Value(2) : null));
        node.Bind(1, mean);
        node.Bind(2, inverse);
    }

    [OnnxOperator("RMSNormalization")]
    internal static void RmsFromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        Value axes = Trailing(node, x, node.Axis(node.Int("axis", -1), x.Shape.Rank));
        Value square = node.Call("ReduceMean", [node.Call("Mul", [x, x]), axes]);
        Value normal = node.Call("Mul", [x, Inverse(node, square, node.Float("epsilon", 1e-5f))]);
        node.Bind(0, ScaleAndShift(node, normal, node.Value(1), null));
    }

    [OnnxOperator("InstanceNormalization")]
    internal static void InstanceFromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        Value normal = Standardize(node, x, Trailing(node, x, 2), node.Float("epsilon", 1e-5f));
        node.Bind(0, ScaleAndShift(node, normal, Channels(node, node.Value(1), x.Shape.Rank), Channels(node, node.Value(2), x.Shape.Rank)));
    }

    // Scale and shift are per channel since opset 21, and per group before.
    [OnnxOperator("GroupNormalization")]
    internal static void GroupFromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        (int groups, int channels) = (node.Int("num_groups", 1), x.Shape[1]);
        if (groups < 1 || channels % groups != 0) throw node.Malformed($"{channels} channels do not divide into {groups} groups.");
        Value parts = node.Add("groups", new Reshape(new Shape(x.Shape[0], groups, channels / groups * x.Shape.ElementsBetween(2, x.Shape.Rank))), x.Id);
        Value normal = Standardize(node, parts, Trailing(node, parts, 2), node.Float("epsilon", 1e-5f));
        if (node.Opset < 21)
        {
            normal = ScaleAndShift(node, normal, Channels(node, node.Value(1), 3), Channels(node, node.Value(2), 3), x.Type);
            node.Bind(0, node.Narrow(node.Add("image", new Reshape(x.Shape), normal.Id), node.Value(0).Type));
            return;
        }

        Value image = node.Add("image", new Reshape(x.Shape), normal.Id);
        node.Bind(0, ScaleAndShift(node, image, Channels(node, node.Value(1), x.Shape.Rank), Channels(node, node.Value(2), x.Shape.Rank)));
    }

    [OnnxOperator("MeanVarianceNormalization")]
    internal static void MeanVarianceFromOnnx(OnnxNode node)
    {
        Value x = node.Widen(node.Value(0));
        Value axes = node.Constant([.. (node.Longs("axes") ?? [0, 2, 3])]);
        Value centred = node.Call("Sub", [x, node.Call("ReduceMean", [x, axes])]);
        Value deviation = node.Call("Sqrt", [node.Call("ReduceMean", [node.Call("Mul", [centred, centred]), axes])]);
        node.Bind(0, node.Narrow(node.Call("Div", [centred, node.Call("Add", [deviation, node.ScalarLike(x, 1e-9)])]), node.Value(0).Type));
    }

    [OnnxOperator("LpNormalization")]
    internal static void LpFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        Value axes = node.Constant(node.Axis(node.Int("axis", -1), x.Shape.Rank));
        Value norm = node.Call(node.Int("p", 2) == 1 ? "ReduceL1" : "ReduceL2", [x, axes]);
        // What has no length stays zero.
        Value divisor = node.Call("Where", [node.Call("Equal", [norm, node.ScalarLike(x, 0)]), node.ScalarLike(x, 1), norm]);
        node.Bind(0, node.Call("Div", [x, divisor]));
    }

    // x ÷ (bias + alpha ÷ size · Σ x²)^beta, summed over neighbouring channels.
    [OnnxOperator("LRN")]
    internal static void LocalResponseFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        int size = node.Int("size", 1);
        (int before, int after) = ((size - 1) / 2, size / 2);
        int[] pads = new int[2 * x.Shape.Rank];
        (pads[1], pads[1 + x.Shape.Rank]) = (before, after);
        Value square = node.Call("Mul", [x, x]);
        Value padded = node.Call("Pad", [square, node.Constant([.. pads.Select(p => (long)p)])]);
        Value sum = MovementBindings.Part(node, $"{node.Name}/part", padded, 1, 0, x.Shape[1]);
        for (int i = 1; i < size; i++) sum = node.Call("Add", [sum, MovementBindings.Part(node, $"{node.Name}/part", padded, 1, i, x.Shape[1])]);
        Value scaled = node.Call("Add", [node.Call("Mul", [sum, node.ScalarLike(x, node.Float("alpha", 1e-4f) / size)]),
            node.ScalarLike(x, node.Float("bias", 1))]);
        node.Bind(0, node.Call("Div", [x, node.Call("Pow", [scaled, node.ScalarLike(x, node.Float("beta", 0.75f))])]));
    }

    private static Value Standardize(OnnxNode node, Value x, Value axes, float epsilon)
    {
        Value centred = node.Call("Sub", [x, node.Call("ReduceMean", [x, axes])]);
        Value variance = node.Call("ReduceMean", [node.Call("Mul", [centred, centred]), axes]);
        return node.Call("Mul", [centred, Inverse(node, variance, epsilon)]);
    }

    private static Value Inverse(OnnxNode node, Value square, float epsilon) =>
        node.Call("Reciprocal", [node.Call("Sqrt", [node.Call("Add", [square, node.ScalarLike(square, epsilon)])])]);

    // The result has the type of the input, whatever that of scale and shift.
    private static Value ScaleAndShift(OnnxNode node, Value x, Value scale, Value? shift, ElementType? type = null)
    {
        Value result = node.Call("Mul", [x, Cast.To(node, scale, x.Type)]);
        if (shift is not null) result = node.Call("Add", [result, Cast.To(node, shift, x.Type)]);
        return node.Narrow(result, type ?? node.Value(0).Type);
    }

    private static Value Channels(OnnxNode node, Value x, int rank) =>
        node.Add("channels", new Reshape(new Shape([x.Shape.Elements, .. Enumerable.Repeat(1, rank - 2)])), x.Id);

    private static Value Trailing(OnnxNode node, Value x, int from) =>
        node.Constant([.. Enumerable.Range(from, Math.Max(x.Shape.Rank - from, 0)).Select(a => (long)a)]);
}
