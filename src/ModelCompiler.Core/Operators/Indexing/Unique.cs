using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>The different slices along an axis; the index of their first occurrence, the number of every slice's like, how often each is there,
/// and how many there are.</summary>
/// <param name="Axis">The axis, counted from the front.</param>
/// <param name="Sorted">True for the order of values, false for that of first occurrence.</param>
internal sealed record Unique(int Axis, bool Sorted) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Type != ElementType.Bool, "Booleans are not compared.");
        var list = new TensorType(ElementType.Int64, new Shape(x.Shape[Axis]));
        return [new TensorType(x.Type, x.Shape), list, list, list, new TensorType(ElementType.Int64, new Shape())];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Selection.Unique", context.Input(0).Type.Name()).In(0).Out(0, 1, 2, 3, 4).Scratch(ElementType.Int32, shape[Axis] + 1)
            .Number(shape.ElementsBetween(0, Axis), shape[Axis], shape.ElementsBetween(Axis + 1, shape.Rank), Sorted)
            .Costs((long)shape.Elements * shape[Axis]);
    }

    [OnnxOperator("Unique")]
    internal static void FromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        if (!node.HasAttribute("axis")) x = node.Add("flat", new Reshape(new Shape(x.Shape.Elements)), x.Id);
        int axis = node.HasAttribute("axis") ? node.Axis(node.Int("axis", 0), x.Shape.Rank) : 0;
        IReadOnlyList<Value> results = node.AddMany("unique", new Unique(axis, node.Int("sorted", 1) != 0), x.Id);
        node.BindBounded(0, results[0], results[4], axis);
        node.BindBounded(1, results[1], results[4], 0);
        node.Bind(2, results[2]);
        node.BindBounded(3, results[3], results[4], 0);
    }
}
