using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Relatives of softmax, composed of simpler operators.</summary>
internal static class SoftmaxBindings
{
    /// <summary>exp(x − max) ÷ Σ exp(x − max) along an axis, for every floating-point type.</summary>
    public static Value Compose(OnnxNode node, Value x, int axis)
    {
        Value axes = node.Constant(axis);
        Value wide = node.Widen(x);
        Value exponential = node.Call("Exp", [node.Call("Sub", [wide, node.Call("ReduceMax", [wide, axes])])]);
        return node.Narrow(node.Call("Div", [exponential, node.Call("ReduceSum", [exponential, axes])]), x.Type);
    }

    [OnnxOperator("LogSoftmax")]
    internal static void LogFromOnnx(OnnxNode node) => Flattened(node, (x, axis) =>
    {
        Value axes = node.Constant(axis);
        Value wide = node.Widen(x);
        Value centred = node.Call("Sub", [wide, node.Call("ReduceMax", [wide, axes])]);
        Value sum = node.Call("Log", [node.Call("ReduceSum", [node.Call("Exp", [centred]), axes])]);
        return node.Narrow(node.Call("Sub", [centred, sum]), x.Type);
    });

    [OnnxOperator("Hardmax")]
    internal static void HardFromOnnx(OnnxNode node) => Flattened(node, (x, axis) =>
    {
        Value best = node.Add("best", new ArgExtreme(axis, true, false), x.Id);
        long[] counts = [.. Enumerable.Range(0, x.Shape[axis]).Select(i => (long)i)];
        Value indices = node.Add("indices", new Reshape(new Shape([counts.Length, .. Enumerable.Repeat(1, x.Shape.Rank - 1 - axis)])),
            node.Constant(counts).Id);
        return Cast.To(node, node.Call("Equal", [best, indices]), x.Type);
    });

    // Before opset 13 all axes from the given one on count as one.
    private static void Flattened(OnnxNode node, Func<Value, int, Value> compute)
    {
        Value x = node.Value(0);
        int axis = node.Axis(node.Int("axis", node.Opset < 13 ? 1 : -1), x.Shape.Rank);
        if (node.Opset >= 13)
        {
            node.Bind(0, compute(x, axis));
            return;
        }

        Value flat = node.Add("flat", new Reshape(new Shape(x.Shape.ElementsBetween(0, axis), x.Shape.ElementsBetween(axis, x.Shape.Rank))), x.Id);
        node.Emit(new Reshape(x.Shape), compute(flat, 1).Id);
    }

    [OnnxOperator("SoftmaxCrossEntropyLoss")]
    internal static void CrossEntropyFromOnnx(OnnxNode node)
    {
        Value logarithms = node.Call("LogSoftmax", [node.Value(0)], ("axis", 1));
        node.Bind(0, Loss(node, logarithms));
        node.Bind(1, logarithms);
    }

    [OnnxOperator("NegativeLogLikelihoodLoss")]
    internal static void LikelihoodFromOnnx(OnnxNode node) => node.Bind(0, Loss(node, node.Value(0)));

    // Minus the element of the target class, times the weight of that class; targets that are ignored count nothing.
    private static Value Loss(OnnxNode node, Value x)
    {
        Value target = node.Value(1);
        Value? ignored = node.HasAttribute("ignore_index") ? node.Call("Equal", [target, node.ScalarLike(target, node.Int("ignore_index", 0))]) : null;
        if (ignored is not null) target = node.Call("Where", [ignored, node.ScalarLike(target, 0), target]);
        Value index = node.Add("index", new Reshape(new Shape([target.Shape[0], 1, .. target.Shape.Skip(1)])), target.Id);
        Value picked = node.Add("picked", new GatherElements(1), x.Id, index.Id);
        Value loss = node.Call("Neg", [node.Add("losses", new Reshape(target.Shape), picked.Id)]);
        Value? weights = node.HasInput(2) ? node.Call("Gather", [node.Value(2), target]) : null;
        if (ignored is not null) weights = node.Call("Where", [ignored, node.ScalarLike(x, 0), weights ?? node.ScalarLike(x, 1)]);
        if (weights is not null) loss = node.Call("Mul", [loss, weights]);
        switch (node.Text("reduction", "mean"))
        {
            case "none": return loss;
            case "sum": return node.Call("ReduceSum", [loss], ("keepdims", 0));
            default:
                if (weights is null) return node.Call("ReduceMean", [loss], ("keepdims", 0));
                return node.Call("Div", [node.Call("ReduceSum", [loss], ("keepdims", 0)), node.Call("ReduceSum", [weights], ("keepdims", 0))]);
        }
    }
}
