using System.Globalization;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Rounds the weights of layers whose format is <see cref="Precision.Float16"/> to half precision. They stay float32 in the graph; lowering stores what half
/// precision holds exactly in half the bytes.
/// </summary>
internal static class HalfWeights
{
    /// <summary>The graph with rounded weights where the options ask for them.</summary>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        Node[] asked = [.. graph.Nodes.Where(n => context.Formats.Of(n)?.Precision == Precision.Float16 && FloatLayers.Is(graph, n))];
        if (asked.Length == 0) return graph;
        var editor = new GraphEditor(graph);
        var halves = new Dictionary<int, Value>();
        List<Node> beyond = [];
        foreach (Node node in asked)
        {
            Value weights = graph.Values[node.Inputs[ILinearLayer.Weights]];
            if (!halves.TryGetValue(weights.Id, out Value? half))
            {
                if (HalfPrecision.Round(weights.Constant!.ToFloats()) is not { } rounded)
                {
                    beyond.Add(node);
                    continue;
                }

                halves[weights.Id] = half = editor.AddConstant(weights.Name, TensorData.Of(weights.Shape, rounded));
            }

            editor.Replace(node, node with { Inputs = node.Inputs.SetItem(ILinearLayer.Weights, half.Id) });
        }

        context.Note(string.Create(CultureInfo.InvariantCulture, $"Rounded the weights of {asked.Length - beyond.Count} layers to half precision."));
        if (beyond.Count > 0) context.Note($"Too large for half precision: the weights of {string.Join(", ", beyond.Select(n => n.Label))}.");
        return editor.ToGraph();
    }
}
