using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>How often the n-grams of a pool occur in every row (TfIdfVectorizer of integers).</summary>
internal sealed record Grams(EquatableArray<int> Pool, EquatableArray<int> List, EquatableArray<float> Weights, int Columns, int Skips, int Mode)
    : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Type is ElementType.Int32 or ElementType.Int64 && x.Shape.Rank is 1 or 2,
            $"A tensor {x.Type} of shape {x.Shape} is not of rows of integers.");
        return [new TensorType(ElementType.Float32, x.Shape.With(-1, Columns))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Features.Grams", context.Input(0).Type.Name()).In(0).Out(0).Table("Pool", Pool).Table("Grams", List)
            .FloatTable("Weights", Weights)
            .Number(shape.Elements / shape[-1], shape[-1], Columns, List.Count / 3, Skips, Mode)
            .Costs((long)shape.Elements * List.Count * Math.Max(1, Skips));
    }

    // ngram_counts says where in the pool the 1-grams begin, the 2-grams and so on; ngram_indexes gives the column of each.
    [OnnxOperator("TfIdfVectorizer")]
    internal static void FromOnnx(OnnxNode node)
    {
        int[] pool = node.Ints("pool_int64s") ?? throw new ModelCompilationException("MC2003", "N-grams of text are not supported.",
            "Turn text into integers in the program.");
        int[] counts = node.Ints("ngram_counts") ?? [], columns = node.Ints("ngram_indexes") ?? [];
        (int shortest, int longest) = (node.Int("min_gram_length", 1), node.Int("max_gram_length", 1));
        var list = new List<int>();
        int index = 0;
        for (int n = 1; n <= counts.Length; n++)
        {
            int end = n < counts.Length ? counts[n] : pool.Length;
            for (int at = counts[n - 1]; at + n <= end; at += n, index++)
            {
                if (at < 0 || end > pool.Length || index >= columns.Length) throw node.Malformed("The pool of n-grams does not fit its indexes.");
                if (n >= shortest && n <= longest) list.AddRange([at, n, columns[index]]);
            }
        }

        if (columns.Length == 0 || columns.Min() < 0) throw node.Malformed("There are no n-grams.");
        int width = columns.Max() + 1;
        string mode = node.Text("mode", "TF");
        float[] weights = node.Floats("weights") ?? [.. Enumerable.Repeat(1f, width)];
        var ordered = new float[width];
        for (int i = 0; i < Math.Min(columns.Length, weights.Length); i++) ordered[columns[i]] = weights[i];
        node.Emit(new Grams(pool.ToEquatableArray(), list.ToEquatableArray(), ordered.ToEquatableArray(), width, node.Int("max_skip_count", 0),
            mode == "IDF" ? node.HasAttribute("weights") ? 2 : 1 : mode == "TFIDF" ? 3 : 0), node.Input(0));
    }
}
