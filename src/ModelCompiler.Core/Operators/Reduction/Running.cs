using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Running sums or products along an axis.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
/// <param name="Product">True for products.</param>
/// <param name="Exclusive">True to leave out the element itself.</param>
/// <param name="Reverse">True to go from the last element to the first.</param>
internal sealed record Running(int Axis, bool Product, bool Exclusive, bool Reverse) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) => [new TensorType(context[0].Type, context[0].Shape)];

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Reduction.Running", context.Input(0).Type.Name()).In(0).Out(0)
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank), Product, Exclusive, Reverse);
    }

    [OnnxOperator("CumSum")]
    internal static void SumFromOnnx(OnnxNode node) => FromOnnx(node, false);

    [OnnxOperator("CumProd")]
    internal static void ProductFromOnnx(OnnxNode node) => FromOnnx(node, true);

    private static void FromOnnx(OnnxNode node, bool product)
    {
        int axis = node.Axis(node.ConstantInput(1, "axis").ToInt32(0), node.Value(0).Shape.Rank);
        node.Emit(new Running(axis, product, node.Int("exclusive", 0) != 0, node.Int("reverse", 0) != 0), node.Input(0));
    }
}
