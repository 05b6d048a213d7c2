using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Slices along an axis whose condition holds, and their number.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
internal sealed record Compress(int Axis) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value condition) = (context[0], context[1]);
        InferenceContext.Require(condition.Type == ElementType.Bool && condition.Shape.Rank == 1, "The condition is not a list of booleans.");
        return [new TensorType(x.Type, x.Shape.With(Axis, Math.Min(x.Shape[Axis], condition.Shape[0]))), new TensorType(ElementType.Int64, new Shape())];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Selection.Compress", context.Input(0).Type.BySize()).In(0, 1).Out(0, 1)
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank), context.Input(1).Shape[0]);
    }

    [OnnxOperator("Compress")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        if (!node.HasAttribute("axis")) x = node.Add("flat", new Reshape(new Shape(x.Shape.Elements)), x.Id);
        int axis = node.HasAttribute("axis") ? node.Axis(node.Int("axis", 0), x.Shape.Rank) : 0;
        IReadOnlyList<Value> results = node.AddMany("compressed", new Compress(axis), x.Id, node.Input(1));
        node.BindBounded(0, results[0], results[1], axis);
    }
}
