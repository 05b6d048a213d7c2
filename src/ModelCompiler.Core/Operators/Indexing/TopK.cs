using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>The largest or smallest elements along an axis in order, and their indices (int64).</summary>
/// <param name="Axis">The axis, counted from the front.</param>
/// <param name="Count">How many.</param>
/// <param name="Largest">True for the largest.</param>
internal sealed record TopK(int Axis, int Count, bool Largest) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Type != ElementType.Bool && Count >= 0 && Count <= x.Shape[Axis],
            $"Axis {Axis} of a tensor of shape {x.Shape} does not have {Count} numbers.");
        return [new TensorType(x.Type, x.Shape.With(Axis, Count)), new TensorType(ElementType.Int64, x.Shape.With(Axis, Count))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Selection.Top", context.Input(0).Type.Name()).In(0).Out(0, 1).Scratch(ElementType.Int32, shape[Axis])
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank), Count, Largest)
            .Costs((long)context.Output(0).Shape.Elements * shape[Axis]);
    }

    [OnnxOperator("TopK")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        int count = node.Opset < 10 ? node.Int("k", 1) : node.ConstantInput(1, "number of elements").ToInt32(0);
        IReadOnlyList<Value> results = node.AddMany("top", new TopK(node.Axis(node.Int("axis", -1), x.Shape.Rank), count, node.Int("largest", 1) != 0), x.Id);
        node.Bind(0, results[0]);
        node.Bind(1, results[1]);
    }
}
