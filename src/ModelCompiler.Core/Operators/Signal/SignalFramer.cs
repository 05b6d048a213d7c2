using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Overlapping frames of int16 samples [.., n]. Inputs: samples, samples not used up and their number. Outputs: frames [.., n ÷ step, size],
/// whether all are full, and what is not used up.</summary>
/// <param name="Size">Samples of a frame.</param>
/// <param name="Step">Samples, or frames, from one output to the next.</param>
internal sealed record SignalFramer(int Size, int Step) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.Int16, ElementType.Int16, ElementType.Int32);
        Shape shape = context[0].Shape;
        InferenceContext.Require(Step > 0 && Size >= Step && shape.Rank > 0 && shape[-1] % Step == 0 && shape[-1] > 0,
            $"Frames of {Size} at steps of {Step} do not fit samples of shape {shape}.");
        return [new TensorType(ElementType.Int16, new Shape([.. shape.Take(shape.Rank - 1), shape[-1] / Step, Size])),
            new TensorType(ElementType.Bool, new Shape()), context[1].TensorType, context[2].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape shape = context.Input(0).Shape;
        return new LibraryCall("Signal.Frame").In(0, 1, 2).Out(0, 1, 2, 3).InPlace((2, 1), (3, 2))
            .Number(shape.Elements / shape[-1], shape[-1] / Step, Size, Step, context.Input(1).Shape[-1]);
    }

    [TfLiteOperator("SignalFramer", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node)
    {
        var options = new FlexMap(node.CustomOptions.Span);
        (int size, int step) = (options.Int32("frame_size"), options.Int32("frame_step"));
        Shape shape = node.Value(0).Shape;
        if (step < 1 || size < step || shape.Rank == 0 || shape[-1] == 0)
            throw node.Malformed($"Frames of {size} at steps of {step} do not fit samples of shape {shape}.");

        // With a prefill, the sequence begins with zeros, so that the first frame is full at once.
        int sequences = shape.Elements / shape[-1];
        TensorData counts = TensorData.Initial(ElementType.Int32, new Shape(sequences));
        if (options.Int32("prefill") != 0) counts.As<int>().Fill(size - step);
        node.EmitWithState(new SignalFramer(size, step), [TensorData.Initial(ElementType.Int16, new Shape(sequences, (size + step - 1) / step * step)),
            counts], node.Input(0));
    }
}
