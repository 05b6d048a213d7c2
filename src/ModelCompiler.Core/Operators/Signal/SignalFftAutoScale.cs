using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Samples shifted left as far as they fit int16; the second output tells by how many bits.</summary>
internal sealed record SignalFftAutoScale() : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.Int16);
        return [context[0].TensorType, new TensorType(ElementType.Int32, new Shape())];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        return new LibraryCall("Signal.AutoScale").In(0).Out(0, 1).Number(context.Input(0).Shape.Elements);
    }

    [TfLiteOperator("SignalFftAutoScale", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node) => node.EmitWithState(new SignalFftAutoScale(), [], node.Input(0));
}
