using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Attention whose memory is a matrix per head, which decays (gated) and is corrected towards each value (delta rule). Inputs: queries, keys,
/// values [batch, time, heads × size], past state [batch, heads, keys, values], decay in logarithms, beta. Outputs: result, state.
/// </summary>
/// <param name="QueryHeads">Number of query heads.</param>
/// <param name="Heads">Number of key and value heads.</param>
/// <param name="Scale">Factor of the result.</param>
/// <param name="Delta">True for the delta rule.</param>
internal sealed record LinearAttention(int QueryHeads, int Heads, float Scale, bool Delta) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Shape q, Shape k, Shape v) = (context[0].Shape, context[1].Shape, context[2].Shape);
        bool fits = Heads > 0 && QueryHeads > 0 && QueryHeads % Heads == 0 && q.Rank == 3 && k.Rank == 3 && v.Rank == 3 && q[0] == k[0] && k[0] == v[0]
            && q[1] == k[1] && k[1] == v[1]
            && q[2] % QueryHeads == 0 && k[2] % Heads == 0 && v[2] % Heads == 0 && q[2] / QueryHeads == k[2] / Heads;
        InferenceContext.Require(fits && context[0].Type == ElementType.Float32,
            $"Queries {q}, keys {k} and values {v} do not belong together in {QueryHeads} and {Heads} heads.");
        InferenceContext.Require(context.Optional(4) is not { } decay || decay.Shape[-1] == Heads || decay.Shape == k,
            "The decay is neither per head nor per key.");
        InferenceContext.Require(context.Optional(5) is not { } beta || beta.Shape[-1] == Heads || beta.Shape[-1] == 1, "Beta is not per head.");
        return [new TensorType(ElementType.Float32, new Shape(q[0], q[1], v[2] / Heads * QueryHeads)),
            new TensorType(ElementType.Float32, new Shape(q[0], Heads, k[2] / Heads, v[2] / Heads))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Shape q, Shape k, Shape v) = (context.Input(0).Shape, context.Input(1).Shape, context.Input(2).Shape);
        return new LibraryCall("Contraction.LinearAttention").In(0, 1, 2).InOrNull(context, 3).InOrNull(context, 4).InOrNull(context, 5).Out(0, 1)
            .Number(q[0], q[1], QueryHeads, Heads, k[2] / Heads, v[2] / Heads, Last(4), Last(5), Scale, Delta)
            .Costs((long)q[0] * q[1] * (k[2] / Heads) * (v[2] / Heads) * (QueryHeads + (2 * Heads)));

        int Last(int input) => context.HasInput(input) ? context.Input(input).Shape[-1] : 0;
    }

    [OnnxOperator("LinearAttention")]
    internal static void FromOnnx(OnnxNode node)
    {
        ElementType type = node.Value(0).Type;
        string rule = node.Text("update_rule", "gated_delta");
        (int queryHeads, int heads) = (node.Int("q_num_heads", 1), node.Int("kv_num_heads", 1));
        float scale = node.Float("scale", 0) is var given and not 0 ? given : 1 / MathF.Sqrt(node.Value(0).Shape[-1] / Math.Max(queryHeads, 1));
        int[] inputs = [.. Enumerable.Range(0, 6).Select(i => node.HasInput(i) && !(i == 4 && rule is ("linear" or "delta")) ? node.Widen(node.Value(i)).Id
            : -1)];
        IReadOnlyList<Value> results = node.AddMany("attention", new LinearAttention(queryHeads, heads, scale, rule is "delta" or "gated_delta"), inputs);
        node.Bind(0, node.Narrow(results[0], type));
        node.Bind(1, node.Narrow(results[1], type));
    }
}
