using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Overlapping frames [.., frames, size] of int16 or float samples added up. Inputs: frames, sums that are not complete. Outputs: samples [..,
/// frames · step], the sums for the next run.</summary>
/// <param name="Step">Samples, or frames, from one output to the next.</param>
internal sealed record SignalOverlapAdd(int Step) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Shape shape = context[0].Shape;
        SignalTypes.Require(context, context[0].Type == ElementType.Float32 ? ElementType.Float32 : ElementType.Int16, context[0].Type);
        InferenceContext.Require(shape.Rank >= 2 && Step > 0 && Step <= shape[-1], $"Frames of shape {shape} do not overlap at steps of {Step}.");
        return [new TensorType(context[0].Type, new Shape([.. shape.Take(shape.Rank - 2), shape[-2] * Step])), context[1].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        string routine = context.Input(0).Type == ElementType.Float32 ? "Signal.OverlapAddFloat" : "Signal.OverlapAddInt16";
        return new LibraryCall(routine).In(0, 1).Out(0, 1).InPlace((1, 1)).Number(shape.Elements / (shape[-1] * shape[-2]), shape[-2], shape[-1], Step);
    }

    [TfLiteOperator("SignalOverlapAdd", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node)
    {
        Shape shape = node.Value(0).Shape;
        if (shape.Rank < 2 || shape.Elements == 0) throw node.Malformed($"An input of shape {shape} does not consist of frames.");
        TensorData sums = TensorData.Initial(node.Value(0).Type, new Shape(shape.Elements / (shape[-1] * shape[-2]), shape[-1]));
        node.EmitWithState(new SignalOverlapAdd(new FlexMap(node.CustomOptions.Span).Int32("frame_step")), [sums], node.Input(0));
    }
}
