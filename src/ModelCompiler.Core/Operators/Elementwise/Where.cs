using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Elements of the second input where the first is true, else of the third; all broadcast. Elements of any type.</summary>
internal sealed record Where : Operator
{
    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value condition, Value a, Value b) = (context[0], context[1], context[2]);
        InferenceContext.Require(condition.Type == ElementType.Bool && a.Type == b.Type,
            $"A choice by {condition.Type} between {a.Type} and {b.Type} is not possible.");
        Shape? shape = Shape.Broadcast(a.Shape, b.Shape) is { } both ? Shape.Broadcast(both, condition.Shape) : null;
        InferenceContext.Require(shape is not null, $"Shapes {condition.Shape}, {a.Shape} and {b.Shape} do not broadcast.");
        return [new TensorType(a.Type, shape!.Value, a.Quantization == b.Quantization ? a.Quantization : null)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape output = context.Output(0).Shape;
        int[][] steps = [.. Enumerable.Range(0, 3).Select(i => Steps(context.Input(i).Shape, output.Rank))];
        int[] sizes = output.Rank == 0 ? [1] : [.. output];
        return new LibraryCall("Elementwise.Where", context.Input(1).Type.BySize()).In(0, 1, 2).Out(0)
            .Table("Sizes", sizes).Table("Steps", steps[0]).Table("Steps", steps[1]).Table("Steps", steps[2]).Number(sizes.Length, output.Elements);
    }

    /// <summary>Elements from one index of every axis to the next, 0 where a tensor of a lower rank or of size 1 is repeated.</summary>
    internal static int[] Steps(Shape shape, int rank)
    {
        int[] strides = Transpose.Strides(shape);
        return rank == 0 ? [0] : [.. Enumerable.Range(shape.Rank - rank, rank).Select(axis => axis < 0 || shape[axis] == 1 ? 0 : strides[axis])];
    }

    [OnnxOperator("Where")]
    internal static void FromOnnx(OnnxNode node) => node.Emit(new Where(), node.Input(0), node.Input(1), node.Input(2));
}
