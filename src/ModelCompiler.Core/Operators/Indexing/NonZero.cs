using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Indices of the elements that are not zero, [rank, elements], and their number.</summary>
internal sealed record NonZero : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context) =>
        [new TensorType(ElementType.Int64, new Shape(Math.Max(context[0].Shape.Rank, 1), context[0].Shape.Elements)),
            new TensorType(ElementType.Int64, new Shape())];

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value x, int[] sizes) = (context.Input(0), context.Input(0).Shape.Rank == 0 ? [1] : [.. context.Input(0).Shape]);
        return new LibraryCall("Selection.NonZero", x.Type == ElementType.Bool ? "byte" : x.Type.Name()).In(0).Out(0, 1).Table("Sizes", sizes)
            .Number(sizes.Length, x.Shape.Elements);
    }

    [OnnxOperator("NonZero")]
    internal static void FromOnnx(OnnxNode node)
    {
        IReadOnlyList<Value> results = node.AddMany("nonzero", new NonZero(), node.Input(0));
        node.BindBounded(0, results[0], results[1], 1);
    }
}
