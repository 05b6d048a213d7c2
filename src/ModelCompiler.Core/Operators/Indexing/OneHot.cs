using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>A new axis with one value at the index and another elsewhere. Inputs: indices, and both values as [off, on].</summary>
/// <param name="Axis">Where the new axis is, counted from the front.</param>
/// <param name="Depth">Its size.</param>
internal sealed record OneHot(int Axis, int Depth) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[1].Shape.Elements == 2 && context[0].Type != CodeGen.Plan.ElementType.Bool,
            "Values are not a pair, or indices are not numbers.");
        List<int> shape = [.. context[0].Shape];
        shape.Insert(Axis, Depth);
        return [new TensorType(context[1].Type, new Shape(shape))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Indexing.OneHot", context.Input(0).Type.Name(), context.Input(1).Type.BySize()).In(0, 1).Out(0)
            .Number(shape.ElementsBetween(0, Axis), Depth, shape.ElementsBetween(Axis, shape.Rank));
    }

    [OnnxOperator("OneHot")]
    internal static void FromOnnx(OnnxNode node)
    {
        int depth = (int)node.ConstantInput(1, "depth").ToDouble(0);
        if (depth < 1) throw node.Malformed($"The depth is {depth}.");
        node.Emit(new OneHot(node.Axis(node.Int("axis", -1), node.Value(0).Shape.Rank + 1), depth), node.Input(0), node.Input(2));
    }
}
