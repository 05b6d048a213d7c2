using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators.Reference;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Every row of the input times a constant matrix, plus a bias.
/// Inputs: activations [..., K]; weights [N, K]; optional bias [N] (int32 at scale input × weight when quantised). Output [..., N], or [rows, N].
/// </summary>
/// <param name="KeepDimensions">True to keep all dimensions but the last; false for rows × N.</param>
/// <param name="Activation">Fused activation.</param>
internal sealed record FullyConnected(bool KeepDimensions, ActivationRange Activation) : Operator, ILinearLayer
{
    /// <summary>Weights and bias, not the activations.</summary>
    public override bool TakesAnyScales(int input) => input > 0;

    /// <inheritdoc/>
    public Operator WithActivation(ActivationRange activation) => this with { Activation = activation };

    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.Integer;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value weights) = (context[0], context[1]);
        LinearLayer.RequireTypes(context);
        InferenceContext.Require(weights.Shape.Rank == 2 && weights.Shape.All(d => d > 0),
            $"The weights of a fully connected layer are a matrix, not {weights.Shape}.");
        (int outputs, int inputs) = (weights.Shape[0], weights.Shape[1]);
        InferenceContext.Require(input.Shape.Elements % inputs == 0, $"An input of shape {input.Shape} does not consist of rows of {inputs}.");
        InferenceContext.Require(context.Optional(2) is not { } bias || bias.Shape.Elements == outputs, "The bias does not have one entry per output.");
        if (!KeepDimensions) return [new TensorType(input.Type, new Shape(input.Shape.Elements / inputs, outputs))];
        InferenceContext.Require(input.Shape.Rank > 0 && input.Shape[-1] == inputs, $"An input of shape {input.Shape} does not end in rows of {inputs}.");
        return [new TensorType(input.Type, input.Shape.With(-1, outputs))];
    }

    ConvGeometry ILinearLayer.Geometry(Shape input, Shape weights, Shape output) => Geometry(input, weights);

    /// <inheritdoc/>
    public override SignRule Signs(SignContext context) => SignRule.Free;

    /// <inheritdoc/>
    public override Implementation Choose(ChoiceContext context) =>
        LinearLayer.Choose(context, Geometry(context.Input(0).Shape, context.Input(1).Shape), Activation);

    private static ConvGeometry Geometry(Shape input, Shape weights) => ConvGeometry.FullyConnected(input.Elements / weights[1], weights[1], weights[0]);

    // TFLite: FULLY_CONNECTED options are fused_activation, weights_format, keep_num_dims.
    [TfLiteOperator(TfLiteBuiltinOperator.FullyConnected, Integers = IntegerSupport.EightAndSixteen)]
    internal static void FromTfLite(TfLiteNode node)
    {
        if (node.Options.Int8(1) != 0) throw node.Unsupported("Shuffled weights are not supported.", "Convert the model with the default weights format.");
        node.Emit(new FullyConnected(node.Options.Bool(2, false), node.Activation(0)), node.Input(0), node.FloatIfHybrid(1), node.Input(2));
    }

    // ONNX: Y = alpha · A' · B' + beta · C, where C broadcasts to rows × N.
    [OnnxOperator("Gemm")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value a = node.Value(0);
        if (node.Int("transA", 0) != 0) a = node.Add("a", new Transpose([1, 0]), a.Id);
        Value b = node.Value(1);
        if (node.Int("transB", 0) == 0) b = node.Add("b", new Transpose([1, 0]), b.Id);
        float alpha = node.Float("alpha", 1);
        if (a.Type != ElementType.Float32 || !OnnxNode.IsKnown(b))
        {
            GeneralGemm(node, a, b, alpha);
            return;
        }

        if (alpha != 1) b = node.Add("alpha", new Binary(BinaryKind.Multiply, ActivationRange.None), b.Id, node.Constant(alpha).Id);
        if (!node.HasInput(2))
        {
            node.Emit(new FullyConnected(false, ActivationRange.None), a.Id, b.Id);
            return;
        }

        Value c = node.Value(2);
        float beta = node.Float("beta", 1);
        if (beta != 1) c = node.Add("beta", new Binary(BinaryKind.Multiply, ActivationRange.None), c.Id, node.Constant(beta).Id);
        if (OnnxNode.IsKnown(c) && c.Shape.Elements == b.Shape[0] && (c.Shape.Rank == 0 || c.Shape[-1] == b.Shape[0]))
        {
            node.Emit(new FullyConnected(false, ActivationRange.None), a.Id, b.Id, c.Id);
            return;
        }

        Value product = node.Add("product", new FullyConnected(false, ActivationRange.None), a.Id, b.Id);
        node.Emit(new Binary(BinaryKind.Add, ActivationRange.None), product.Id, c.Id);
    }

    // With a matrix that is computed, or other numbers than float32. Here b is [N, K].
    private static void GeneralGemm(OnnxNode node, Value a, Value b, float alpha)
    {
        Value result = MatMul.Emit(node, a, node.Add("b", new Transpose([1, 0]), b.Id));
        if (alpha != 1) result = node.Call("Mul", [result, node.ScalarLike(result, alpha)]);
        if (node.HasInput(2))
        {
            Value c = node.Value(2);
            float beta = node.Float("beta", 1);
            if (beta != 1) c = node.Call("Mul", [c, node.ScalarLike(c, beta)]);
            result = node.Call("Add", [result, c]);
        }

        node.Bind(0, result);
    }

    // ONNX: only a constant matrix on the right is a fully connected layer.
    [OnnxOperator("MatMul")]
    internal static void MatMulFromOnnx(OnnxNode node)
    {
        Value weights = node.Value(1);
        if (!OnnxNode.IsKnown(weights) || weights.Shape.Rank != 2 || node.Value(0).Type != ElementType.Float32)
        {
            node.Bind(0, MatMul.Emit(node, node.Value(0), weights));
            return;
        }

        node.Emit(new FullyConnected(true, ActivationRange.None), node.Input(0), node.Add("weights", new Transpose([1, 0]), weights.Id).Id);
    }

    [OnnxOperator("QLinearMatMul")]
    internal static void QuantizedMatMulFromOnnx(OnnxNode node)
    {
        bool isCommon = node.Value(3) is { Constant: not null, Shape.Rank: 2 } && Enumerable.Range(1, 7)
            .All(i => i == 3 || (node.Value(i).Constant is { } known && known.Type != ElementType.Float16)) && node.Value(1).Shape.Elements == 1
            && node.Value(2).Shape.Elements == 1 && node.Value(4).Shape.Rank <= 1 && node.Value(5).Shape.Rank <= 1;
        if (!isCommon)
        {
            QuantizationBindings.MatrixProduct(node);
            return;
        }

        int input = node.Quantized(0, 1, 2);
        Value weights = node.Graph[node.Quantized(3, 4, 5, axis: 1)];
        node.EmitQuantized(new FullyConnected(true, ActivationRange.None), 6, 7, input, node.Add("weights", new Transpose([1, 0]), weights.Id).Id);
    }
}
