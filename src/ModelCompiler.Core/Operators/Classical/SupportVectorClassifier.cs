using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Support vector machines that choose a class by votes, one machine for every pair of classes; without support vectors,
/// linear models of which the best chooses. Labels and scores are those of ONNX Runtime: of the pairs (of two classes, of both),
/// or probabilities of the classes.
/// </summary>
internal static class SupportVectorClassifier
{
    [OnnxOperator("SVMClassifier", "ai.onnx.ml")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = Cast.To(node, node.Value(0), ElementType.Float32);
        if (x.Shape.Rank == 1) x = node.Add("row", new Reshape(new Shape(1, x.Shape[0])), x.Id);
        if (x.Shape.Rank != 2) throw node.Malformed($"An input of shape {x.Shape} is not rows of features.");
        long[] labels = Classifiers.Labels(node, "classlabels_ints");
        int[] counts = node.Ints("vectors_per_class") ?? [];
        float[] rho = node.Floats("rho") ?? [];
        if (labels.Length == 0 || rho.Length == 0) throw node.Malformed("There are no classes, or attribute 'rho' is missing.");
        (Value chosen, Value scores) = counts.Sum(c => (long)c) == 0 ? Linear(node, x, labels.Length, rho[0]) : Machines(node, x, labels.Length, counts, rho);
        chosen = node.Add("chosen", new Reshape(new Shape(x.Shape[0])), chosen.Id);
        node.Bind(0, node.Call("Gather", [node.Constant(labels), chosen]));
        node.Bind(1, scores);
    }

    private static (Value Chosen, Value Scores) Linear(OnnxNode node, Value x, int classes, float offset)
    {
        float[] coefficients = node.Floats("coefficients") ?? [];
        if (coefficients.Length != (long)classes * x.Shape[1]) throw node.Malformed("The coefficients do not belong to the features.");
        Value scores = node.Call("Gemm", [x, Table(node, "coefficients", coefficients, classes, x.Shape[1]), null], ("transB", 1));
        scores = node.Call("Add", [scores, node.Constant(offset)]);
        Value chosen = node.Add("best", new ArgExtreme(1, true, false), scores.Id);
        if (classes == 2)
        {
            // Of two classes, any score that is large enough speaks for the second.
            bool allPositive = coefficients.All(c => c >= 0);
            Value best = node.Call("ReduceMax", [scores, node.Constant([1L])], ("keepdims", 0));
            Value isSecond = node.Call(allPositive ? "GreaterOrEqual" : "Greater", [best, node.Constant(allPositive ? 0.5f : 0)]);
            chosen = node.Call("Where", [isSecond, node.Constant([1L]), node.Add("flat", new Reshape(new Shape(x.Shape[0])), chosen.Id)]);
        }

        return (chosen, classes == 1 ? scores : TreeBindings.Transformed(node, scores, node.Text("post_transform", "NONE")));
    }

    private static (Value Chosen, Value Scores) Machines(OnnxNode node, Value x, int classes, int[] counts, float[] rho)
    {
        if (counts.Length != classes || classes < 2 || counts.Any(c => c < 0) || counts.Sum(c => (long)c) > int.MaxValue)
            throw node.Malformed("The support vectors do not belong to the classes.");
        int pairs = rho.Length;
        if (pairs != (long)classes * (classes - 1) / 2) throw node.Malformed("There is not one entry of rho for every two classes.");
        (Value scores, Value votes) = Pairs(node, SupportVectors.Kernel(node, x, counts.Sum()), counts, rho);
        Value chosen = node.Add("most", new ArgExtreme(1, true, false), votes.Id);
        string transform = node.Text("post_transform", "NONE");
        float[] slopes = node.Floats("prob_a") ?? [], offsets = node.Floats("prob_b") ?? [];
        if (slopes.Length != offsets.Length) throw node.Malformed("Attributes 'prob_a' and 'prob_b' have different lengths.");
        if (slopes.Length > 0)
        {
            Value probabilities = node.Add("probabilities", new PairwiseProbabilities(slopes.ToEquatableArray(), offsets.ToEquatableArray(), classes),
                scores.Id);
            return (chosen, TreeBindings.Transformed(node, probabilities, transform));
        }

        if (classes > 2) return (chosen, TreeBindings.Transformed(node, scores, transform));
        if (transform == "PROBIT") throw node.Unsupported("Transformation 'PROBIT' of a single score is not supported.", "Use NONE, LOGISTIC or SOFTMAX.");
        // Both signs of the score, or their sigmoids; other transformations leave the score and its complement.
        Value other = transform is "NONE" or "LOGISTIC" ? node.Call("Neg", [scores]) : node.Call("Sub", [node.Constant(1f), scores]);
        if (transform == "LOGISTIC") (other, scores) = (node.Call("Sigmoid", [other]), node.Call("Sigmoid", [scores]));
        return (chosen, node.Call("Concat", [other, scores], ("axis", 1)));
    }

    // Scores [N, pairs] of one class against another, and votes [N, classes].
    private static (Value Scores, Value Votes) Pairs(OnnxNode node, Value kernel, int[] counts, float[] rho)
    {
        (int classes, int vectors, int pairs) = (counts.Length, kernel.Shape[1], rho.Length);
        float[] coefficients = node.Floats("coefficients") ?? [];
        if (coefficients.Length != (long)vectors * (classes - 1)) throw node.Malformed("The coefficients do not belong to the support vectors and classes.");
        int[] starts = [.. Enumerable.Range(0, classes).Select(c => counts.Take(c).Sum())];
        var weights = new float[checked(vectors * pairs)];
        var votes = new float[checked(pairs * classes)];
        var against = new float[classes];
        int pair = 0;
        for (int i = 0; i < classes; i++)
        {
            for (int j = i + 1; j < classes; j++, pair++)
            {
                for (int m = starts[i]; m < starts[i] + counts[i]; m++) weights[(m * pairs) + pair] = coefficients[((j - 1) * vectors) + m];
                for (int m = starts[j]; m < starts[j] + counts[j]; m++) weights[(m * pairs) + pair] = coefficients[(i * vectors) + m];
                // A positive score is a vote for the first class, any other for the second.
                (votes[(pair * classes) + i], votes[(pair * classes) + j]) = (1, -1);
                against[j]++;
            }
        }

        Value scores = node.Call("Add", [node.Call("MatMul", [kernel, Table(node, "pairs", weights, vectors, pairs)]), Table(node, "rho", rho, pairs)]);
        Value positive = Cast.To(node, node.Call("Greater", [scores, node.Constant(0f)]), ElementType.Float32);
        return (scores, node.Call("Add", [node.Call("MatMul", [positive, Table(node, "votes", votes, pairs, classes)]),
            Table(node, "against", against, classes)]));
    }

    private static Value Table(OnnxNode node, string name, float[] values, params int[] shape) =>
        node.Graph.AddConstant($"{node.Name}/{name}", TensorData.Of(new Shape(shape), values));
}
