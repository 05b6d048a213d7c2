using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>The layers of a float network whose weights may become others.</summary>
internal static class FloatLayers
{
    /// <summary>True for layers with constant weights in float32.</summary>
    public static bool Is(ModelGraph graph, Node node) => node.Operator is ILinearLayer
        && graph.Values[node.Inputs[ILinearLayer.Weights]] is { Constant: not null, Type: ElementType.Float32 }
        && graph.Values[node.Outputs[0]].Type == ElementType.Float32;

    /// <summary>Constants that one node uses once: weights that layers share stay shared, as they are.</summary>
    public static HashSet<int> UsedOnce(ModelGraph graph) =>
        [.. graph.Nodes.SelectMany(n => n.Inputs).GroupBy(i => i).Where(g => g.Count() == 1).Select(g => g.Key)];

    /// <summary>The sizes of a layer.</summary>
    public static ConvGeometry ShapeOf(ModelGraph graph, Node node) => ((ILinearLayer)node.Operator).Geometry(
        graph.Values[node.Inputs[0]].Shape, graph.Values[node.Inputs[ILinearLayer.Weights]].Shape, graph.Values[node.Outputs[0]].Shape);

    /// <summary>The weights of a layer, outputs × inputs.</summary>
    public static double[] Weights(ModelGraph graph, Node node) =>
        Array.ConvertAll(graph.Values[node.Inputs[ILinearLayer.Weights]].Constant!.ToFloats(), w => (double)w);

    /// <summary>The biases of a layer; zeros where it has none.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="node">The layer.</param>
    /// <param name="channels">Outputs.</param>
    public static double[] Bias(ModelGraph graph, Node node, int channels) => BiasOf(node) is { } bias
        ? Array.ConvertAll(graph.Values[bias].Constant!.ToFloats(), b => (double)b) : new double[channels];

    /// <summary>The value that is a layer's bias; null when it has none.</summary>
    public static int? BiasOf(Node node) => node.Inputs.Length > ILinearLayer.Bias && node.Inputs[ILinearLayer.Bias] is >= 0 and var bias ? bias : null;

    /// <summary>The name of a layer's bias, or a name for one.</summary>
    public static string BiasName(ModelGraph graph, Node node) => BiasOf(node) is { } bias ? graph.Values[bias].Name : $"{node.Name}/bias";
}
