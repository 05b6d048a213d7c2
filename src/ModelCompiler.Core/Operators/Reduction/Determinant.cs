using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Determinants of the matrices in the last two axes.</summary>
internal sealed record Determinant : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value x = context[0];
        InferenceContext.Require(x.Shape.Rank >= 2 && x.Shape[-1] == x.Shape[-2] && x.Type.IsFloat(),
            $"A tensor {x.Type} of shape {x.Shape} is not of square matrices of real numbers.");
        return [new TensorType(x.Type, new Shape(x.Shape.Take(x.Shape.Rank - 2)))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Value x = context.Input(0);
        return new LibraryCall("Contraction.Determinant", x.Type.Name()).In(0).Out(0).Scratch(ElementType.Float64, x.Shape[-1] * x.Shape[-1])
            .Number(context.Output(0).Shape.Elements, x.Shape[-1])
            .Costs((long)x.Shape.Elements * x.Shape[-1]);
    }

    [OnnxOperator("Det")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(new Determinant(), node.Input(0));
}
