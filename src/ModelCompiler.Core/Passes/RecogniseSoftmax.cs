using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Operators.Library;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Finds softmax written out, exp(x − m) ÷ Σ exp(x − m) with or without subtracting the maximum m, or multiplied by the reciprocal of the sum, and makes it one operator. What the exporter
/// wrote without the maximum then no longer overflows.
/// </summary>
internal static class RecogniseSoftmax
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        Dictionary<int, Node> producers = graph.Producers();
        int found = 0;
        foreach (Node node in graph.Nodes)
        {
            if (Find(graph, producers, node) is not { } match) continue;
            editor.Replace(node, node with { Operator = new Softmax(match.Axis), Inputs = [match.Input] });
            found++;
        }

        if (found > 0) note($"Recognised {found} softmax written out as exponentials and sums.");
        return found > 0 ? editor.ToGraph() : graph;
    }

    private static (int Input, int Axis)? Find(ModelGraph graph, Dictionary<int, Node> producers, Node node)
    {
        if (node.Operator is not Binary { Activation.IsNone: true, Kind: BinaryKind.Divide or BinaryKind.Multiply } binary || graph.Values[node.Outputs[0]].Type != ElementType.Float32) return null;
        (int a, int b) = (node.Inputs[0], node.Inputs[1]);
        if (binary.Kind == BinaryKind.Divide) return Match(a, b);
        return Reciprocal(b) is { } right ? Match(a, right) : Reciprocal(a) is { } left ? Match(b, left) : null;

        int? Reciprocal(int id) => Producer(id) is { } p && (p.Operator is Unary { Kind: UnaryKind.Reciprocal }) ? p.Inputs[0]
            : Producer(id) is { Operator: Binary { Kind: BinaryKind.Divide, Activation.IsNone: true } } q && graph.Values[q.Inputs[0]].Constant is { } one && one.ToFloats().All(x => x == 1) ? q.Inputs[1] : null;

        (int Input, int Axis)? Match(int exponential, int sum)
        {
            if (Producer(exponential) is not { Operator: Unary { Kind: UnaryKind.Exp } } exp || Reduced(sum, "Sum") is not { } reduced) return null;
            if (reduced.Of != exponential && Producer(reduced.Of) is not { Operator: Unary { Kind: UnaryKind.Exp } } ) return null;
            if (reduced.Of != exponential && Producer(reduced.Of)!.Inputs[0] != exp.Inputs[0]) return null;
            int x = exp.Inputs[0];
            if (Producer(x) is { Operator: Binary { Kind: BinaryKind.Subtract, Activation.IsNone: true } } shifted && Reduced(shifted.Inputs[1], "Largest") is { } largest
                && largest.Axis == reduced.Axis && largest.Of == shifted.Inputs[0]) x = largest.Of;
            return (x, reduced.Axis);
        }

        // A reduction over one axis whose result broadcasts against its input, with the axis kept or put back.
        (int Of, int Axis)? Reduced(int id, string kind)
        {
            if (Producer(id) is not { } producer) return null;
            Shape shape = graph.Values[id].Shape;
            while (producer.Operator is Reshape && Producer(producer.Inputs[0]) is { } before) producer = before;
            EquatableArray<int> axes;
            if (producer.Operator is Reduce reduce && reduce.Kind == kind) axes = reduce.Axes;
            else return null;
            Shape input = graph.Values[producer.Inputs[0]].Shape;
            int[] wide = [.. axes.Where(a => input[a] != 1)];
            if (wide.Length != 1 && axes.Count != 1) return null;
            int axis = wide.Length == 1 ? wide[0] : axes[0];
            return shape == input.With(axis, 1) ? (producer.Inputs[0], axis) : null;
        }

        Node? Producer(int id) => producers.GetValueOrDefault(id);
    }
}
