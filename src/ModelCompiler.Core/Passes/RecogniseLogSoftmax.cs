using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Finds logarithms of softmax written out and makes them one operator: ln softmax(x), x − m − ln Σ exp(x − m) with or without the maximum m,
/// and x less the logarithm of the sum of its exponentials. Of probabilities too small for float32 the logarithm is then no longer minus infinity.
/// </summary>
internal static class RecogniseLogSoftmax
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        var written = new WrittenOut(graph);
        int found = 0;
        foreach (Node node in graph.Nodes)
        {
            if (Find(written, node) is not { } match) continue;
            written.Replace(editor, node, new LogSoftmax(match.Axis), match.Input, []);
            found++;
        }

        if (found > 0) note($"Recognised {found} logarithms of softmax written out.");
        return found > 0 ? editor.ToGraph() : graph;
    }

    private static (int Input, int Axis)? Find(WrittenOut written, Node node)
    {
        int output = node.Outputs[0];
        if (!written.IsReal(output)) return null;
        if (node.Operator is Unary { Kind: UnaryKind.Log } or Elementwise { Function: "Log" })
        {
            return written.Producer(node.Inputs[0]) is { Operator: Softmax { Beta: 1 } softmax } before && written.IsReal(before.Inputs[0])
                ? (before.Inputs[0], softmax.Axis) : null;
        }

        if (!written.IsPair(node, BinaryKind.Subtract)) return null;
        (int x, int subtracted) = (node.Inputs[0], node.Inputs[1]);
        Shape shape = written[x].Shape;
        if (written[output].Shape != shape || LogSum(written, written.Unexpanded(subtracted)) is not { } sum) return null;
        if (written.OneAxis(written[sum.Of].Shape, sum.Axes) is not { } axis || !RecogniseSoftmax.IsAlong(written, subtracted, x, sum.Axes, axis)) return null;
        if (sum.Maximum is not { } maximum) return written.IsSame(x, sum.Of) ? (RecogniseSoftmax.Unshifted(written, x, axis), axis) : null;

        // x − (m + ln Σ exp(x − m))
        return written.Pair(sum.Of, BinaryKind.Subtract) is { } shifted && written.IsSame(shifted.A, x)
            && written.Bare(written.Unexpanded(shifted.B)) == written.Bare(maximum)
            && RecogniseSoftmax.Unshifted(written, sum.Of, axis) == shifted.A ? (x, axis) : null;
    }

    // What the logarithm of the sum of exponentials is of, and what is added to it.
    private static (int Of, EquatableArray<int> Axes, int? Maximum)? LogSum(WrittenOut written, int id)
    {
        id = written.Bare(id);
        if (written.Reduced(id, "LogSumExp") is { } whole) return (whole.Of, whole.Axes, null);
        if (written.Reduced(id, "LogSum") is { } logarithm) return written.Of(logarithm.Of, UnaryKind.Exp) is { } inner ? (inner, logarithm.Axes, null) : null;
        if (written.Of(id, UnaryKind.Log) is { } sum)
            return written.Reduced(sum, "Sum") is { } reduced && written.Of(reduced.Of, UnaryKind.Exp) is { } x ? (x, reduced.Axes, null) : null;
        if (written.Pair(id, BinaryKind.Add) is not { } shifted) return null;
        if (LogSum(written, shifted.B) is { Maximum: null } right) return right with { Maximum = shifted.A };
        return LogSum(written, shifted.A) is { Maximum: null } left ? left with { Maximum = shifted.B } : null;
    }
}
