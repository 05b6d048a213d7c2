using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Finds the nodes that have integer kernels but must stay in float, because 8 bits do not hold what matters of a value: values that become infinite;
/// what is divided by, or taken the root or logarithm of, where zero instead of a small number ruins the result; logits under a mask, of which softmax wants
/// small differences near the maximum; and parts of a result that differ too much in range to share a scale.
/// </summary>
internal sealed class FloatRegions
{
    /// <summary>Widest range of logits in 8 bits: a step of a quarter changes probabilities by as much.</summary>
    public const double WidestLogits = 64;

    /// <summary>Why nodes stay in float when values are infinite.</summary>
    private const string Unbounded = "because values are infinite or as good as infinite";

    private const string Relative = "because small values matter (divisors, roots, logarithms, normalisations)";
    private const string Masked = "because softmax takes logits of a range too wide for 8 bits, such as masked ones";
    private const string Apart = "because joined parts of a result differ in range";

    // No network means numbers beyond as numbers: they are masks.
    private const float Largest = 1e30f;

    // Parts of a result whose ranges differ by this factor have less than 5 bits left for the smallest.
    private const double WidestParts = 8;

    // A divisor that stays this many steps away from zero keeps its precision.
    private const double NearZero = 1.0 / 16;

    private readonly ModelGraph _graph;
    private readonly Dictionary<int, ValueRange> _ranges;
    private readonly Dictionary<int, Node> _producers;
    private readonly ILookup<int, Node> _consumers;
    private readonly Dictionary<int, string> _reasons = [];
    private readonly HashSet<(int Value, bool Reduced)> _visited = [];

    private FloatRegions(ModelGraph graph, Dictionary<int, ValueRange> ranges) =>
        (_graph, _ranges, _producers, _consumers) = (graph, ranges, graph.Producers(), graph.Consumers());

    /// <summary>The reason why a node stays in float, by the number of its first output.</summary>
    public static Dictionary<int, string> Find(ModelGraph graph, Dictionary<int, ValueRange> ranges)
    {
        var regions = new FloatRegions(graph, ranges);
        foreach (Node node in graph.Nodes.Where(n => n.Inputs.Where(i => i >= 0).Concat(n.Outputs).Any(regions.IsUnbounded))) regions.Mark(node, Unbounded);
        foreach (Node node in graph.Nodes) regions.SeekRelative(node);
        foreach (Node node in graph.Nodes.Where(n => n.Operator is Softmax or LogSoftmax && regions.Width(n.Inputs[0]) > WidestLogits))
        {
            regions.Mark(node, Masked);
            regions.SeekLogits(node.Inputs[0]);
        }

        foreach (Node node in graph.Nodes.Where(n => n.Operator is Normalize or LogSoftmax)) regions.Mark(node, Relative);
        foreach (Node node in graph.Nodes.Where(n => n.Operator is Concatenation)) regions.SeekParts(node);
        foreach (Node node in graph.Nodes) regions.Follow(node);
        return regions._reasons;
    }

    private void Mark(Node node, string reason) => _reasons.TryAdd(node.Outputs[0], reason);

    private bool IsMarked(int value) => _producers.TryGetValue(value, out Node? node) && _reasons.ContainsKey(node.Outputs[0]);

    private bool IsConstant(int value) => value < 0 || _graph.Values[value].Constant is not null;

    private bool IsUnbounded(int id)
    {
        Value value = _graph.Values[id];
        if (value.Type != ElementType.Float32) return false;
        if (value.Constant is { } constant) return !Array.TrueForAll(constant.ToFloats(), x => Math.Abs(x) < Largest);
        return !_ranges.TryGetValue(id, out ValueRange range) || range.Min < -Largest || range.Max > Largest;
    }

    private double Width(int id) => _graph.Values[id].Constant is { Count: > 0, Type: ElementType.Float32 } constant && constant.ToFloats() is var x
        ? (double)x.Max() - x.Min()
        : _ranges.TryGetValue(id, out ValueRange range) ? (double)range.Max - range.Min : 0;

    private void SeekRelative(Node node)
    {
        for (int i = 0; i < node.Inputs.Length; i++)
        {
            if (IsConstant(node.Inputs[i]) || !node.Operator.NeedsRelativePrecision(i) || IsPositivePower(node)) continue;
            Mark(node, Relative);
            SeekRelative(node.Inputs[i], false);
        }
    }

    private bool IsPositivePower(Node node) => node.Operator is Elementwise { Function: "Power" } && _graph.Values[node.Inputs[1]].Constant is { } e
        && Enumerable.Range(0, e.Count).All(i => e.ToDouble(i) >= 1);

    // Back from what must keep its relative precision. A sum of many elements asks less of each of them: there it is enough not to round what was multiplied.
    private void SeekRelative(int value, bool reduced)
    {
        if (!_visited.Add((value, reduced)) || !_producers.TryGetValue(value, out Node? node)) return;
        bool isSum = node.Operator is Reduce or ReduceMean or Pool;
        switch (node.Operator)
        {
            case ILinearLayer:
                if (!reduced && _ranges.TryGetValue(value, out ValueRange range) && IsNearZero(range)) Mark(node, Relative);
                return;
            case Softmax or Unary { Kind: UnaryKind.Exp or UnaryKind.Sigmoid or UnaryKind.Softplus }:
                Mark(node, Relative);
                return;
            case Binary { Kind: BinaryKind.Add } when reduced:
                return;
            case Binary or Unary or Elementwise or Where or Concatenation or Reduce or ReduceMean or Pool:
            case { } when HandsOn(node):
                Mark(node, Relative);
                foreach (int input in node.Inputs.Where(i => !IsConstant(i) && _graph.Values[i].Type == ElementType.Float32))
                    SeekRelative(input, reduced || isSum);
                return;
        }
    }

    private static bool IsNearZero(ValueRange range) => range.Min > 0 ? range.Min < range.Max * NearZero : range.Max >= 0 || range.Max > range.Min * NearZero;

    // Back from masked logits, as long as nothing else needs them: up to the values that are narrow again.
    private void SeekLogits(int value)
    {
        if (!_producers.TryGetValue(value, out Node? node) || _reasons.ContainsKey(value) || _graph.IsResult(value) || !_consumers[value]
            .All(c => _reasons.ContainsKey(c.Outputs[0]))) return;
        if (!node.Operator.IsElementwise && !HandsOn(node)) return;
        Mark(node, Masked);
        foreach (int input in node.Inputs.Where(i => !IsConstant(i) && Width(i) > WidestLogits)) SeekLogits(input);
    }

    private void SeekParts(Node node)
    {
        double[] widths = [.. node.Inputs.Select(i => Math.Max(Width(i),
            _ranges.TryGetValue(i, out ValueRange r) ? Math.Max(Math.Abs(r.Min), Math.Abs(r.Max)) : 0)).Where(w => w > 0)];
        if (widths.Length < 2 || widths.Max() < widths.Min() * WidestParts) return;
        if (LeadsToResult(node.Outputs[0])) MarkOnwards(node);
    }

    private bool LeadsToResult(int value) => (_graph.IsResult(value) || _consumers[value].Any()) && _consumers[value]
        .All(c => HandsOn(c) ? LeadsToResult(c.Outputs[0]) : IsFloat(c));

    private bool IsFloat(Node node) => IntegerRules.Of(_graph, node) == QuantizationRule.Float;

    private bool HandsOn(Node node) => node.Operator is Concatenation || IntegerRules.Of(_graph, node) == QuantizationRule.SameAsInput;

    private void MarkOnwards(Node node)
    {
        Mark(node, Apart);
        foreach (Node next in _consumers[node.Outputs[0]].Where(HandsOn)) MarkOnwards(next);
    }

    // What multiplies by an inverse, or only scales and shifts what is in float, follows.
    private void Follow(Node node)
    {
        if (node.Operator is not Binary binary || _reasons.ContainsKey(node.Outputs[0])) return;
        int[] variables = [.. node.Inputs.Where(i => !IsConstant(i))];
        bool byInverse = binary.Kind is BinaryKind.Multiply
            && variables.Any(v => IsMarked(v) && _reasons[_producers[v].Outputs[0]] == Relative && IsInverse(_producers[v].Operator));
        if (byInverse || (variables.Length > 0 && variables.All(IsMarked) && _reasons[_producers[variables[0]].Outputs[0]] != Masked)) Mark(node, Relative);
    }

    private static bool IsInverse(Operator op) => op is Unary { Kind: UnaryKind.Reciprocal or UnaryKind.Sqrt or UnaryKind.Log }
        or Binary { Kind: BinaryKind.Divide } or Elementwise;
}
