using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;

namespace ModelCompiler.Core.Operators;

/// <summary>Several int16 frames [n] side by side. Inputs: a frame, frames not used up and their samples. Outputs: the frames, whether there are enough,
/// and what is not used up.</summary>
/// <param name="Left">Frames before.</param>
/// <param name="Right">Frames after.</param>
/// <param name="Step">Samples, or frames, from one output to the next.</param>
internal sealed record SignalStacker(int Left, int Right, int Step) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        SignalTypes.Require(context, ElementType.Int16, ElementType.Int16, ElementType.Int32);
        InferenceContext.Require(Left >= 0 && Right >= 0 && Step > 0 && context[1].Shape.Elements == context[0].Shape.Elements * (Left + Right + 1),
            "The frames do not fit the memory.");
        return [new TensorType(ElementType.Int16, new Shape(context[1].Shape.Elements)), new TensorType(ElementType.Bool, new Shape()), context[1].TensorType,
            context[2].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        return new LibraryCall("Signal.Stack").In(0, 1, 2).Out(0, 1, 2, 3).InPlace((2, 1), (3, 2)).Number(context.Input(0).Shape.Elements, Left, Right, Step);
    }

    [TfLiteOperator("SignalStacker", Integers = IntegerSupport.Fixed)]
    internal static void FromTfLite(TfLiteNode node)
    {
        var options = new FlexMap(node.CustomOptions.Span);
        (int channels, int left, int right) = (options.Int32("num_channels"), options.Int32("stacker_left_context"), options.Int32("stacker_right_context"));
        if (channels != node.Value(0).Shape.Elements || left < 0 || right < 0 || (long)channels * ((long)left + right + 1) > int.MaxValue)
            throw node.Malformed($"Frames of {channels} do not fit an input of shape {node.Value(0).Shape}.");
        var none = TensorData.Of(new Shape(1), [-1]);
        node.EmitWithState(new SignalStacker(left, right, options.Int32("stacker_step")),
            [TensorData.Initial(ElementType.Int16, new Shape(channels * (left + right + 1))), none], node.Input(0));
    }
}
