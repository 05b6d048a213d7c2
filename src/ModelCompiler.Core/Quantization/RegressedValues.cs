using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Values that are results of the network, or become results by moving, joining, adding and scaling only: coordinates, scores, samples.
/// Their extremes mean something, so that outliers are not cut off.
/// </summary>
internal static class RegressedValues
{
    /// <summary>Their numbers.</summary>
    public static HashSet<int> Find(ModelGraph graph)
    {
        var found = new HashSet<int>(graph.Outputs);
        foreach (Node node in graph.Nodes.Reverse())
        {
            bool isLinear = node.Operator is Binary { Kind: not BinaryKind.Divide } or Concatenation
                || IntegerRules.Of(graph, node) == QuantizationRule.SameAsInput;
            if (isLinear && node.Outputs.Any(found.Contains)) found.UnionWith(node.Inputs);
        }

        return found;
    }
}
