using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;

namespace ModelCompiler.Core.Operators;

/// <summary>Float32 numbers rounded to a narrower format, which is how the compiler keeps such tensors.</summary>
internal sealed record Round(NarrowFloat Format, bool Saturate, int Direction = 0) : Operator
{
    /// <summary>Rounds as conversions do.</summary>
    public static Round To(NarrowFloat format, bool saturate = true, int direction = 0) =>
        new(format, saturate && (format.Exponent != 8 || format.Mantissa == 0), direction);

    /// <inheritdoc/>
    public override bool IsElementwise => true;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        InferenceContext.Require(context[0].Type == ElementType.Float32, $"'{context[0].Name}' has elements of type {context[0].Type} instead of Float32.");
        return [new TensorType(ElementType.Float32, context[0].Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        int codes = 1 << (Format.Exponent + Format.Mantissa);
        int largest = Format.Kind switch { NarrowKind.Ieee => (((1 << Format.Exponent) - 1) << Format.Mantissa) - 1, NarrowKind.Finite => codes - 2,
            _ => codes - 1 };
        return new LibraryCall("NarrowFloats.Round").In(0).Out(0).InPlace((0, 0)).Number(
            context.Input(0).Shape.Elements, Format.Mantissa, 1 - Format.Bias, Format.Decode(largest), Saturate || Format.Kind == NarrowKind.FiniteWithoutNaN,
            Format.Kind == NarrowKind.Ieee, Format.Kind != NarrowKind.FiniteUnsignedZero, Format.Kind == NarrowKind.FiniteWithoutNaN, Direction,
            Format.Kind == NarrowKind.Powers);
    }
}
