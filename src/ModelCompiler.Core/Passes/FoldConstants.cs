using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Passes;

/// <summary>
/// Computes nodes whose inputs are all known at build time. Dequantised constants wait for <see cref="RunAll"/>, until it is known which of them
/// belong to integer operators.
/// </summary>
internal static class FoldConstants
{
    public static ModelGraph Run(ModelGraph graph, Action<string> note) => Run(graph, note, keepDequantized: true);

    public static ModelGraph RunAll(ModelGraph graph, Action<string> note) => Run(graph, note, keepDequantized: false);

    private static ModelGraph Run(ModelGraph graph, Action<string> note, bool keepDequantized)
    {
        var editor = new GraphEditor(graph);
        int folded = 0;
        foreach (Node node in graph.Nodes)
        {
            if (keepDequantized && node.Operator is Dequantize) continue;
            if (node.Inputs.Any(i => i >= 0 && editor[i].Constant is null) || node.Inputs.All(i => i < 0)) continue;
            if (!editor.IsWorthFolding(node)) continue;
            TensorData[] outputs = ReferenceInterpreter.EvaluateNode(node, id => editor[id], id => editor[id].Constant!, RequantizationMode.Float);
            for (int i = 0; i < outputs.Length; i++) editor.SetValue(editor[node.Outputs[i]] with { Constant = outputs[i] });
            editor.Replace(node);
            folded++;
        }

        if (folded > 0) note($"Computed {folded} constant nodes at build time.");
        return editor.ToGraph();
    }
}
