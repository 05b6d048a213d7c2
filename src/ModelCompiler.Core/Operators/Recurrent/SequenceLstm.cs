using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Long short-term memory over a sequence. Inputs: frames [N, T, inputs] (or [T, N, inputs]); input weights of the gates input, forget, cell, output
/// [units, inputs] each; recurrent weights [units, units] each; biases [units] each; hidden state and cell state [N, units].
/// Outputs: the hidden state after every frame [N, T, units], hidden state and cell state for the next run.
/// Integers (int8 or int16 frames, int8 weights, int16 cells) are computed as in TFLite Micro in both modes.
/// </summary>
/// <param name="TimeMajor">True when the first dimension counts frames.</param>
/// <param name="CellClip">Largest size of a cell; 0 for no limit.</param>
internal sealed record SequenceLstm(bool TimeMajor, float CellClip) : Operator
{
    private const int Weights = 1, Recurrent = 5, Biases = 9, Hidden = 13, Cell = 14;

    /// <inheritdoc/>
    public override IReadOnlyList<TensorType> Infer(InferenceContext context)
    {
        Value input = context[0];
        InferenceContext.Require(input.Shape.Rank == 3, $"An LSTM takes sequences of rank 3, not {input.Shape}.");
        (int batch, int inputs, int units) = (input.Shape[TimeMajor ? 1 : 0], input.Shape[2], context[Weights].Shape[0]);
        for (int gate = 0; gate < 4; gate++)
        {
            InferenceContext.Require(
                context[Weights + gate].Shape == new Shape(units, inputs) && context[Recurrent + gate].Shape == new Shape(units, units)
                && context[Biases + gate].Shape.Elements == units,
                $"Weights of shapes {context[Weights + gate].Shape} and {context[Recurrent + gate].Shape} do not fit frames of {inputs} and {units} units.");
        }

        InferenceContext.Require(context[Hidden].Shape.Elements == batch * units && context[Cell].Shape.Elements == batch * units,
            "The states do not have one entry per sequence and unit.");
        return [new TensorType(input.Type, input.Shape.With(2, units)), context[Hidden].TensorType, context[Cell].TensorType];
    }

    /// <inheritdoc/>
    public override LibraryCall Choose(ChoiceContext context)
    {
        Value input = context.Input(0);
        int units = context.Input(Weights).Shape[0];
        (int steps, int batch, int inputs) = (input.Shape[TimeMajor ? 0 : 1], input.Shape[TimeMajor ? 1 : 0], input.Shape[2]);
        (Value hidden, Value cell, ElementType weights) = (context.Input(Hidden), context.Input(Cell), context.Input(Weights).Type);
        bool isFloat = input.Type == ElementType.Float32;
        string routine = (input.Type, weights, hidden.Type, cell.Type) switch
        {
            (ElementType.Float32, ElementType.Float32, ElementType.Float32, ElementType.Float32) => "Routine.LstmFloat",
            (ElementType.Int8, ElementType.Int8, ElementType.Int8, ElementType.Int16) => "Routine.LstmInt8",
            (ElementType.Int16, ElementType.Int8, ElementType.Int16, ElementType.Int16) => "Routine.LstmInt16",
            _ => throw context.Unsupported("An LSTM"),
        };
        int gates = isFloat ? (((4 * units) + 7) / 8) * 8 : 4 * units;
        LibraryCall call = new LibraryCall(routine).In(0)
            .Weights(isFloat ? Packed(context, Weights, inputs) : Joined(context, Weights))
            .Weights(isFloat ? Packed(context, Recurrent, units) : Joined(context, Recurrent))
            .Weights(Bias(context, gates, input.Type switch { ElementType.Float32 => ElementType.Float32, ElementType.Int8 => ElementType.Int32,
                _ => ElementType.Int64 }))
            .In(Hidden, Cell).Out(0, 1, 2).Scratch(isFloat ? ElementType.Float32 : ElementType.Int16, gates)
            .InPlace((1, Hidden), (2, Cell)).Costs(4L * steps * batch * units * (inputs + units)).Number(steps, batch, inputs, units, TimeMajor);
        if (isFloat) return call.Number(CellClip);
        int clip = CellClip > 0 ? (int)Math.Min(CellClip / (double)cell.Q.Scale, short.MaxValue) : 0;
        call.Table("Factor", Factors(context));
        if (input.Type == ElementType.Int8) call.Number(input.Q.ZeroPoint);
        return call.Number(hidden.Q.ZeroPoint, (int)Math.Round(Math.Log2(cell.Q.Scale)), clip);
    }

    private static IEnumerable<TensorData> Gates(ChoiceContext context, int first) =>
        Enumerable.Range(first, 4).Select(i => context.Constant(i, "weights of an LSTM"));

    private static TensorData Joined(ChoiceContext context, int first)
    {
        TensorData[] gates = [.. Gates(context, first)];
        return new TensorData(gates[0].Type, gates[0].Shape.With(0, 4 * gates[0].Shape[0]), [.. gates.SelectMany(g => g.Bytes)]);
    }

    private static TensorData Packed(ChoiceContext context, int first, int inputs)
    {
        float[] rows = [.. Gates(context, first).SelectMany(g => g.ToFloats())];
        byte[] bytes = ConvFloat32.Pack(rows, 1, rows.Length / inputs, inputs);
        return new TensorData(ElementType.Float32, new Shape(bytes.Length / sizeof(float)), bytes);
    }

    private static TensorData Bias(ChoiceContext context, int length, ElementType type)
    {
        double[] values = [.. Gates(context, Biases).SelectMany(b => Enumerable.Range(0, b.Count).Select(b.ToDouble))];
        var bias = new TensorData(type, new Shape(length));
        for (int i = 0; i < values.Length; i++) bias.Set(i, values[i]);
        return bias;
    }

    // The reference multiplies the first two in float. Per gate: input × weight ÷ 2^-12 and hidden × recurrent weight ÷ 2^-12; then forget · cell, input ·
    // candidate, and tanh · output gate, all of 15 fractional bits.
    private static List<int> Factors(ChoiceContext context)
    {
        const double GateScale = 1.0 / 4096, ActivatedScale = 1.0 / 32768;
        (float input, float hidden, double cell) = (context.Input(0).Q.Scale, context.Input(Hidden).Q.Scale, context.Input(Cell).Q.Scale);
        var factors = new List<double>();
        for (int gate = 0; gate < 4; gate++)
        {
            factors.Add(input * context.Input(Weights + gate).Q.Scale / GateScale);
            factors.Add(hidden * context.Input(Recurrent + gate).Q.Scale / GateScale);
        }

        factors.AddRange([ActivatedScale * cell / cell, ActivatedScale * ActivatedScale / cell, ActivatedScale * ActivatedScale / hidden]);
        return [.. factors.SelectMany(f => Requantization.QuantizeMultiplier(f) is var (multiplier, shift) ? new[] { multiplier, shift } : [])];
    }

    // TFLite: options are fused_activation, cell_clip, proj_clip, time_major. Inputs 9–11 are peepholes, 16–17 a projection, 20–23 layer norms;
    // 18 and 19 the states.
    [TfLiteOperator(TfLiteBuiltinOperator.UnidirectionalSequenceLstm, Integers = IntegerSupport.EightAndSixteen)]
    internal static void FromTfLite(TfLiteNode node)
    {
        if (node.Options.Int8(0) != 4)
            throw node.Unsupported("An LSTM with an activation other than tanh is not supported.", "Use tanh, as Keras does by default.");
        int[] absent = [9, 10, 11, 16, 17, 20, 21, 22, 23];
        if (absent.Any(i => node.Input(i) >= 0) || node.Input(1) < 0)
            throw node.Unsupported("Peepholes, projections, layer norms and coupled gates of an LSTM are not supported.", "Use a plain LSTM.");
        int[] inputs = [node.Input(0), .. Enumerable.Range(1, 8).Select(node.FloatIfHybrid), .. Enumerable.Range(12, 4).Select(node.Input), node.Input(18),
            node.Input(19)];
        node.EmitStateful(new SequenceLstm(node.Options.Bool(3), node.Options.Float(1)), [18, 19], inputs);
    }
}
