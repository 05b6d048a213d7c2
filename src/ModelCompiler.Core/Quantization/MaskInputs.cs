using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Inputs that only ever mask logits: everything they lead to ends in a softmax, through sums, choices and moves.
/// In samples of such an input minus infinity is no damage but the number that takes a position out.
/// </summary>
internal static class MaskInputs
{
    /// <summary>The values of such inputs.</summary>
    public static HashSet<int> Find(ModelGraph graph)
    {
        ILookup<int, Node> consumers = graph.Consumers();
        return [.. graph.Inputs.Where(i => graph.Values[i].Type == ElementType.Float32 && LeadsToSoftmax(i))];

        bool LeadsToSoftmax(int value) => !graph.IsResult(value) && consumers[value].Any()
            && consumers[value].All(c => c.Operator is Softmax || (c.Outputs.Length == 1 && HandsOn(c) && LeadsToSoftmax(c.Outputs[0])));

        bool HandsOn(Node node) => node.Operator.IsElementwise || IntegerRules.Of(graph, node) == QuantizationRule.SameAsInput;
    }
}
