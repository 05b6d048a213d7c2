using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>How <see cref="Recurrent"/> reads from ONNX.</summary>
internal static class RecurrentBindings
{
    // By code; alpha and beta where they are not given.
    private static readonly (string Name, float Alpha, float Beta)[] Known =
    [
        ("sigmoid", 0, 0), ("tanh", 0, 0), ("relu", 0, 0), ("affine", 1, 0), ("leakyrelu", 0.01f, 0), ("thresholdedrelu", 1, 0), ("scaledtanh", 1, 1),
        ("hardsigmoid", 0.2f, 0.5f),
        ("elu", 1, 0), ("softsign", 0, 0), ("softplus", 0, 0),
    ];

    [OnnxOperator("RNN")]
    internal static void SimpleFromOnnx(OnnxNode node) => FromOnnx(node, "Simple", ["tanh"], false);

    [OnnxOperator("GRU")]
    internal static void GruFromOnnx(OnnxNode node) => FromOnnx(node, "Gru", ["sigmoid", "tanh"], node.Int("linear_before_reset", 0) != 0);

    [OnnxOperator("LSTM")]
    internal static void LstmFromOnnx(OnnxNode node) => FromOnnx(node, "Lstm", ["sigmoid", "tanh", "tanh"], node.Int("input_forget", 0) != 0);

    // Layout 1 has the batch first, in inputs, states and outputs.
    private static void FromOnnx(OnnxNode node, string kind, string[] defaults, bool option)
    {
        bool batchFirst = node.Int("layout", 0) != 0;
        string direction = node.Text("direction", "forward");
        int directions = direction == "bidirectional" ? 2 : 1;
        int reverse = direction == "reverse" ? 1 : direction == "bidirectional" ? 2 : 0;
        var op = new Recurrent(kind, reverse, directions, Activations(node, defaults, directions).ToEquatableArray(), node.Float("clip", 0), option);
        ElementType type = node.Value(0).Type;
        int[] inputs = [.. Enumerable.Range(0, 8).Select(i => i is 0 or 5 or 6 && batchFirst && node.HasInput(i) ? Swapped(node, node.Widen(node.Value(i))).Id
            : node.HasInput(i) ? node.Widen(node.Value(i)).Id : -1)];
        IReadOnlyList<Value> results = node.AddMany("layer", op, inputs);
        Value y = batchFirst ? node.Add("batch_first", new Transpose(2, 0, 1, 3), results[0].Id) : results[0];
        node.Bind(0, node.Narrow(y, type));
        for (int i = 1; i < results.Count; i++) node.Bind(i, node.Narrow(batchFirst ? Swapped(node, results[i]) : results[i], type));
    }

    private static Value Swapped(OnnxNode node, Value x) => x.Shape.Rank == 3 ? node.Add("swapped", new Transpose(1, 0, 2), x.Id)
        : throw node.Malformed($"A tensor of shape {x.Shape} is not of sequences or states.");

    private static IEnumerable<float> Activations(OnnxNode node, string[] defaults, int directions)
    {
        string[] names = node.Texts("activations") is { Length: > 0 } given ? given : [.. Enumerable.Repeat(defaults, directions).SelectMany(d => d)];
        if (names.Length != defaults.Length * directions) throw node.Malformed("There is not one activation per gate and direction.");
        // Values are given for those activations that have any, in order.
        var alphas = new Queue<float>(node.Floats("activation_alpha") ?? []);
        var betas = new Queue<float>(node.Floats("activation_beta") ?? []);
        foreach (string name in names)
        {
            int code = Array.FindIndex(Known, k => k.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (code < 0) throw node.Unsupported($"Activation '{name}' is not supported.", $"Use one of {string.Join(", ", Known.Select(k => k.Name))}.");
            yield return code;
            yield return Known[code].Alpha != 0 && alphas.Count > 0 ? alphas.Dequeue() : Known[code].Alpha;
            yield return Known[code].Name is "affine" or "scaledtanh" or "hardsigmoid" && betas.Count > 0 ? betas.Dequeue() : Known[code].Beta;
        }
    }
}
