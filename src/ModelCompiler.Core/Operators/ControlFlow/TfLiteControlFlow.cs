using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// IF and WHILE of TFLite. Networks are compiled to straight code: conditions that are known choose a branch,
/// others choose between the results of both (and what either does to variables); loops are unrolled, for which their condition must be known at every turn.
/// </summary>
internal static class TfLiteControlFlow
{
    private const int MostTurns = 4096;

    // TFLite: options are then_subgraph_index, else_subgraph_index; input 0 is the condition.
    [TfLiteOperator(TfLiteBuiltinOperator.If, Integers = IntegerSupport.Any)]
    internal static void IfFromTfLite(TfLiteNode node)
    {
        Value condition = node.Value(0);
        int[] inputs = [.. Enumerable.Range(1, node.InputCount - 1).Select(i => node.Value(i).Id)];
        TfLiteSubgraphReader reader = node.Subgraph;
        if (condition.Constant is { } known)
        {
            Bind(node, reader.ReadCalled(node.Options.Int32(known.Bytes[0] != 0 ? 0 : 1), inputs));
            return;
        }

        if (condition.Shape.Elements != 1) throw node.Malformed("The condition is not a single truth value.");
        Dictionary<string, int> before = reader.State.Snapshot();
        int[] then = reader.ReadCalled(node.Options.Int32(0), inputs);
        Dictionary<string, int> afterThen = reader.State.Snapshot();
        reader.State.Restore(before);
        int[] other = reader.ReadCalled(node.Options.Int32(1), inputs);
        reader.State.Merge(afterThen, (a, b) => Select(node, condition, a, b).Id);
        if (then.Length < node.OutputCount || other.Length < node.OutputCount) throw node.Malformed("A branch has fewer outputs than the operator.");
        for (int i = 0; i < node.OutputCount; i++) node.Bind(i, Select(node, condition, then[i], other[i]));
    }

    // TFLite: options are cond_subgraph_index, body_subgraph_index.
    [TfLiteOperator(TfLiteBuiltinOperator.While, Integers = IntegerSupport.Any)]
    internal static void WhileFromTfLite(TfLiteNode node)
    {
        int[] values = [.. Enumerable.Range(0, node.InputCount).Select(i => node.Value(i).Id)];
        for (int turn = 0; ; turn++)
        {
            int[] condition = node.Subgraph.ReadCalled(node.Options.Int32(0), values);
            if (condition.Length != 1) throw node.Malformed("The condition of a loop is not a single truth value.");
            if (node.Graph[condition[0]].Constant is not { Count: 1 } known)
                throw node.Unsupported("A loop whose end is known at run time only is not supported.", "Give the loop a fixed number of turns.");
            if (known.Bytes[0] == 0) break;
            if (turn >= MostTurns) throw node.Unsupported($"A loop of more than {MostTurns} turns is not supported.", "Compute with whole tensors instead.");
            values = node.Subgraph.ReadCalled(node.Options.Int32(1), values);
            if (values.Length != node.InputCount) throw node.Malformed("The body of a loop has other outputs than inputs.");
        }

        Bind(node, values);
    }

    private static void Bind(TfLiteNode node, int[] values)
    {
        if (values.Length < node.OutputCount) throw node.Malformed("A subgraph has fewer outputs than the operator that calls it.");
        for (int i = 0; i < node.OutputCount; i++) node.Bind(i, node.Graph[values[i]]);
    }

    private static Value Select(TfLiteNode node, Value condition, int a, int b)
    {
        if (a == b) return node.Graph[a];
        (Value x, Value y) = (node.Graph[a], node.Graph[b]);
        if (x.Shape != y.Shape || x.Type != y.Type)
            throw node.Unsupported($"A choice between {x.Type} {x.Shape} and {y.Type} {y.Shape} at run time is not supported.",
                "Let both branches give tensors of one shape.");
        return node.Add("chosen", new Where(), node.Add("condition", new Reshape(new Shape()), condition.Id).Id, a, b);
    }
}
