using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Rounded square roots of uint64 numbers as uint32, shifted right by the second input.</summary>
internal sealed record SignalFilterBankSquareRoot() : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.UInt64, ElementType.Int32);
        InferenceContext.Require(context[1].Shape.Elements == 1, "The number of bits is not a single number.");
        return [new TensorType(ElementType.UInt32, context[0].Shape)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        return new LibraryCall("Signal.SquareRoots").In(0, 1).Out(0).Number(context.Input(0).Shape.Elements);
    }

    [TfLiteOperator("SignalFilterBankSquareRoot", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node) => node.Emit(new SignalFilterBankSquareRoot(), node.Input(0), node.Input(1));
}
