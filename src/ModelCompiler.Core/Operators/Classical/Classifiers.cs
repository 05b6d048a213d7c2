using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Linear models, and what classifiers have in common. Classes that are text are given by their number.</summary>
internal static class Classifiers
{
    [OnnxOperator("LinearRegressor", "ai.onnx.ml")]
    internal static void RegressorFromOnnx(OnnxNode node) =>
        node.Bind(0, TreeBindings.Transformed(node, Linear(node, node.Int("targets", 1)), node.Text("post_transform", "NONE")));

    [OnnxOperator("LinearClassifier", "ai.onnx.ml")]
    internal static void ClassifierFromOnnx(OnnxNode node)
    {
        long[] labels = Labels(node, "classlabels_ints");
        int rows = (node.Floats("intercepts") ?? []).Length is var given and > 0 ? given
            : Math.Max((node.Floats("coefficients") ?? []).Length / Math.Max(node.Value(0).Shape[-1], 1), 1);
        Emit(node, Linear(node, rows), labels, labels.Length == 2 && rows == 1, false);
    }

    /// <summary>Labels and scores of a classifier. With two classes and one score, the other score follows.</summary>
    public static void Emit(OnnxNode node, Value scores, long[] labels, bool binary, bool positive)
    {
        string transform = node.Text("post_transform", "NONE");
        if (labels.Length == 0) throw node.Malformed("There are no classes.");
        Value chosen;
        if (binary)
        {
            // Votes that are all positive are shares already, whatever the transformation (as ONNX Runtime has it).
            chosen = Cast.To(node, node.Call("Greater", [scores, node.ScalarLike(scores, positive ? 0.5 : 0)]), ElementType.Int64);
            chosen = node.Add("chosen", new Reshape(new Shape(scores.Shape[0])), chosen.Id);
            Value own = transform == "LOGISTIC" && !positive ? node.Call("Sigmoid", [scores]) : scores;
            Value other = positive || transform == "LOGISTIC" ? node.Call("Sub", [node.ScalarLike(scores, 1), own]) : node.Call("Neg", [own]);
            scores = node.Call("Concat", [other, own], ("axis", 1));
            if (transform is not ("NONE" or "LOGISTIC") && !positive) scores = TreeBindings.Transformed(node, scores, transform);
        }
        else
        {
            chosen = node.Add("chosen", new Reshape(new Shape(scores.Shape[0])), node.Add("best", new ArgExtreme(1, true, false), scores.Id).Id);
            scores = TreeBindings.Transformed(node, scores, transform);
        }

        node.Bind(0, node.Call("Gather", [node.Constant(labels), chosen]));
        node.Bind(1, node.Narrow(scores, ElementType.Float32));
    }

    /// <summary>The labels of a classifier; of text, their numbers.</summary>
    public static long[] Labels(OnnxNode node, string integers)
    {
        if (node.Longs(integers) is { Length: > 0 } numbers) return numbers;
        string[] texts = node.Texts("classlabels_strings") ?? [];
        if (texts.Length > 0) node.LabelOutput(0, texts);
        if (texts.Length > 0) node.Note($"'{node.OutputName(0)}' gives classes by number, from 0: {Listed([.. texts.Select(t => $"'{t}'")])}.");
        return [.. texts.Select((_, i) => (long)i)];
    }

    /// <summary>The first classes, and how many more there are, for notes.</summary>
    public static string Listed(string[] classes)
    {
        const int most = 32;
        string more = classes.Length > most ? FormattableString.Invariant($" and {classes.Length - most} more") : "";
        return string.Join(", ", classes.Take(most)) + more;
    }

    // Coefficients [rows, features] and intercepts [rows].
    private static Value Linear(OnnxNode node, int rows)
    {
        Value x = Cast.To(node, node.Value(0), ElementType.Float32);
        float[] coefficients = node.Floats("coefficients") ?? [];
        if (rows < 1 || coefficients.Length != (long)rows * x.Shape[-1]) throw node.Malformed("The coefficients do not belong to the features.");
        if (x.Shape.Rank == 1) x = node.Add("row", new Reshape(new Shape(1, x.Shape[0])), x.Id);
        Value weights = node.Graph.AddConstant($"{node.Name}/coefficients", TensorData.Of(new Shape(rows, x.Shape[-1]), coefficients));
        Value? intercepts = node.Floats("intercepts") is { Length: > 0 } given
            ? node.Graph.AddConstant($"{node.Name}/intercepts", TensorData.Of(new Shape(given.Length), given)) : null;
        return node.Call("Gemm", [x, weights, intercepts], ("transB", 1));
    }
}
