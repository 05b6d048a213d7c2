using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Lower or upper triangles of the matrices in the last two axes. The optional second input says how far the diagonal lies to the right.</summary>
/// <param name="Upper">True for upper triangles.</param>
internal sealed record Triangle(bool Upper) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Shape.Rank >= 2 && context.Optional(1)?.Type is null or ElementType.Int64, "The input is not of matrices.");
        return [new TensorType(context[0].Type, context[0].Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Movement.Triangle", context.Input(0).Type.BySize()).In(0).InOrNull(context, 1).Out(0)
            .Number(shape.ElementsBetween(0, shape.Rank - 2), shape[-2], shape[-1], Upper);
    }

    [OnnxOperator("Trilu")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(new Triangle(node.Int("upper", 1) != 0), node.Input(0), node.Input(1));
}
