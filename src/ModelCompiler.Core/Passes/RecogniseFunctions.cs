using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Finds functions of one tensor that are written out element by element (GELU in both forms, hard swish, SiLU, hard sigmoid, sigmoid, softplus,
/// Mish …) and makes each one operator. A group of elementwise nodes with one source and constants is such a function when it gives the same numbers at many
/// points: the order of operands and the form of constants do not matter.
/// </summary>
internal static class RecogniseFunctions
{
    private const int MostNodes = 16;
    private const float Tolerance = 4e-6f;

    private static readonly float[] Points = [.. Enumerable.Range(-120, 241).Select(i => (i / 10f) + (0.013f * (i % 7))), -30, -20, 20, 30];

    private static readonly Operator[] Known =
    [
        new Unary(UnaryKind.HardSwish),
        new Unary(UnaryKind.HardSigmoid, 1 / 6f, 0.5f),
        new Unary(UnaryKind.HardSigmoid, 0.2f, 0.5f),
        new Unary(UnaryKind.Sigmoid),
        new Unary(UnaryKind.Tanh),
        new Unary(UnaryKind.Softplus),
        new Elementwise("Gelu", ElementKind.Float),
        new Elementwise("GeluTanh", ElementKind.Float),
        new Elementwise("Swish", ElementKind.Float, null, 1),
        new Elementwise("Swish", ElementKind.Float, null, 1.702f),
        new Elementwise("Mish", ElementKind.Float),
        new Elementwise("Softsign", ElementKind.Float),
    ];

    private static readonly Lazy<float[][]> KnownResults = new(() => [.. Known.Select(op => ReferenceInterpreter.Apply(op, Points))]);

    public static ModelGraph Run(ModelGraph graph, Action<string> note)
    {
        var editor = new GraphEditor(graph);
        Dictionary<int, Node> producers = graph.Producers();
        var order = graph.Nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n.Outputs[0], p => p.i);
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (Node node in graph.Nodes)
        {
            if (!IsPart(graph, node) || Find(graph, producers, order, node) is not { } match) continue;
            editor.Replace(node, node with { Operator = match.Function, Inputs = [match.Source] });
            found[match.Function.Name] = found.GetValueOrDefault(match.Function.Name) + 1;
        }

        if (found.Count == 0) return graph;
        ModelGraph result = editor.ToGraph();
        note($"Recognised functions written out: {string.Join(", ", found.Select(f => $"{f.Value} {f.Key}"))}.");
        return result;
    }

    // Takes in one producer after the other, the latest first; whenever all paths meet in one value, that is a possible source.
    private static (Operator Function, int Source)? Find(ModelGraph graph, Dictionary<int, Node> producers, Dictionary<int, int> order, Node root)
    {
        var group = new List<Node> { root };
        var frontier = new HashSet<int>(Variables(graph, root));
        Shape shape = graph.Values[root.Outputs[0]].Shape;
        while (frontier.Count > 0)
        {
            if (frontier.Count == 1 && group.Count > 1 && graph.Values[frontier.First()].Shape == shape && Recognise(graph, group, frontier.First()) is { }
                function) return (function, frontier.First());
            int next = frontier.Where(producers.ContainsKey).OrderByDescending(v => order.GetValueOrDefault(v, -1)).FirstOrDefault(-1);
            if (next < 0 || group.Count == MostNodes || !IsPart(graph, producers[next])) return null;
            frontier.Remove(next);
            frontier.UnionWith(Variables(graph, producers[next]));
            group.Add(producers[next]);
        }

        return null;
    }

    private static IEnumerable<int> Variables(ModelGraph graph, Node node) => node.Inputs.Where(i => i >= 0 && graph.Values[i].Constant is null);

    private static bool IsPart(ModelGraph graph, Node node) =>
        node.Operator is Binary or Unary or Elementwise { Output: null } && node.Outputs.Length == 1
        && graph.Values[node.Outputs[0]].Type == ElementType.Float32
        && node.Inputs.All(i => i >= 0 && graph.Values[i] is { Type: ElementType.Float32 } value
            && (value.Constant is not { } constant || IsUniform(constant)));

    private static bool IsUniform(TensorData constant) => constant.Count > 0 && constant.ToFloats() is var x && Array.TrueForAll(x, y => y == x[0]);

    private static Operator? Recognise(ModelGraph graph, List<Node> group, int source)
    {
        float[] results = Evaluate(graph, group, source, Points);
        for (int i = 0; i < Known.Length; i++)
        {
            if (results.Zip(KnownResults.Value[i], (x, y) => Math.Abs(x - y) <= Tolerance * Math.Max(1, Math.Abs(y))).All(same => same)) return Known[i];
        }

        return null;
    }

    private static float[] Evaluate(ModelGraph graph, List<Node> group, int source, float[] points)
    {
        var shape = new Shape(points.Length);
        var data = new Dictionary<int, TensorData> { [source] = TensorData.Of(shape, points) };
        foreach (Node node in Enumerable.Reverse(group))
        {
            data[node.Outputs[0]] = ReferenceInterpreter.EvaluateNode(node, At, id => data.TryGetValue(id, out TensorData? known) ? known : Constant(id),
                RequantizationMode.Float)[0];
        }

        return data[group[0].Outputs[0]].ToFloats();

        Value At(int id) => graph.Values[id] with { Shape = graph.Values[id].Constant is null ? shape : new Shape(),
            Constant = graph.Values[id].Constant is null ? null : Constant(id) };

        TensorData Constant(int id) => TensorData.Of(new Shape(), [graph.Values[id].Constant!.ToFloats()[0]]);
    }
}
