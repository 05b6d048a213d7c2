using ModelCompiler.Core.Operators;
using System.Collections.Frozen;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>
/// Operators on tensors of which only the first elements along an axis count, because their number depends on the data:
/// where these elements are afterwards, and how many there are. What is computed of the elements behind them does not matter, but must not fail.
/// </summary>
internal static class OnnxLengths
{
    private static readonly FrozenSet<string> Elementwise = new[]
    {
        "Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Cast", "CastLike",
            "Ceil", "Celu", "Clip", "Cos", "Cosh", "Div", "Elu", "Equal", "Erf", "Exp",
        "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "IsInf", "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log",
        "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu", "Pow",
        "Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tan", "Tanh",
        "ThresholdedRelu", "Where", "Xor",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The number of elements of an operator's output, and their axis; null when the operator does not hand them on.</summary>
    /// <exception cref="ModelCompilationException">MC2002: the operator hands them on, but not in this form.</exception>
    public static OnnxLength? After(OnnxNode node, string op) => op switch
    {
        "Gather" => OfGather(node),
        "GatherND" => OfGatherTuples(node),
        "Slice" when node.LengthOf(0) is { } bound => OfSlice(node, bound),
        "Squeeze" or "Unsqueeze" when node.LengthOf(0) is { } bound => OfSqueeze(node, bound, op == "Squeeze"),
        "Reshape" when node.LengthOf(0) is { } bound => OfReshape(node, bound),
        "Flatten" when node.LengthOf(0) is { } bound => OfFlatten(node, bound),
        "Transpose" when node.LengthOf(0) is { } bound => bound with {
            Axis = Array.IndexOf(node.Ints("perm") ?? [.. Enumerable.Range(0, node.Peek(0).Shape.Rank).Reverse()], bound.Axis) },
        "Concat" => OfConcat(node),
        "Softmax" or "LogSoftmax" when node.LengthOf(0) is { } bound => OfSoftmax(node, bound),
        _ => Elementwise.Contains(op) ? OfElementwise(node) : null,
    };

    // The axes of all inputs are aligned at the end; what has not this length is repeated along the axis.
    private static OnnxLength OfElementwise(OnnxNode node)
    {
        int[] inputs = [.. Enumerable.Range(0, node.InputCount).Where(node.HasInput)];
        int rank = inputs.Max(i => node.Peek(i).Shape.Rank);
        OnnxLength[] bounds = [.. inputs.Select(i => node.LengthOf(i) is { } b ? b with { Axis = b.Axis + rank - node.Peek(i).Shape.Rank, IsRestOpen = true }
            : null).OfType<OnnxLength>()];
        if (bounds.Distinct().Count() > 1)
            throw node.Unsupported("Inputs whose numbers of elements depend on the data in different ways are not computed with each other.",
                "Let them be outputs of the model and do the rest in the program.");
        int room = inputs.Where(i => node.LengthOf(i) is not null).Max(i => node.Peek(i).Shape[node.LengthOf(i)!.Axis]);
        foreach (int i in inputs.Where(i => node.LengthOf(i) is null))
        {
            Shape shape = node.Peek(i).Shape;
            int axis = bounds[0].Axis - rank + shape.Rank;
            if (axis >= 0 && shape[axis] != 1)
                throw node.Unsupported($"'{node.Peek(i).Name}' has {shape[axis]} elements along an axis whose number of elements depends on the data, at most "
                    + $"{room}.", "Let the other input be an output of the model and do the rest in the program.");
        }

        return bounds[0];
    }

    private static OnnxLength OfGather(OnnxNode node)
    {
        (Shape data, Shape indices) = (node.Peek(0).Shape, node.Peek(1).Shape);
        int axis = node.Axis(node.Int("axis", 0), data.Rank);
        if (node.LengthOf(0) is { } bound)
        {
            if (node.LengthOf(1) is not null || bound.Axis == axis)
                throw node.Unsupported($"Elements of '{node.Peek(0).Name}' are gathered along the axis whose number of elements depends on the data.",
                    "Let it be an output of the model and do the rest in the program.");
            return bound with { Axis = bound.Axis < axis ? bound.Axis : bound.Axis + indices.Rank - 1 };
        }

        OnnxLength chosen = node.LengthOf(1)!;
        ClearRest(node, 1, chosen);
        return chosen with { Axis = chosen.Axis + axis };
    }

    private static OnnxLength OfGatherTuples(OnnxNode node)
    {
        Shape indices = node.Peek(1).Shape;
        if (node.LengthOf(0) is not null || node.LengthOf(1) is not { } bound || bound.Axis == indices.Rank - 1 || node.Int("batch_dims", 0) != 0)
        {
            throw node.Unsupported("Elements are gathered by tuples in a way in which their number depends on the data.",
                "Gather by a list of tuples from a tensor of fixed shape, without batch dimensions.");
        }

        ClearRest(node, 1, bound);
        return bound;
    }

    // The indices behind the last that counts are whatever was computed there; zero is always within the axis.
    private static void ClearRest(OnnxNode node, int input, OnnxLength bound) =>
        node.Substitute(input, node.Add("counted", new KeepFirst(bound.Axis), node.Peek(input).Id, bound.Length));

    private static OnnxLength OfSlice(OnnxNode node, OnnxLength bound)
    {
        Shape shape = node.Peek(0).Shape;
        (long[] starts, long[] ends) = node.Opset < 10 ? (node.Longs("starts") ?? [], node.Longs("ends") ?? [])
            : (Longs(node, 1, "starts") ?? [], Longs(node, 2, "ends") ?? []);
        long[] axes = (node.Opset < 10 ? node.Longs("axes") : Longs(node, 3, "axes")) ?? [.. Enumerable.Range(0, starts.Length).Select(a => (long)a)];
        long[] steps = (node.Opset < 10 ? null : Longs(node, 4, "steps")) ?? [.. Enumerable.Repeat(1L, starts.Length)];
        int at = Array.FindIndex(axes, a => (a < 0 ? a + shape.Rank : a) == bound.Axis);
        if (at < 0 || (starts[at] == 0 && ends[at] >= shape[bound.Axis] && steps[at] == 1)) return bound;
        if (starts[at] < 0 || ends[at] < 0 || steps[at] != 1)
            throw node.Unsupported("A slice is counted from the end, or in steps, of an axis whose number of elements depends on the data.",
                "Slice from the start of the axis.");
        Value length = node.Call("Min", [node.Graph[bound.Length], Scalar(node, Math.Min(ends[at], shape[bound.Axis]))]);
        return bound with { Length = node.Call("Max", [node.Call("Sub", [length, Scalar(node, starts[at])]), Scalar(node, 0)]).Id };
    }

    private static OnnxLength OfSqueeze(OnnxNode node, OnnxLength bound, bool squeezes)
    {
        Shape shape = node.Peek(0).Shape;
        long[]? axes = node.Opset < 13 ? node.Longs("axes") : Longs(node, 1, "axes");
        if (axes is null && squeezes) axes = [.. Enumerable.Range(0, shape.Rank).Where(i => shape[i] == 1).Select(i => (long)i)];
        int rank = squeezes ? shape.Rank : shape.Rank + (axes?.Length ?? 0);
        int[] places = [.. (axes ?? []).Select(a => (int)(a < 0 ? a + rank : a)).Order()];
        if (squeezes && places.Contains(bound.Axis))
            throw node.Unsupported("An axis whose number of elements depends on the data is squeezed.", "Keep the axis.");
        if (squeezes) return bound with { Axis = bound.Axis - places.Count(p => p < bound.Axis) };
        int axis = bound.Axis;
        foreach (int place in places) axis += place <= axis ? 1 : 0;
        return bound with { Axis = axis };
    }

    private static OnnxLength OfReshape(OnnxNode node, OnnxLength bound)
    {
        Shape shape = node.Peek(0).Shape;
        long[] target = Longs(node, 1, "shape") ?? [];
        bool copies = node.Int("allowzero", 0) == 0;
        int before = shape.ElementsBetween(0, bound.Axis);
        long known = 1;
        for (int i = 0; i < target.Length; known *= Math.Max(1, i < shape.Rank && target[i] == 0 && copies ? shape[i] : target[i]), i++)
        {
            bool isCopied = copies && target[i] == 0 && i == bound.Axis;
            if (known != before || (target[i] != -1 && !isCopied)) continue;
            if (isCopied) return bound with { Axis = i };

            // What the open dimension holds: some slices of the axis, or parts of them.
            long after = 1;
            for (int j = i + 1; j < target.Length; j++) after *= copies && target[j] == 0 && j < shape.Rank ? shape[j] : target[j];
            int inner = shape.ElementsBetween(bound.Axis + 1, shape.Rank);
            if (after <= 0 || (inner % after != 0 && after % inner != 0)) break;
            return Scaled(node, bound, i, inner, after);
        }

        throw node.Unsupported($"A reshape from {shape} to [{string.Join(", ", target)}] does not keep the axis whose number of elements depends on the data.",
            "Let the dimension −1 stand for this axis, or for it and those behind it.");
    }

    private static OnnxLength OfFlatten(OnnxNode node, OnnxLength bound)
    {
        Shape shape = node.Peek(0).Shape;
        int axis = node.Int("axis", 1) is var a && a < 0 ? a + shape.Rank : a;
        bool isRow = bound.Axis < axis;
        if (shape.ElementsBetween(isRow ? 0 : axis, bound.Axis) != 1)
            throw node.Unsupported("An axis whose number of elements depends on the data is flattened behind others.", "Flatten with this axis as the first.");
        return Scaled(node, bound, isRow ? 0 : 1, shape.ElementsBetween(bound.Axis + 1, shape.Rank), isRow ? shape.ElementsBetween(axis, shape.Rank) : 1);
    }

    // Every slice had so many elements, and has others now.
    private static OnnxLength Scaled(OnnxNode node, OnnxLength bound, int axis, long inner, long after)
    {
        if (inner == after) return bound with { Axis = axis };
        Value length = node.Call("Mul", [node.Graph[bound.Length], Scalar(node, inner)]);
        return new OnnxLength(node.Call("Div", [length, Scalar(node, after)]).Id, axis, true);
    }

    private static OnnxLength OfConcat(OnnxNode node)
    {
        OnnxLength?[] bounds = [.. Enumerable.Range(0, node.InputCount).Select(i => node.LengthOf(i) is { } b ? b with { IsRestOpen = true } : null)];
        if (bounds.Any(b => b is null || b != bounds[0]) || node.Axis(node.Int("axis", 0), node.Peek(0).Shape.Rank) == bounds[0]!.Axis)
        {
            throw node.Unsupported("Tensors are joined along an axis, or with others, where the number of elements depends on the data.",
                "Join tensors with the same number of elements along another axis, or let them be outputs of the model.");
        }

        return bounds[0]!;
    }

    private static OnnxLength OfSoftmax(OnnxNode node, OnnxLength bound)
    {
        int rank = node.Peek(0).Shape.Rank;
        int axis = node.Axis(node.Int("axis", node.Opset < 13 ? 1 : -1), rank);
        return axis == bound.Axis || (node.Opset < 13 && bound.Axis > axis)
            ? throw node.Unsupported("The number of elements along the axis of a softmax depends on the data.", "Let its input be an output of the model.")
            : bound;
    }

    private static long[]? Longs(OnnxNode node, int input, string what) =>
        node.OptionalConstant(input, what) is { } data ? [.. Enumerable.Range(0, data.Count).Select(i => (long)data.ToDouble(i))] : null;

    private static Value Scalar(OnnxNode node, long value) => node.Graph.AddConstant($"{node.Name}/constant", TensorData.Of(new Shape(), [value]));
}

/// <summary>How many elements along an axis count.</summary>
/// <param name="Length">Their number, an int64 scalar.</param>
/// <param name="Axis">The axis.</param>
/// <param name="IsRestOpen">True when the elements behind them are not zero, but what operators made of them.</param>
internal sealed record OnnxLength(int Length, int Axis, bool IsRestOpen);
