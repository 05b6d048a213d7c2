using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// If, Loop and Scan. Networks are compiled to straight code: conditions that are known choose a branch, others choose between the results of both;
/// loops are unrolled.
/// </summary>
internal static class ControlFlow
{
    [OnnxOperator("If", Integers = IntegerSupport.Resolved)]
    internal static void IfFromOnnx(OnnxNode node)
    {
        Value condition = node.Value(0);
        if (condition.Constant is { } known)
        {
            Bind(node, node.Import(node.Subgraph(known.Bytes[0] != 0 ? "then_branch" : "else_branch"), []));
            return;
        }

        IReadOnlyList<OnnxValue> then = node.Import(node.Subgraph("then_branch"), []);
        IReadOnlyList<OnnxValue> other = node.Import(node.Subgraph("else_branch"), []);
        for (int i = 0; i < node.OutputCount; i++)
        {
            if (Select(node, condition, then[i], other[i]) is not { } chosen)
                throw node.ComputedAtRunTime(condition, "condition, between results of different shapes,");
            node.Bind(i, chosen);
        }
    }

    // Inputs: number of turns, condition, values that are carried on. Body: turn, condition, values → condition, values, slices to stack.
    [OnnxOperator("Loop", Integers = IntegerSupport.Resolved)]
    internal static void LoopFromOnnx(OnnxNode node)
    {
        GraphProto body = node.Subgraph("body");
        long turns = node.HasInput(0) ? Turns(node) : long.MaxValue;
        Value? condition = node.HasInput(1) ? node.Value(1) : null;
        int carried = node.InputCount - 2;
        List<OnnxValue> state = [.. Enumerable.Range(2, Math.Max(carried, 0)).Select(node.AnyInput)];
        var slices = new List<Value>[Math.Max(body.Output.Count - 1 - carried, 0)];
        for (int i = 0; i < slices.Length; i++) slices[i] = [];
        for (long turn = 0; turn < turns; turn++)
        {
            // A condition that is computed decides at every turn whether values move on.
            Value? gate = condition is { Constant: null } ? condition : null;
            if (condition?.Constant is { } known && known.Bytes[0] == 0) break;
            if (gate is not null && (turns == long.MaxValue || slices.Length > 0)) throw node.ComputedAtRunTime(gate, "condition of a loop");
            Value number = node.Graph.AddConstant($"{node.Name}/turn", TensorData.Of(new Shape(), [turn]));
            IReadOnlyList<OnnxValue> results = node.Import(body, [new(number.Id, null), new((condition ?? True(node)).Id, null), .. state]);
            condition = node.Graph[results[0].Tensor];
            for (int i = 0; i < carried; i++)
                state[i] = gate is null ? results[i + 1] : Select(node, gate, results[i + 1], state[i])
                    ?? throw node.ComputedAtRunTime(gate, "condition of a loop that changes shapes");
            if (gate is not null) condition = node.Call("And", [gate, condition]);
            for (int i = 0; i < slices.Length; i++) slices[i].Add(node.Graph[results[1 + carried + i].Tensor]);
        }

        for (int i = 0; i < carried; i++) node.Bind(i, state[i]);
        for (int i = 0; i < slices.Length; i++) node.Bind(carried + i, Stack(node, slices[i], 0));
    }

    private static long Turns(OnnxNode node)
    {
        TensorData turns = node.ConstantInput(0, "number of turns");
        return turns.Type == ElementType.Int64 ? turns.As<long>()[0] : turns.ToInt32(0);
    }

    // Inputs: states, then sequences, of which the body takes one element at a time. Before opset 9 there are lengths first, and a batch axis.
    [OnnxOperator("Scan", Integers = IntegerSupport.Resolved)]
    internal static void ScanFromOnnx(OnnxNode node)
    {
        GraphProto body = node.Subgraph("body");
        bool batched = node.Opset < 9;
        int first = batched ? 1 : 0;
        if (batched && node.HasInput(0)) throw node.Unsupported("Sequences of different lengths are not supported.", "Export the model with opset 9 or later.");
        int sequences = node.Int("num_scan_inputs", 0);
        int states = node.InputCount - first - sequences;
        if (states < 0 || sequences < 1) throw node.Malformed("The number of sequences does not fit the inputs.");
        int batch = batched ? node.Value(first).Shape[0] : 1;
        int outputs = body.Output.Count;
        var results = new List<Value>[outputs];
        for (int i = 0; i < outputs; i++) results[i] = [];
        for (int b = 0; b < batch; b++)
        {
            IReadOnlyList<Value> scanned = ScanOne(node, body, states, sequences,
                [.. Enumerable.Range(first, states + sequences).Select(i => batched ? Element(node, node.Value(i), 0, b) : node.Value(i))], batched);
            for (int i = 0; i < outputs; i++) results[i].Add(scanned[i]);
        }

        for (int i = 0; i < outputs; i++) node.Bind(i, batched ? Stack(node, results[i], 0) : results[i][0]);
    }

    private static List<Value> ScanOne(OnnxNode node, GraphProto body, int states, int sequences, List<Value> inputs, bool batched)
    {
        int[] axes = node.Ints("scan_input_axes") ?? new int[sequences];
        int[] directions = node.Ints(batched ? "directions" : "scan_input_directions") ?? new int[sequences];
        int outputs = body.Output.Count - states;
        int[] outputAxes = node.Ints("scan_output_axes") ?? new int[outputs];
        int[] outputDirections = node.Ints("scan_output_directions") ?? new int[outputs];
        List<OnnxValue> state = [.. inputs.Take(states).Select(v => new OnnxValue(v.Id, null))];
        var stacks = new List<Value>[outputs];
        for (int i = 0; i < outputs; i++) stacks[i] = [];
        for (int i = 0; i < sequences; i++) axes[i] = node.Axis(axes[i], inputs[states + i].Shape.Rank);
        int length = inputs[states].Shape[axes[0]];
        for (int t = 0; t < length; t++)
        {
            IEnumerable<OnnxValue> elements = Enumerable.Range(0, sequences)
                .Select(i => new OnnxValue(Element(node, inputs[states + i], axes[i], directions[i] == 0 ? t : length - 1 - t).Id, null));
            IReadOnlyList<OnnxValue> results = node.Import(body, [.. state, .. elements]);
            state = [.. results.Take(states)];
            for (int i = 0; i < outputs; i++) stacks[i].Insert(outputDirections[i] == 0 ? t : 0, node.Graph[results[states + i].Tensor]);
        }

        return [.. state.Select(s => node.Graph[s.Tensor]),
            .. stacks.Select((s, i) => Stack(node, s, outputAxes[i] < 0 ? outputAxes[i] + s[0].Shape.Rank + 1 : outputAxes[i]))];
    }

    /// <summary>One element of an axis, without the axis.</summary>
    public static Value Element(OnnxNode node, Value x, int axis, int index)
    {
        if (index < 0 || index >= x.Shape[axis]) throw node.Malformed($"Axis {axis} of a tensor of shape {x.Shape} has no element {index}.");
        Value part = MovementBindings.Part(node, $"{node.Name}/element", x, axis, index, 1);
        return node.Add("element", new Reshape(new Shape(x.Shape.Where((_, i) => i != axis))), part.Id);
    }

    /// <summary>Tensors of one shape along a new axis.</summary>
    public static Value Stack(OnnxNode node, IReadOnlyList<Value> values, int axis)
    {
        if (values.Count == 0) throw node.Unsupported("A loop without turns has outputs whose shape nothing tells.", "Remove the loop.");
        Value[] rows = [.. values.Select(v => node.Add("row", new Reshape(new Shape([.. v.Shape.Take(axis), 1, .. v.Shape.Skip(axis)])), v.Id))];
        return rows.Length == 1 ? rows[0] : node.Add("stack", new Concatenation(axis), [.. rows.Select(r => r.Id)]);
    }

    // The one or the other by a condition that is computed; null when that is impossible.
    private static OnnxValue? Select(OnnxNode node, Value condition, OnnxValue a, OnnxValue b)
    {
        if (a.Sequence is { } x && b.Sequence is { } y && a.Tensor < 0 && b.Tensor < 0)
        {
            if (x.Count != y.Count) return null;
            int[] chosen = new int[x.Count];
            for (int i = 0; i < chosen.Length; i++)
            {
                if (Select(node, condition, new OnnxValue(x[i], null), new OnnxValue(y[i], null)) is not { } element) return null;
                chosen[i] = element.Tensor;
            }

            return new OnnxValue(-1, chosen);
        }

        if (a.Tensor < 0 || b.Tensor < 0) return null;
        if (a.Tensor == b.Tensor) return a;
        (Value p, Value q) = (node.Graph[a.Tensor], node.Graph[b.Tensor]);
        return p.Shape != q.Shape || p.Type != q.Type ? null
            : new OnnxValue(node.Add("choice", new Where(), node.Add("condition", new Reshape(new Shape()), condition.Id).Id, p.Id, q.Id).Id, null, a.Type);
    }

    private static Value True(OnnxNode node)
    {
        var data = new TensorData(ElementType.Bool, new Shape());
        data.Set(0, 1);
        return node.Graph.AddConstant($"{node.Name}/true", data);
    }

    private static void Bind(OnnxNode node, IReadOnlyList<OnnxValue> values)
    {
        for (int i = 0; i < values.Count; i++) node.Bind(i, values[i]);
    }
}
