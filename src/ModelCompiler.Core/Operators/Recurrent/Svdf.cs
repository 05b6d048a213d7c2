using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Singular value decomposition filter: every filter turns a frame into a feature, remembers the last features and weighs them; neighbouring filters are
/// summed to a unit. Inputs: frame [N, inputs]; feature weights [filters, inputs]; time weights [filters, memory]; optional bias [units];
/// memory [N, filters · memory]. Outputs: units [N, filters ÷ rank] and the memory for the next frame. Integers are computed as in TFLite Micro in both modes.
/// </summary>
/// <param name="Rank">Filters of a unit.</param>
/// <param name="Activation">Fused activation.</param>
internal sealed record Svdf(int Rank, ActivationRange Activation) : Operator
{
    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value input, Value features, Value time, Value state) = (context[0], context[1], context[2], context[4]);
        InferenceContext.Require(input.Shape.Rank == 2 && features.Shape.Rank == 2 && time.Shape.Rank == 2, "An SVDF takes frames and weights of rank 2.");
        int filters = features.Shape[0];
        InferenceContext.Require(Rank > 0 && filters % Rank == 0, $"{filters} filters do not divide into units of {Rank}.");
        InferenceContext.Require(features.Shape[1] == input.Shape[1] && time.Shape[0] == filters && time.Shape[1] > 0,
            $"Weights of shapes {features.Shape} and {time.Shape} do not fit frames of shape {input.Shape}.");
        InferenceContext.Require(state.Shape.Elements == input.Shape[0] * filters * time.Shape[1],
            $"A memory of shape {state.Shape} does not fit {filters} filters over {time.Shape[1]} frames.");
        InferenceContext.Require(context.Optional(3) is not { } bias || bias.Shape.Elements == filters / Rank, "The bias does not have one entry per unit.");
        return [new TensorType(input.Type, new Shape(input.Shape[0], filters / Rank)), state.TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        (Value input, Value features, Value time, Value state, Value output) =
            (context.Input(0), context.Input(1), context.Input(2), context.Input(4), context.Output(0));
        (int batch, int inputs, int filters, int memory) = (input.Shape[0], input.Shape[1], features.Shape[0], time.Shape[1]);
        string routine = (input.Type, features.Type, time.Type, state.Type, output.Type) switch
        {
            (ElementType.Float32, ElementType.Float32, ElementType.Float32, ElementType.Float32, ElementType.Float32) => "Routine.SvdfFloat",
            (ElementType.Int8, ElementType.Int8, ElementType.Int8, ElementType.Int8, ElementType.Int8) => "Routine.SvdfInt8",
            (ElementType.Int8, ElementType.Int8, ElementType.Int16, ElementType.Int16, ElementType.Int8) => "Routine.SvdfInt16",
            _ => throw context.Unsupported("An SVDF"),
        };
        LibraryCall call = new LibraryCall(routine).In(0, 1, 2).InOrNull(context, 3).In(4).Out(0, 1).Number(batch, inputs, filters, memory, Rank)
            .InPlace((1, 4)).Costs((long)batch * filters * (inputs + memory));
        if (input.Type == ElementType.Float32) return call.Number(Activation.Min, Activation.Max);

        // The reference computes these factors in float.
        (int featureMultiplier, int featureShift) = Requantization.QuantizeMultiplier(input.Q.Scale * features.Q.Scale / state.Q.Scale);
        (int timeMultiplier, int timeShift) = Requantization.QuantizeMultiplier(state.Q.Scale * time.Q.Scale / output.Q.Scale);
        return call.Number(input.Q.ZeroPoint, state.Q.ZeroPoint, output.Q.ZeroPoint, featureMultiplier, featureShift, timeMultiplier, timeShift,
            output.Type.MinValue(), output.Type.MaxValue());
    }

    // TFLite: options are rank, fused_activation. The reference ignores the activation of the integer form: it saturates.
    [TfLiteOperator(TfLiteBuiltinOperator.Svdf, Integers = IntegerSupport.Eight)]
    internal static void FromTfLite(TfLiteNode node)
    {
        int features = node.FloatIfHybrid(1);
        int time = node.FloatIfHybrid(2);
        node.EmitStateful(new Svdf(node.Options.Int32(0), node.Activation(1)), [4], node.Input(0), features, time, node.Input(3), node.Input(4));
    }
}
