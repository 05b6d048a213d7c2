using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Slices of an axis by indices of any shape, which takes the axis' place. Elements of any type.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
internal sealed record Gather(int Axis) : Operator
{
    /// <inheritdoc/>
    public override QuantizationRule QuantizationRule => QuantizationRule.Float;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value indices) = (context[0], context[1]);
        InferenceContext.Require(indices.Type is ElementType.Int32 or ElementType.Int64, $"Indices are of type {indices.Type}.");
        InferenceContext.Require(Axis >= 0 && Axis < input.Shape.Rank, $"A tensor of shape {input.Shape} has no axis {Axis}.");
        InferenceContext.RequireWithin(indices, input.Shape[Axis]);
        return [new TensorType(input.Type, new Shape([.. input.Shape.Take(Axis), .. indices.Shape, .. input.Shape.Skip(Axis + 1)]),
            input.Quantization is { IsPerTensor: true } ? input.Quantization : null)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value input, Value indices) = (context.Input(0), context.Input(1));
        return new LibraryCall("Indexing.Gather", input.Type.BySize(), indices.Type.Name()).In(0, 1).Out(0)
            .Number(input.Shape.ElementsBetween(0, Axis), input.Shape[Axis], input.Shape.ElementsBetween(Axis + 1, input.Shape.Rank), indices.Shape.Elements);
    }

    [OnnxOperator("Gather")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(new Gather(node.Axis(node.Int("axis", 0), node.Value(0).Shape.Rank)), node.Input(0),
        node.Input(1));

    // The last axis by a list of indices.
    [OnnxOperator("ArrayFeatureExtractor", "ai.onnx.ml")]
    internal static void FeaturesFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        Value indices = node.Add("indices", new Reshape(new Shape(node.Value(1).Shape.Elements)), node.Input(1));
        if (x.Shape.Rank == 1) x = node.Add("row", new Reshape(new Shape(1, x.Shape[0])), x.Id);
        node.Emit(new Gather(x.Shape.Rank - 1), x.Id, indices.Id);
    }
}
