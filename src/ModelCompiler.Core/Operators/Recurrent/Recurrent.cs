using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// A recurrent layer (RNN, GRU or LSTM) as ONNX defines it, time first. Inputs: x [time, batch, inputs], W, R, optional biases, lengths (int32),
/// first h and, of an LSTM, first c and peepholes. Outputs: y [time, directions, batch, units], last h, last c.
/// </summary>
/// <param name="Kind">Simple, Gru or Lstm.</param>
/// <param name="Reverse">Bit d is set when direction d runs backwards.</param>
/// <param name="Directions">Number of directions.</param>
/// <param name="Activations">Code, alpha and beta of every activation of every direction.</param>
/// <param name="Clip">Limit of sums before activations; 0 for none.</param>
/// <param name="Option">GRU: linear before reset. LSTM: input and forget gates are coupled.</param>
internal sealed record Recurrent(string Kind, int Reverse, int Directions, EquatableArray<float> Activations, float Clip, bool Option) : Operator
{
    private int Gates => Kind switch { "Simple" => 1, "Gru" => 3, _ => 4 };

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        (Value x, Value w, Value r) = (context[0], context[1], context[2]);
        int units = r.Shape.Rank == 3 ? r.Shape[2] : 0;
        InferenceContext.Require(
            x.Shape.Rank == 3 && units > 0 && w.Shape == new Shape(Directions, Gates * units, x.Shape[2])
            && r.Shape == new Shape(Directions, Gates * units, units),
            $"Weights of shapes {w.Shape} and {r.Shape} do not belong to sequences of shape {x.Shape}.");
        InferenceContext.Require(x.Type == ElementType.Float32 && w.Type == x.Type && r.Type == x.Type, $"There is no recurrent layer of {x.Type}.");
        InferenceContext.Require(context.Optional(3) is not { } bias || bias.Shape == new Shape(Directions, 2 * Gates * units),
            "The biases do not belong to the weights.");
        InferenceContext.Require(context.Optional(4) is not { } lengths || (lengths.Type == ElementType.Int32 && lengths.Shape == new Shape(x.Shape[1])),
            "There is not one length per sequence.");
        var state = new Shape(Directions, x.Shape[1], units);
        InferenceContext.Require(new[] { 5, 6 }.All(i => context.Optional(i) is not { } first || first.Shape == state),
            "The first states do not belong to the weights.");
        InferenceContext.Require(context.Optional(7) is not { } peepholes || peepholes.Shape == new Shape(Directions, 3 * units),
            "The peepholes do not belong to the weights.");
        TensorType[] types = [new(x.Type, new Shape(x.Shape[0], Directions, x.Shape[1], units)), new(x.Type, state), new(x.Type, state)];
        return types[..(Kind == "Lstm" ? 3 : 2)];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Shape x = context.Input(0).Shape;
        int units = context.Input(2).Shape[2];
        LibraryCall call = new LibraryCall($"Recurrent.{Kind}").In(0, 1, 2).InOrNull(context, 3).InOrNull(context, 4).InOrNull(context, 5);
        call = Kind == "Lstm" ? call.InOrNull(context, 6).InOrNull(context, 7).Out(0, 1, 2) : call.Out(0, 1);
        call = call.Scratch(ElementType.Float32, 4 * units).FloatTable("Activations", Activations).Number(x[0], x[1], x[2], units, Directions, Reverse, Clip)
            .Costs((long)x[0] * x[1] * Directions * Gates * units * (x[2] + units));
        return Kind == "Simple" ? call : call.Number(Option);
    }
}
