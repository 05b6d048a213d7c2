using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Sequences of int16 samples [.., n] delayed. Inputs: samples, the samples before. Outputs: delayed samples, the samples for the next run.</summary>
/// <param name="Length">Samples of delay.</param>
internal sealed record SignalDelay(int Length) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.Int16, ElementType.Int16);
        InferenceContext.Require(context[0].Shape.Rank > 0 && Length >= 0, "A delay needs samples.");
        return [context[0].TensorType, context[1].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Signal.Delay").In(0, 1).Out(0, 1).Scratch(ElementType.Int16, Length + shape[-1]).InPlace((1, 1))
            .Number(shape.Elements / shape[-1], shape[-1], Length);
    }

    [TfLiteOperator("SignalDelay", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node)
    {
        int length = new FlexMap(node.CustomOptions.Span).Int32("delay_length");
        Shape shape = node.Value(0).Shape;
        if (length < 0 || shape.Rank == 0 || shape[-1] == 0) throw node.Malformed("The length of the delay, or of the samples, is not positive.");
        node.EmitWithState(new SignalDelay(length), [TensorData.Initial(ElementType.Int16, new Shape(shape.Elements / shape[-1], length))], node.Input(0));
    }
}
