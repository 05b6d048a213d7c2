using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Channels, uint32, less their estimated noise. Inputs: channels, estimate. Outputs: channels without noise, the new estimate,
/// and again for the next run.</summary>
/// <param name="Smoothing">Share of the new frame in the estimate of even channels.</param>
/// <param name="Keeping">Share of the estimate before, in even channels.</param>
/// <param name="OddSmoothing">Share of the new frame, in odd channels.</param>
/// <param name="OddKeeping">Share of the estimate before, in odd channels.</param>
/// <param name="SmoothingBits">Further fractional bits of the estimate.</param>
/// <param name="Bits">Fractional bits of the shares.</param>
/// <param name="Floor">Share of a channel that remains at least.</param>
/// <param name="Clamp">True to keep the estimate from exceeding the channel.</param>
internal sealed record SignalSpectralSubtraction(int Smoothing, int Keeping, int OddSmoothing, int OddKeeping, int SmoothingBits, int Bits, int Floor,
    bool Clamp) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.UInt32, ElementType.UInt32);
        InferenceContext.Require(context[0].Shape.Elements == context[1].Shape.Elements && SmoothingBits is >= 0 and < 32 && Bits is >= 0 and < 32,
            "The noise does not have one entry per channel.");
        return [context[0].TensorType, context[0].TensorType, context[1].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        return new LibraryCall("Signal.SubtractNoise").In(0, 1).Out(0, 1, 2).InPlace((2, 1))
            .Number(context.Input(0).Shape.Elements, Smoothing, Keeping, OddSmoothing, OddKeeping, SmoothingBits, Bits, Floor, Clamp);
    }

    [TfLiteOperator("SignalFilterBankSpectralSubtraction", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node)
    {
        var o = new FlexMap(node.CustomOptions.Span);
        var op = new SignalSpectralSubtraction(
            o.Int32("smoothing"), o.Int32("one_minus_smoothing"), o.Int32("alternate_smoothing"), o.Int32("alternate_one_minus_smoothing"),
            o.Int32("smoothing_bits"),
            o.Int32("spectral_subtraction_bits"), o.Int32("min_signal_remaining"), o.Int32("clamping") != 0);
        node.EmitWithState(op, [TensorData.Initial(ElementType.UInt32, node.Value(0).Shape)], node.Input(0));
    }
}
