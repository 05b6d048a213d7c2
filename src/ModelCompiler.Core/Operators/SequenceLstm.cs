using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Quantization;
using static ModelCompiler.Core.Operators.RoutineArgument;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Long short-term memory over a sequence. Inputs: frames [N, T, inputs] (or [T, N, inputs]); input weights of the gates input, forget, cell, output
/// [units, inputs] each; recurrent weights [units, units] each; biases [units] each; hidden state and cell state [N, units].
/// Outputs: the hidden state after every frame [N, T, units], hidden state and cell state for the next run.
/// Integers (int8 or int16 frames, int8 weights, int16 cells) are computed as in TFLite Micro in both modes.
/// </summary>
/// <param name="TimeMajor">True when the first dimension counts frames.</param>
/// <param name="CellClip">Largest size of a cell; 0 for no limit.</param>
public sealed record SequenceLstm(bool TimeMajor, float CellClip) : RoutineOperator
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
                context[Weights + gate].Shape == new Shape(units, inputs) && context[Recurrent + gate].Shape == new Shape(units, units) && context[Biases + gate].Shape.Elements == units,
                $"Weights of shapes {context[Weights + gate].Shape} and {context[Recurrent + gate].Shape} do not fit frames of {inputs} and {units} units.");
        }

        InferenceContext.Require(context[Hidden].Shape.Elements == batch * units && context[Cell].Shape.Elements == batch * units, "The states do not have one entry per sequence and unit.");
        return [new TensorType(input.Type, input.Shape.With(2, units)), context[Hidden].TensorType, context[Cell].TensorType];
    }

    private protected override IEnumerable<RoutineCall> Calls(INodeValues node)
    {
        Value input = node.InputValue(0);
        int units = node.InputValue(Weights).Shape[0];
        (int steps, int batch, int inputs) = (input.Shape[TimeMajor ? 0 : 1], input.Shape[TimeMajor ? 1 : 0], input.Shape[2]);
        (Value hidden, Value cell, ElementType weights) = (node.InputValue(Hidden), node.InputValue(Cell), node.InputValue(Weights).Type);
        RoutineArgument[] sizes = [steps, batch, inputs, units, TimeMajor];
        List<RoutineArgument> arguments;
        string routine;
        switch (input.Type, weights, hidden.Type, cell.Type)
        {
            case (ElementType.Float32, ElementType.Float32, ElementType.Float32, ElementType.Float32):
                routine = nameof(Routine.LstmFloat);
                int padded = (((4 * units) + 7) / 8) * 8;
                arguments = [In(0), Packed(node, Weights, inputs), Packed(node, Recurrent, units), Padded(node, padded), .. States(), Scratch(ElementType.Float32, padded), .. sizes, CellClip];
                break;
            case (ElementType.Int8 or ElementType.Int16, ElementType.Int8, ElementType.Int8 or ElementType.Int16, ElementType.Int16) when hidden.Type == input.Type:
                routine = input.Type == ElementType.Int8 ? nameof(Routine.LstmInt8) : nameof(Routine.LstmInt16);
                int clip = CellClip > 0 ? (int)Math.Min(CellClip / (double)cell.Q.Scale, short.MaxValue) : 0;
                RoutineArgument bias = input.Type == ElementType.Int8
                    ? Table("Bias", Gates(node, Biases).SelectMany(b => b.ToInt32s()))
                    : Table("Bias", ElementType.Int64, Gates(node, Biases).SelectMany(b => Enumerable.Range(0, b.Count).Select(b.ToDouble)));
                arguments =
                [
                    In(0), Joined(node, Weights), Joined(node, Recurrent), bias, .. States(), Scratch(ElementType.Int16, 4 * units), Table("Factor", Factors(node)), .. sizes,
                    .. input.Type == ElementType.Int8 ? new RoutineArgument[] { input.Q.ZeroPoint } : [], hidden.Q.ZeroPoint, (int)Math.Round(Math.Log2(cell.Q.Scale)), clip,
                ];
                break;
            default:
                throw node.Unsupported("An LSTM");
        }

        yield return new RoutineCall(routine, arguments) { InPlace = [(1, Hidden), (2, Cell)], Macs = 4L * steps * batch * units * (inputs + units) };
    }

    private static RoutineArgument[] States() => [In(Hidden), In(Cell), Out(0), Out(1), Out(2)];

    private static IEnumerable<TensorData> Gates(INodeValues node, int first) => Enumerable.Range(first, 4).Select(i => node.Constant(i, "weights of an LSTM"));

    private static RoutineArgument Joined(INodeValues node, int first)
    {
        TensorData[] gates = [.. Gates(node, first)];
        return RoutineArgument.Weights(new TensorData(gates[0].Type, gates[0].Shape.With(0, 4 * gates[0].Shape[0]), [.. gates.SelectMany(g => g.Bytes)]));
    }

    private static RoutineArgument Packed(INodeValues node, int first, int inputs)
    {
        float[] rows = [.. Gates(node, first).SelectMany(g => g.ToFloats())];
        byte[] bytes = ConvFloat32.Pack(rows, 1, rows.Length / inputs, inputs);
        return RoutineArgument.Weights(new TensorData(ElementType.Float32, new Shape(bytes.Length / sizeof(float)), bytes));
    }

    private static RoutineArgument Padded(INodeValues node, int length)
    {
        float[] bias = [.. Gates(node, Biases).SelectMany(b => b.ToFloats())];
        return Table("Bias", ElementType.Float32, bias.Concat(new float[length - bias.Length]).Select(b => (double)b));
    }

    // The reference multiplies the first two in float. Per gate: input × weight ÷ 2^-12 and hidden × recurrent weight ÷ 2^-12; then forget · cell, input · candidate, and tanh · output gate, all of 15 fractional bits.
    private static List<int> Factors(INodeValues node)
    {
        const double GateScale = 1.0 / 4096, ActivatedScale = 1.0 / 32768;
        (float input, float hidden, double cell) = (node.InputValue(0).Q.Scale, node.InputValue(Hidden).Q.Scale, node.InputValue(Cell).Q.Scale);
        var factors = new List<double>();
        for (int gate = 0; gate < 4; gate++)
        {
            factors.Add(input * node.InputValue(Weights + gate).Q.Scale / GateScale);
            factors.Add(hidden * node.InputValue(Recurrent + gate).Q.Scale / GateScale);
        }

        factors.AddRange([ActivatedScale * cell / cell, ActivatedScale * ActivatedScale / cell, ActivatedScale * ActivatedScale / hidden]);
        return [.. factors.SelectMany(f => Requantization.QuantizeMultiplier(f) is var (multiplier, shift) ? new[] { multiplier, shift } : [])];
    }

    // TFLite: options are fused_activation, cell_clip, proj_clip, time_major. Inputs 9–11 are peepholes, 16–17 a projection, 20–23 layer norms; 18 and 19 the states.
    [TfLiteOperator(TfLiteBuiltinOperator.UnidirectionalSequenceLstm)]
    internal static void FromTfLite(TfLiteNode node)
    {
        if (node.Options.Int8(0) != 4) throw node.Unsupported("An LSTM with an activation other than tanh is not supported.", "Use tanh, as Keras does by default.");
        int[] absent = [9, 10, 11, 16, 17, 20, 21, 22, 23];
        if (absent.Any(i => node.Input(i) >= 0) || node.Input(1) < 0) throw node.Unsupported("Peepholes, projections, layer norms and coupled gates of an LSTM are not supported.", "Use a plain LSTM.");
        int[] inputs = [node.Input(0), .. Enumerable.Range(1, 8).Select(node.FloatIfHybrid), .. Enumerable.Range(12, 4).Select(node.Input), node.Input(18), node.Input(19)];
        node.EmitStateful(new SequenceLstm(node.Options.Bool(3), node.Options.Float(1)), [18, 19], inputs);
    }
}
