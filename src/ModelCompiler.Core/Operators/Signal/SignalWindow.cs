using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Frames of int16 samples [.., n] times a window [n], shifted right and saturated.</summary>
/// <param name="Shift">Bits by which products are shifted right.</param>
internal sealed record SignalWindow(int Shift) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.Int16, ElementType.Int16);
        InferenceContext.Require(context[0].Shape.Rank > 0 && context[1].Shape.Elements == context[0].Shape[-1] && Shift is >= 0 and < 32,
            $"A window of shape {context[1].Shape} does not fit frames of shape {context[0].Shape}.");
        return [context[0].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        int length = context.Input(1).Shape.Elements;
        return new LibraryCall("Signal.Window").In(0, 1).Out(0).Number(context.Input(0).Shape.Elements / length, length, Shift);
    }

    [TfLiteOperator("SignalWindow", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node) => node.Emit(new SignalWindow(new FlexMap(node.CustomOptions.Span).Int32("shift")), node.Input(0),
        node.Input(1));
}
