using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Operators;

/// <summary>Sequences and optional values: lists of tensors whose length is known at build time, of which nothing is left in the network.</summary>
internal static class Sequences
{
    [OnnxOperator("SequenceEmpty", Integers = IntegerSupport.Resolved)]
    internal static void EmptyFromOnnx(OnnxNode node) => node.BindSequence(0, []);

    [OnnxOperator("SequenceConstruct", Integers = IntegerSupport.Resolved)]
    internal static void ConstructFromOnnx(OnnxNode node) => node.BindSequence(0, [.. Enumerable.Range(0, node.InputCount).Select(i => node.Value(i).Id)]);

    [OnnxOperator("SequenceLength", Integers = IntegerSupport.Resolved)]
    internal static void LengthFromOnnx(OnnxNode node) =>
        node.Bind(0, node.Graph.AddConstant(node.OutputName(0), TensorData.Of(new Shape(), [(long)node.Sequence(0).Count])));

    [OnnxOperator("SequenceAt", Integers = IntegerSupport.Resolved)]
    internal static void AtFromOnnx(OnnxNode node) => node.Bind(0, node.Graph[node.Sequence(0)[Position(node, 1, node.Sequence(0).Count)]]);

    [OnnxOperator("SequenceInsert", Integers = IntegerSupport.Resolved)]
    internal static void InsertFromOnnx(OnnxNode node)
    {
        List<int> values = [.. node.Sequence(0)];
        values.Insert(node.HasInput(2) ? Position(node, 2, values.Count + 1, values.Count) : values.Count, node.Value(1).Id);
        node.BindSequence(0, values);
    }

    [OnnxOperator("SequenceErase", Integers = IntegerSupport.Resolved)]
    internal static void EraseFromOnnx(OnnxNode node)
    {
        List<int> values = [.. node.Sequence(0)];
        values.RemoveAt(node.HasInput(1) ? Position(node, 1, values.Count) : values.Count - 1);
        node.BindSequence(0, values);
    }

    // Positions below zero count from the end of the sequence as it is.
    private static int Position(OnnxNode node, int input, int count, int? length = null)
    {
        int position = node.ConstantInput(input, "position in a sequence").ToInt32(0);
        int result = position < 0 ? position + (length ?? count) : position;
        return result >= 0 && result < count ? result : throw node.Malformed($"The sequence has no position {position}.");
    }

    [OnnxOperator("SplitToSequence", Integers = IntegerSupport.Resolved)]
    internal static void SplitFromOnnx(OnnxNode node)
    {
        Value input = node.Value(0);
        int axis = node.Axis(node.Int("axis", 0), input.Shape.Rank);
        TensorData? split = node.OptionalConstant(1, "list of lengths");
        int size = input.Shape[axis];
        if (split is null)
        {
            bool keep = node.Int("keepdims", 1) != 0;
            node.BindSequence(0, [.. Enumerable.Range(0, size)
                .Select(i => keep ? MovementBindings.Part(node, $"{node.Name}/part", input, axis, i, 1).Id : ControlFlow.Element(node, input, axis, i).Id)]);
            return;
        }

        int[] lengths = split.ToInt32s();
        if (lengths.Any(l => l < 0) || (split.Shape.Rank == 0 && lengths[0] == 0)) throw node.Malformed("A length is not positive.");
        if (split.Shape.Rank == 0) lengths = [.. Enumerable.Repeat(lengths[0], size / lengths[0]), .. size % lengths[0] > 0 ? new[] { size % lengths[0] } : []];
        if (lengths.Sum() != size) throw node.Malformed($"An axis of {size} elements does not split into {string.Join(" + ", lengths)}.");
        var parts = new List<int>();
        for (int i = 0, start = 0; i < lengths.Length; start += lengths[i++])
            parts.Add(MovementBindings.Part(node, $"{node.Name}/part", input, axis, start, lengths[i]).Id);
        node.BindSequence(0, parts);
    }

    [OnnxOperator("ConcatFromSequence", Integers = IntegerSupport.Resolved)]
    internal static void ConcatFromOnnx(OnnxNode node)
    {
        Value[] values = [.. node.Sequence(0).Select(id => node.Graph[id])];
        if (values.Length == 0) throw node.Malformed("The sequence is empty.");
        bool stack = node.Int("new_axis", 0) != 0;
        int axis = node.Axis(node.Int("axis", 0), values[0].Shape.Rank + (stack ? 1 : 0));
        if (stack) node.Bind(0, ControlFlow.Stack(node, values, axis));
        else node.Emit(new Concatenation(axis), [.. values.Select(v => v.Id)]);
    }

    // The body runs once for every element; inputs that are tensors are the same each time.
    [OnnxOperator("SequenceMap", Integers = IntegerSupport.Resolved)]
    internal static void MapFromOnnx(OnnxNode node)
    {
        GraphProto body = node.Subgraph("body");
        IReadOnlyList<OnnxValue>[] results = [.. Enumerable.Range(0, node.Sequence(0).Count).Select(i => node.Import(body, [
            .. Enumerable.Range(0, node.InputCount).Select(input => node.IsSequence(input) ? new OnnxValue(node.Sequence(input)[i], null)
                : node.AnyInput(input))]))];
        for (int o = 0; o < node.OutputCount; o++) node.BindSequence(o, [.. results.Select(r => r[o].Tensor)]);
    }

    [OnnxOperator("Optional", Integers = IntegerSupport.Resolved)]
    internal static void OptionalFromOnnx(OnnxNode node)
    {
        if (!node.HasInput(0)) node.BindSequence(0, []);
        else if (node.IsSequence(0)) node.Bind(0, node.AnyInput(0));
        else node.Bind(0, node.AnyInput(0) with { Sequence = [node.Input(0)] });
    }

    [OnnxOperator("OptionalHasElement", Integers = IntegerSupport.Resolved)]
    internal static void HasElementFromOnnx(OnnxNode node)
    {
        var data = new TensorData(ElementType.Bool, new Shape());
        data.Set(0, node.HasInput(0) && (!node.IsSequence(0) || node.AnyInput(0) is { Tensor: >= 0 } || node.Sequence(0).Count > 0) ? 1 : 0);
        node.Bind(0, node.Graph.AddConstant(node.OutputName(0), data));
    }

    [OnnxOperator("OptionalGetElement", Integers = IntegerSupport.Resolved)]
    internal static void GetElementFromOnnx(OnnxNode node)
    {
        OnnxValue value = node.AnyInput(0);
        if (value is { Tensor: < 0, Sequence.Count: 0 }) throw node.Malformed("The optional value is not there.");
        node.Bind(0, value.Tensor >= 0 ? value with { Sequence = null } : value);
    }
}
