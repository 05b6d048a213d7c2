using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Energies of frequencies, uint32, to energies of channels, uint64, by overlapping triangles. Inputs: energies, weights, their complements, and per
/// channel (and one before the first) the first frequency, the first weight and the number of frequencies.</summary>
/// <param name="Channels">Number of channels.</param>
internal sealed record SignalFilterBank(int Channels) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.UInt32, ElementType.Int16, ElementType.Int16, ElementType.Int16, ElementType.Int16, ElementType.Int16);
        InferenceContext.Require(Channels > 0 && Enumerable.Range(3, 3).All(i => context[i].Shape.Elements == Channels + 1),
            $"The tables of a filter bank do not belong to {Channels} channels.");
        if (Enumerable.Range(1, 5).All(i => context[i].Constant is not null))
        {
            (TensorData frequencies, TensorData starts, TensorData widths) = (context[3].Constant!, context[4].Constant!, context[5].Constant!);
            bool inside = Enumerable.Range(0, Channels + 1).All(c => widths.ToInt32(c) <= 0 || (
                frequencies.ToInt32(c) >= 0 && frequencies.ToInt32(c) + widths.ToInt32(c) <= context[0].Shape.Elements
                && starts.ToInt32(c) >= 0 && starts.ToInt32(c) + widths.ToInt32(c) <= Math.Min(context[1].Shape.Elements, context[2].Shape.Elements)));
            InferenceContext.Require(inside, "A channel of the filter bank reaches beyond the frequencies or the weights.");
        }

        return [new TensorType(ElementType.UInt64, new Shape(Channels))];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        for (int i = 1; i < 6; i++) context.Constant(i, "tables of a filter bank");
        return new LibraryCall("Signal.FilterBank").In(0, 1, 2, 3, 4, 5).Out(0).Number(Channels);
    }

    [TfLiteOperator("SignalFilterBank", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node) =>
        node.Emit(new SignalFilterBank(new FlexMap(node.CustomOptions.Span).Int32("num_channels")), [.. Enumerable.Range(0, 6).Select(i => node.Value(i).Id)]);
}
