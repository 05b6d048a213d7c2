using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>What classifiers of scikit-learn end in: a map from class to score for every row. The tensor of scores holds the same,
/// and is what comes out.</summary>
internal static class ZipMap
{
    // ONNX: [N, C] scores; the classes are integers or texts.
    [OnnxOperator("ZipMap", "ai.onnx.ml")]
    internal static void FromOnnx(OnnxNode node)
    {
        string[] classes = [.. (node.Longs("classlabels_int64s") ?? []).Select(c => FormattableString.Invariant($"{c}")),
            .. (node.Texts("classlabels_strings") ?? []).Select(c => $"'{c}'")];
        if (classes.Length != node.Value(0).Shape[-1]) throw node.Malformed($"There are {classes.Length} classes for scores of shape {node.Value(0).Shape}.");
        node.Note($"ZipMap '{node.OutputName(0)}' is left out: its columns are the scores of the classes {Classifiers.Listed(classes)}.");
        if (node.Texts("classlabels_strings") is { Length: > 0 } texts) node.LabelOutput(0, texts);
        node.Emit(new Reshape(node.Value(0).Shape), node.Input(0));
    }
}
