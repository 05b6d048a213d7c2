using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Finds softmax written out, exp(x − m) ÷ Σ exp(x − m) with or without subtracting the maximum m, or multiplied by the reciprocal of the sum,
/// and makes it one operator. What the exporter wrote without the maximum then no longer overflows.
/// </summary>
internal static class RecogniseSoftmax
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        var written = new WrittenOut(graph);
        int found = 0;
        foreach (Node node in graph.Nodes)
        {
            if (Find(written, node) is not { } match) continue;
            written.Replace(editor, node, new Softmax(match.Axis), match.Input, []);
            found++;
        }

        if (found > 0) note($"Recognised {found} softmax written out as exponentials and sums.");
        return found > 0 ? editor.ToGraph() : graph;
    }

    /// <summary>The value from which a maximum along the axis was subtracted, else the value itself.</summary>
    internal static int Unshifted(WrittenOut written, int x, int axis) =>
        written.Pair(x, BinaryKind.Subtract) is { } shifted && written.Reduced(written.Unexpanded(shifted.B), "Largest") is { } largest
        && written.IsSame(largest.Of, shifted.A)
        && IsAlong(written, shifted.B, shifted.A, largest.Axes, axis) ? shifted.A : x;

    /// <summary>True when a reduction of a value is along this axis and meets it in its place.</summary>
    internal static bool IsAlong(WrittenOut written, int reduced, int of, EquatableArray<int> axes, int axis) =>
        written.OneAxis(written[of].Shape, axes) == axis && written.Fits(reduced, written[of].Shape, EquatableArray.Of(axis));

    private static (int Input, int Axis)? Find(WrittenOut written, Node node)
    {
        if (written.IsPair(node, BinaryKind.Divide)) return Match(node.Inputs[0], node.Inputs[1], node.Inputs[1]);
        if (!written.IsPair(node, BinaryKind.Multiply)) return null;
        (int a, int b) = (node.Inputs[0], node.Inputs[1]);
        return written.Reciprocal(written.Bare(b)) is { } right ? Match(a, right, b) : written.Reciprocal(written.Bare(a)) is { } left ? Match(b, left, a)
            : null;

        (int Input, int Axis)? Match(int exponential, int sum, int used)
        {
            if (written.Of(exponential, UnaryKind.Exp) is not { } x || written.Reduced(written.Unexpanded(sum), "Sum") is not { } reduced) return null;
            if (written.Of(reduced.Of, UnaryKind.Exp) is not { } summed || !written.IsSame(x, summed)) return null;
            Shape shape = written[x].Shape;
            if (written.OneAxis(shape, reduced.Axes) is not { } axis || !IsAlong(written, used, x, reduced.Axes, axis)
                || written[node.Outputs[0]].Shape != shape) return null;
            return (Unshifted(written, x, axis), axis);
        }
    }
}
