using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Cases of the operators that only TFLite has: int16 activations, recurrent layers and state, the signal library.</summary>
internal static class TfLiteCases
{
    private const float Gate = 1f / 4096;

    public static readonly Dictionary<string, Func<CaseBuilder, ModelGraph>> All = new()
    {
        ["conv int16"] = b => Layer16(b, new Conv(2, 1, 1, 2, 1, 2, 1, 2, 1, ActivationRange.Relu), [2, 7, 9, 5], [6, 3, 3, 5], wide: true),
        ["conv without bias int16"] = b => Layer16(b, new Conv(1, 1, 1, 1, 0, 0, 0, 0, 2, ActivationRange.None), [1, 6, 5, 4], [6, 2, 3, 2], wide: null),
        ["conv with narrow bias int16"] = b => Layer16(b, new Conv(1, 1, 1, 1, 0, 0, 0, 0, 1, ActivationRange.None), [1, 6, 5, 40], [6, 2, 3, 40], wide: false),
        ["depthwise int16"] = b => Layer16(b, new Conv(1, 1, 1, 1, 1, 1, 1, 1, 9, ActivationRange.None), [1, 6, 6, 9], [9, 3, 3, 1], wide: true),
        ["fully connected int16"] = b => Layer16(b, new FullyConnected(false, ActivationRange.None), [3, 1100], [7, 1100], wide: true),
        ["transposed conv int16"] = b => Layer16(b, new TransposedConv(9, 8, 2, 2, 1, 0, ActivationRange.None), [1, 5, 4, 17], [6, 3, 3, 17], wide: true),
        ["transposed conv int8"] = TransposedInt8,
        ["transposed conv float"] = b => b.Build(b.Apply(new TransposedConv(8, 9, 2, 3, 0, 1, ActivationRange.Relu6), b.Input(2, 4, 3, 7),
            b.Constant(5, 3, 3, 7), b.Constant(5))),
        ["add int16 broadcast"] = b => Pair16(b, BinaryKind.Add, [1, 3, 5, 7], [5, 1]),
        ["subtract int16"] = b => Pair16(b, BinaryKind.Subtract, [4, 9], [4, 9]),
        ["multiply int16"] = b => Pair16(b, BinaryKind.Multiply, [4, 9], [9]),
        ["leaky relu int16"] = b => Function16(b, new Unary(UnaryKind.LeakyRelu, 0.3f), 0.003f, 0.002f),
        ["relu6 int16"] = b => Function16(b, Unary.Clamp(ActivationRange.Relu6), 0.001f, 0.0005f),
        ["sigmoid int16"] = b => Function16(b, new Unary(UnaryKind.Sigmoid), Gate, 1f / 32768),
        ["sigmoid of any scale int16"] = b => Function16(b, new Unary(UnaryKind.Sigmoid), 0.0007f, 1f / 32768),
        ["tanh int16"] = b => Function16(b, new Unary(UnaryKind.Tanh), 2 * Gate, 1f / 32768),
        ["softmax int16"] = b => b.Build(b.Apply(new Softmax(1), ElementType.Int16, new QuantizationParameters(1f / 32768, 0),
            b.SymmetricInput(ElementType.Int16, 0.0004f, 3, 11))),
        ["softmax int8 to int16"] = b => b.Build(b.Apply(new Softmax(1), ElementType.Int16, new QuantizationParameters(1f / 65536, -32768),
            b.QuantizedInput(ElementType.Int8, 3, 11))),
        ["average pool int16"] = b => Pool16(b, PoolKind.Average),
        ["max pool int16"] = b => Pool16(b, PoolKind.Max),
        ["requantize int16 to int8"] = b => b.Build(b.Apply(new Quantize(), ElementType.Int8, b.Parameters(ElementType.Int8),
            b.SymmetricInput(ElementType.Int16, 0.0003f, 3, 37))),
        ["requantize int8 to int32"] = b => b.Build(b.Apply(new Quantize(), ElementType.Int32, new QuantizationParameters(0.0003f, 0),
            b.QuantizedInput(ElementType.Int8, 3, 37))),
        ["quantize int16"] = b => b.Build(b.Apply(new Quantize(), ElementType.Int16, new QuantizationParameters(0.0001f, 0), b.Input(3, 37))),
        ["dequantize int16"] = b => b.Build(b.Apply(new Dequantize(), b.SymmetricInput(ElementType.Int16, 0.0003f, 3, 37))),
        ["svdf float"] = SvdfFloat,
        ["svdf int8"] = b => SvdfInteger(b, ElementType.Int8),
        ["svdf int8 with int16 memory"] = b => SvdfInteger(b, ElementType.Int16),
        ["lstm float"] = b => LstmFloat(b, false),
        ["lstm time-major float"] = b => LstmFloat(b, true),
        ["lstm int8"] = b => LstmInteger(b, ElementType.Int8),
        ["lstm int16"] = b => LstmInteger(b, ElementType.Int16),
        ["states that change places"] = Exchange,
        ["state handed out and replaced"] = HandedOut,
        ["signal window"] = b => b.Build(b.Apply(new SignalWindow(12), b.IntegerInput(ElementType.Int16, 2, 30),
            b.Numbers(ElementType.Int16, null, r => r.Next(4096), 30))),
        ["signal auto scale"] = b => b.Build(b.ApplyAll(new SignalFftAutoScale(), [], b.IntegerInput(ElementType.Int16, 31))),
        ["fourier int16"] = b => b.Build(b.Apply(new SignalFourier(512, false), b.IntegerInput(ElementType.Int16, 480))),
        ["fourier of radix 3 and 5 int32"] = b => b.Build(b.Apply(new SignalFourier(120, false), b.IntegerInput(ElementType.Int32, 2, 100))),
        ["fourier of radix 7 float"] = b => b.Build(b.Apply(new SignalFourier(84, false), b.Input(84))),
        ["inverse fourier float"] = b => b.Build(b.Apply(new SignalFourier(64, true), b.Apply(new SignalFourier(64, false), b.Input(2, 64)))),
        ["inverse fourier int16"] = b => b.Build(b.Apply(new SignalFourier(32, true), b.IntegerInput(ElementType.Int16, 34))),
        ["features of sound"] = Features,
        ["delay"] = b => WithState(b, new SignalDelay(7), b.IntegerInput(ElementType.Int16, 2, 5), b.State(new TensorType(ElementType.Int16, new Shape(2, 7)))),
        ["frames"] = b => WithState(b, new SignalFramer(7, 3), b.IntegerInput(ElementType.Int16, 2, 6),
            b.State(new TensorType(ElementType.Int16, new Shape(2, 9))), b.State(new TensorType(ElementType.Int32, new Shape(2)))),
        ["stacked frames"] = b => WithState(b, new SignalStacker(1, 1, 2), b.IntegerInput(ElementType.Int16, 5),
            b.State(new TensorType(ElementType.Int16, new Shape(15))), b.State(new TensorType(ElementType.Int32, new Shape(1)), 0xFF)),
        ["overlapping frames int16"] = b => WithState(b, new SignalOverlapAdd(4), b.IntegerInput(ElementType.Int16, 3, 10),
            b.State(new TensorType(ElementType.Int16, new Shape(1, 10)))),
        ["overlapping frames float"] = b => WithState(b, new SignalOverlapAdd(4), b.Input(2, 3, 10),
            b.State(new TensorType(ElementType.Float32, new Shape(2, 10)))),
        ["resize bilinear float"] = b => b.Build(b.Apply(new ResizeBilinear(7, 5, false, true), b.Input(2, 4, 6, 3))),
        ["resize bilinear int8"] = b => Resize(b, new ResizeBilinear(7, 9, false, true)),
        ["resize bilinear to the corners int8"] = b => Resize(b, new ResizeBilinear(9, 4, true, false)),
        ["detections by class"] = b => Detections(b, true),
        ["detections by box"] = b => Detections(b, false),
        ["max pool with places"] = b => b.Build(b.ApplyAll(new MaxPoolWithPlaces(2, 3, 2, 2, true, ActivationRange.Relu), [], b.Input(2, 5, 6, 3))),
        ["unpool by places"] = b => b.Build(b.Apply(new UnpoolPlaces(2, 3, 2, 2), b.Input(2, 3, 4, 3), b.Input(2, 3, 4, 3))),
        ["first elements"] = b => b.Build(b.Apply(new KeepFirst(1), b.Input(2, 5, 3), b.Numbers(ElementType.Int64, null, _ => 3))),
        ["probabilities of pairs"] = b => b.Build(b.Apply(new PairwiseProbabilities(EquatableArray.Of(-1f, -2, -0.5f), EquatableArray.Of(0.1f, 0, -0.2f), 3),
            b.Input(4, 3))),
        ["update slice"] = b => b.Build(b.Apply(new UpdateSlice(), b.Input(4, 5), b.Input(2, 3), b.Numbers(ElementType.Int32, null, r => r.Next(-1, 5), 2))),
    };

    private static ModelGraph Detections(CaseBuilder b, bool byClass) => b.Build(b.ApplyAll(
        new DetectionPostProcess(7, byClass ? 1 : 2, 4, byClass, 3, 0.1f, 0.4f, EquatableArray.Of(10f, 10, 5, 5)), [], b.Input(1, 20, 5),
        b.Input(1, 20, byClass ? 4 : 3), b.Constant(20, 4)));

    private static ModelGraph Layer16(CaseBuilder b, Operator op, int[] input, int[] weights, bool? wide)
    {
        Value? bias = wide is null ? null : b.Numbers(wide.Value ? ElementType.Int64 : ElementType.Int32, null, r => r.Next(-1_000_000, 1_000_000), weights[0]);
        return b.Build(b.Apply(op, ElementType.Int16, new QuantizationParameters(0.05f, 0), b.SymmetricInput(ElementType.Int16, 0.0005f, input),
            b.QuantizedConstant(ElementType.Int8, true, weights), bias));
    }

    private static ModelGraph TransposedInt8(CaseBuilder b) => b.Build(b.Apply(
        new TransposedConv(9, 8, 2, 2, 1, 0, ActivationRange.Relu), ElementType.Int8, b.Parameters(ElementType.Int8, 0.1),
        b.QuantizedInput(ElementType.Int8, 1, 5, 4, 19), b.QuantizedConstant(ElementType.Int8, true, 6, 3, 3, 19), b.Bias(6)));

    private static ModelGraph Pair16(CaseBuilder b, BinaryKind kind, int[] x, int[] y) => b.Build(b.Apply(
        new Binary(kind, ActivationRange.None), ElementType.Int16, new QuantizationParameters(kind == BinaryKind.Multiply ? 0.03f : 0.002f, 0),
        b.SymmetricInput(ElementType.Int16, 0.001f, x), b.SymmetricInput(ElementType.Int16, 0.0007f, y)));

    private static ModelGraph Function16(CaseBuilder b, Unary op, float scale, float outScale) =>
        b.Build(b.Apply(op, ElementType.Int16, new QuantizationParameters(outScale, 0), b.SymmetricInput(ElementType.Int16, scale, 3, 300)));

    private static ModelGraph Pool16(CaseBuilder b, PoolKind kind)
    {
        Value x = b.SymmetricInput(ElementType.Int16, 0.001f, 2, 7, 6, 5);
        return b.Build(b.Apply(new Pool(kind, 3, 2, 2, 1, 1, 0, 1, 1, false, ActivationRange.None), ElementType.Int16, x.Quantization, x));
    }

    private static ModelGraph Resize(CaseBuilder b, ResizeBilinear op)
    {
        Value x = b.QuantizedInput(ElementType.Int8, 2, 4, 6, 3);
        return b.Build(b.Apply(op, ElementType.Int8, x.Quantization, x));
    }

    private static ModelGraph SvdfFloat(CaseBuilder b)
    {
        Value state = b.State(new TensorType(ElementType.Float32, new Shape(2, 8 * 5)));
        Value[] results = b.ApplyAll(new Svdf(2, ActivationRange.Relu), [], b.Input(2, 13), b.Constant(8, 13), b.Constant(8, 5), b.Constant(4), state);
        b.Become(state, results[1]);
        return b.Build(results[0]);
    }

    private static ModelGraph SvdfInteger(CaseBuilder b, ElementType memory)
    {
        Value state = b.State(new TensorType(memory, new Shape(2, 8 * 5), new QuantizationParameters(0.05f, memory == ElementType.Int8 ? -3 : 0)),
            memory == ElementType.Int8 ? (byte)253 : (byte)0);
        Value time = b.Numbers(memory, new QuantizationParameters(0.01f, 0), r => r.Next(-128, 128), 8, 5);
        Value[] results = b.ApplyAll(
            new Svdf(2, ActivationRange.None), [b.Parameters(ElementType.Int8, 0.2)], b.QuantizedInput(ElementType.Int8, 2, 35),
            b.QuantizedConstant(ElementType.Int8, false, 8, 35), time, b.Bias(4), state);
        b.Become(state, results[1]);
        return b.Build(results[0]);
    }

    private static ModelGraph LstmFloat(CaseBuilder b, bool timeMajor)
    {
        const int Inputs = 5, Units = 11, Steps = 4, Batch = 2;
        Value hidden = b.State(new TensorType(ElementType.Float32, new Shape(Batch, Units))),
            cell = b.State(new TensorType(ElementType.Float32, new Shape(Batch, Units)));
        Value[] inputs =
        [
            timeMajor ? b.Input(Steps, Batch, Inputs) : b.Input(Batch, Steps, Inputs), .. Enumerable.Range(0, 4).Select(_ => b.Constant(Units, Inputs)),
            .. Enumerable.Range(0, 4).Select(_ => b.Constant(Units, Units)), .. Enumerable.Range(0, 4).Select(_ => b.Constant(Units)), hidden, cell,
        ];
        return Finish(b, new SequenceLstm(timeMajor, timeMajor ? 0.8f : 0), [], inputs, hidden, cell);
    }

    private static ModelGraph LstmInteger(CaseBuilder b, ElementType type)
    {
        const int Inputs = 19, Units = 9, Steps = 3, Batch = 2;
        var state = new QuantizationParameters(type == ElementType.Int8 ? 1f / 128 : 1f / 32768, type == ElementType.Int8 ? 5 : 0);
        Value hidden = b.State(new TensorType(type, new Shape(Batch, Units), state), type == ElementType.Int8 ? (byte)5 : (byte)0);
        Value cell = b.State(new TensorType(ElementType.Int16, new Shape(Batch, Units), new QuantizationParameters(1f / 2048, 0)));
        Value[] inputs =
        [
            type == ElementType.Int8 ? b.QuantizedInput(type, Batch, Steps, Inputs) : b.SymmetricInput(type, 0.0001f, Batch, Steps, Inputs),
            .. Enumerable.Range(0, 4).Select(_ => b.QuantizedConstant(ElementType.Int8, false, Units, Inputs)),
            .. Enumerable.Range(0, 4).Select(_ => b.QuantizedConstant(ElementType.Int8, false, Units, Units)),
            .. Enumerable.Range(0, 4).Select(_ => b.Numbers(type == ElementType.Int8 ? ElementType.Int32 : ElementType.Int64, null, r => r.Next(-3000, 3000),
                Units)), hidden, cell,
        ];
        return Finish(b, new SequenceLstm(false, 0.9f), [state], inputs, hidden, cell);
    }

    private static ModelGraph Finish(CaseBuilder b, SequenceLstm op, QuantizationParameters?[] quantization, Value[] inputs, Value hidden, Value cell)
    {
        Value[] results = b.ApplyAll(op, quantization, inputs);
        b.Become(hidden, results[1]);
        b.Become(cell, results[2]);
        return b.Build(results[0]);
    }

    private static ModelGraph WithState(CaseBuilder b, Operator op, Value input, params Value[] states)
    {
        Value[] results = b.ApplyAll(op, [], [input, .. states]);
        int outputs = results.Length - states.Length;
        for (int i = 0; i < states.Length; i++) b.Become(states[i], results[outputs + i]);
        return b.Build(results[..outputs]);
    }

    // x → s, s → t, t → s: two states that must not overwrite each other, and one that takes an input.
    private static ModelGraph Exchange(CaseBuilder b)
    {
        var type = new TensorType(ElementType.Float32, new Shape(3, 4));
        (Value first, Value second, Value third) = (b.State(type), b.State(type), b.State(type));
        Value x = b.Input(3, 4);
        Value sum = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), first, second), third);
        b.Become(first, second);
        b.Become(second, first);
        b.Become(third, x);
        Value fed = b.State(type);
        b.Become(fed, b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), fed, x));
        return b.Build(b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), sum, fed));
    }

    // The content before a run is itself an output, while the state moves on.
    private static ModelGraph HandedOut(CaseBuilder b)
    {
        Value state = b.State(new TensorType(ElementType.Float32, new Shape(2, 6)), 0);
        Value x = b.Input(2, 6);
        b.Become(state, b.Apply(new Unary(UnaryKind.Abs), b.Apply(new Binary(BinaryKind.Subtract, ActivationRange.None), x, state)));
        return b.Build(b.Apply(new Reshape(new Shape(3, 4)), state), state, b.Apply(new Unary(UnaryKind.Negate), x));
    }

    // The audio front end from the spectrum on, with random tables.
    private static ModelGraph Features(CaseBuilder b)
    {
        const int Channels = 6, Width = 4;
        Value energy = b.Apply(new SignalEnergy(2, 28), b.IntegerInput(ElementType.Int16, 60));
        Value[] tables =
        [
            b.Numbers(ElementType.Int16, null, r => r.Next(4096), 40), b.Numbers(ElementType.Int16, null, r => r.Next(4096), 40),
            b.Numbers(ElementType.Int16, null, r => r.Next(30 - Width), Channels + 1),
            b.Numbers(ElementType.Int16, null, r => r.Next(40 - Width), Channels + 1), b.Numbers(ElementType.Int16, null, r => r.Next(Width + 1), Channels + 1),
        ];
        Value bank = b.Apply(new SignalFilterBank(Channels), [energy, .. tables]);
        Value root = b.Apply(new SignalFilterBankSquareRoot(), bank, b.Numbers(ElementType.Int32, null, r => r.Next(3)));
        Value noise = b.State(new TensorType(ElementType.UInt32, new Shape(Channels)));
        Value[] reduced = b.ApplyAll(new SignalSpectralSubtraction(409, 15975, 983, 15401, 10, 14, 819, false), [], root, noise);
        b.Become(noise, reduced[2]);
        Value gained = b.Apply(new SignalPcan(6), reduced[0], reduced[1], b.Numbers(ElementType.Int16, null, r => r.Next(-3000, 32768), 125));
        return b.Build(b.Apply(new SignalFilterBankLog(1600, 3), gained));
    }
}
