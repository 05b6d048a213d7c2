using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Puts nodes into an order in which each comes after those whose outputs it uses. Files should have them so,
/// but tools that edit graphs forget it.</summary>
internal static class OnnxOrder
{
    private const int MostNamed = 8;

    /// <summary>The nodes as they are when their order is right; else the first of those that can be computed always comes next.</summary>
    /// <param name="nodes">The nodes of a graph or function.</param>
    /// <param name="isKnown">True for names that have a value before any node.</param>
    /// <exception cref="ModelCompilationException">MC1010: some nodes need each other.</exception>
    public static IReadOnlyList<NodeProto> Sort(IReadOnlyList<NodeProto> nodes, Func<string, bool> isKnown)
    {
        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string output in nodes[i].Output.Where(o => o.Length > 0 && !isKnown(o))) producers.TryAdd(output, i);
        }

        int[][] before = [.. nodes.Select(n => Uses(n).Where(producers.ContainsKey).Select(u => producers[u]).Distinct().ToArray())];
        if (before.Select((b, i) => b.All(p => p < i)).All(ok => ok)) return nodes;
        var after = new List<int>[nodes.Count];
        for (int i = 0; i < nodes.Count; i++) after[i] = [];
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (int producer in before[i]) after[producer].Add(i);
        }

        int[] waiting = [.. before.Select(b => b.Length)];
        var ready = new PriorityQueue<int, int>(Enumerable.Range(0, nodes.Count).Where(i => waiting[i] == 0).Select(i => (i, i)));
        var sorted = new List<NodeProto>(nodes.Count);
        while (ready.TryDequeue(out int next, out _))
        {
            sorted.Add(nodes[next]);
            foreach (int user in after[next])
            {
                if (--waiting[user] == 0) ready.Enqueue(user, user);
            }
        }

        return sorted.Count == nodes.Count ? sorted : throw Cycle(nodes, before, waiting);
    }

    // From a node that waits, back over nodes that wait, until one comes again.
    private static ModelCompilationException Cycle(IReadOnlyList<NodeProto> nodes, int[][] before, int[] waiting)
    {
        var path = new List<int>();
        var seen = new HashSet<int>();
        int at = Array.FindIndex(waiting, w => w > 0);
        while (seen.Add(at))
        {
            path.Add(at);
            at = before[at].First(p => waiting[p] > 0);
        }

        string[] names = [.. path.Skip(path.IndexOf(at)).Reverse().Select(i => $"'{Name(nodes[i])}'")];
        string list = names.Length > MostNamed ? $"{string.Join(", ", names.Take(MostNamed))} and {names.Length - MostNamed} more" : string.Join(", ", names);
        return new("MC1010", $"The nodes of the model form a cycle: {list}.", "Export the model again; a network must be an acyclic graph.");
    }

    private static string Name(NodeProto node) => node.Name.Length > 0 ? node.Name : node.Output.FirstOrDefault(o => o.Length > 0) ?? node.OpType;

    // Names that a node uses: its inputs, and what its subgraphs take from the graph around them.
    private static IEnumerable<string> Uses(NodeProto node) =>
        node.Input.Concat(node.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Append(a.G)).SelectMany(Captured));

    private static IEnumerable<string> Captured(GraphProto graph)
    {
        var own = new HashSet<string>(
            graph.Input.Select(i => i.Name).Concat(graph.Initializer.Select(i => i.Name)).Concat(graph.SparseInitializer.Select(i => i.Values?.Name ?? ""))
            .Concat(graph.Node.SelectMany(n => n.Output)),
            StringComparer.Ordinal);
        return graph.Node.SelectMany(Uses).Concat(graph.Output.Select(o => o.Name)).Where(name => !own.Contains(name));
    }
}
