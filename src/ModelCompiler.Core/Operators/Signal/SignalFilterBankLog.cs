using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Natural logarithms of uint32 channels times a scale, as int16.</summary>
/// <param name="Scale">Factor of the logarithm.</param>
/// <param name="Correction">Bits by which channels are shifted left before.</param>
internal sealed record SignalFilterBankLog(int Scale, int Correction) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.UInt32);
        InferenceContext.Require(Correction is >= 0 and < 32, "The number of bits is not one.");
        return [new TensorType(ElementType.Int16, context[0].Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        return new LibraryCall("Signal.Logarithms").In(0).Out(0).Number(context.Input(0).Shape.Elements, Scale, Correction);
    }

    [TfLiteOperator("SignalFilterBankLog", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node)
    {
        var options = new FlexMap(node.CustomOptions.Span);
        node.Emit(new SignalFilterBankLog(options.Int32("output_scale"), options.Int32("input_correction_bits")), node.Input(0));
    }
}
