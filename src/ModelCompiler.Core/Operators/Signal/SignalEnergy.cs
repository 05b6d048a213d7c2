using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Squared magnitudes of complex int16 numbers [2 n] as uint32 [n]; zero outside a range.</summary>
/// <param name="Start">First number computed.</param>
/// <param name="End">First number not computed any more.</param>
internal sealed record SignalEnergy(int Start, int End) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.Int16);
        InferenceContext.Require(context[0].Shape.Rank == 1 && context[0].Shape[0] % 2 == 0,
            $"A spectrum of shape {context[0].Shape} does not consist of complex numbers.");
        return [new TensorType(ElementType.UInt32, new Shape(context[0].Shape[0] / 2))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        return new LibraryCall("Signal.Energy").In(0).Out(0).Number(Start, End, context.Output(0).Shape.Elements);
    }

    [TfLiteOperator("SignalEnergy", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node)
    {
        var options = new FlexMap(node.CustomOptions.Span);
        node.Emit(new SignalEnergy(options.Int32("start_index"), options.Int32("end_index")), node.Input(0));
    }
}
