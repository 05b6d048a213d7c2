using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Per-channel amplitude normalisation of uint32 channels. Inputs: channels, estimated noise, table of gains [125].</summary>
/// <param name="Shift">Bits by which products are shifted right.</param>
internal sealed record SignalPcan(int Shift) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.UInt32, ElementType.UInt32, ElementType.Int16);
        InferenceContext.Require(context[0].Shape.Elements == context[1].Shape.Elements && context[2].Shape.Elements >= 125 && Shift is >= 0 and < 64,
            "Channels, noise and gains do not belong together.");
        return [context[0].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        return new LibraryCall("Signal.NormaliseGain").In(0, 1, 2).Out(0).Number(context.Input(0).Shape.Elements, Shift);
    }

    [TfLiteOperator("SignalPCAN", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node) => node.Emit(new SignalPcan(new FlexMap(node.CustomOptions.Span).Int32("snr_shift")), node.Input(0),
        node.Input(1), node.Input(2));
}
