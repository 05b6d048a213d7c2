using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// A case per operator and form. Each runs on the reference interpreter and on generated code for every target, in both requantisation modes,
/// and must give the same bits. A test fails when an operator of the registry has no case.
/// </summary>
internal static class OperatorCases
{
    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(
        Layers.Concat(NarrowWeightCases.All).Concat(HalfWeightCases.All).Concat(CodebookCases.All).Concat(TfLiteCases.All));

    private static Dictionary<string, Func<CaseBuilder, ModelGraph>> Layers => new()
    {
        ["conv 3x3 int8"] = b => Conv(b, ElementType.Int8, 7, 9, 3, 8, 3, 3, pad: 1),
        ["conv 3x2 stride 2 odd channels int8"] = b => Conv(b, ElementType.Int8, 8, 7, 5, 13, 3, 2, stride: 2),
        ["conv 1x1 int8"] = b => Conv(b, ElementType.Int8, 6, 5, 16, 24, 1, 1),
        ["conv 1x1 odd input channels int8"] = b => Conv(b, ElementType.Int8, 5, 5, 7, 17, 1, 1),
        ["conv 1x1 stride 2 int8"] = b => Conv(b, ElementType.Int8, 7, 7, 12, 9, 1, 1, stride: 2),
        ["conv dilated int8"] = b => Conv(b, ElementType.Int8, 9, 9, 4, 6, 3, 3, pad: 2, dilation: 2),
        ["conv grouped int8"] = b => Conv(b, ElementType.Int8, 6, 6, 8, 12, 3, 3, pad: 1, groups: 4),
        ["conv window larger than image int8"] = b => Conv(b, ElementType.Int8, 2, 3, 4, 5, 5, 5, pad: 4),
        ["conv batch int8"] = b => Conv(b, ElementType.Int8, 4, 4, 3, 5, 3, 3, pad: 1, batch: 3),
        ["conv grouped batch uint8"] = b => Conv(b, ElementType.UInt8, 4, 4, 4, 6, 3, 3, pad: 1, groups: 2, batch: 2),
        ["conv uint8"] = b => Conv(b, ElementType.UInt8, 6, 7, 3, 10, 3, 3, pad: 1),
        ["conv relu6 int8"] = b => Conv(b, ElementType.Int8, 5, 5, 6, 8, 3, 3, pad: 1, activation: ActivationRange.Relu6),
        ["conv to one channel int8"] = b => Conv(b, ElementType.Int8, 5, 5, 6, 1, 3, 3, pad: 1),
        ["depthwise 3x3 int8"] = b => Depthwise(b, ElementType.Int8, 7, 6, 8, 3, 3, pad: 1),
        ["depthwise 3x3 stride 2 odd channels int8"] = b => Depthwise(b, ElementType.Int8, 9, 9, 21, 3, 3, stride: 2, pad: 1),
        ["depthwise 15x1 int8"] = b => Depthwise(b, ElementType.Int8, 30, 1, 40, 15, 1),
        ["depthwise 7x7 int8"] = b => Depthwise(b, ElementType.Int8, 12, 11, 17, 7, 7, pad: 3),
        ["depthwise dilated uint8"] = b => Depthwise(b, ElementType.UInt8, 10, 10, 20, 3, 3, pad: 2, dilation: 2),
        ["depthwise batch int8"] = b => Depthwise(b, ElementType.Int8, 5, 5, 16, 3, 3, pad: 1, batch: 2),
        ["depthwise multiplier int8"] = b => Conv(b, ElementType.Int8, 6, 6, 4, 12, 3, 3, pad: 1, groups: 4),
        ["conv float"] = b => FloatConv(b, 7, 9, 3, 13, 3, 3, pad: 1),
        ["conv 1x1 float"] = b => FloatConv(b, 6, 5, 16, 24, 1, 1),
        ["conv grouped dilated float"] = b => FloatConv(b, 9, 8, 6, 10, 3, 3, pad: 2, dilation: 2, groups: 2),
        ["conv batch relu float"] = b => FloatConv(b, 5, 5, 4, 9, 3, 3, stride: 2, batch: 2, activation: ActivationRange.Relu),
        ["conv 1x1 of many pixels float"] = b => FloatConv(b, 9, 11, 5, 88, 1, 1, activation: ActivationRange.Relu6),
        ["conv to few channels float"] = b => FloatConv(b, 9, 11, 6, 3, 3, 3, stride: 2, pad: 1),
        ["conv of a column float"] = b => FloatConv(b, 17, 1, 4, 20, 3, 1, pad: 1, dilation: 2),
        ["conv grouped without padding float"] = b => FloatConv(b, 6, 9, 8, 12, 2, 3, groups: 2, batch: 2),
        ["depthwise float"] = b => FloatConv(b, 9, 9, 19, 19, 3, 3, pad: 1, groups: 19, activation: ActivationRange.Relu6),
        ["depthwise few channels float"] = b => FloatConv(b, 8, 12, 4, 4, 3, 3, pad: 1, groups: 4),
        ["depthwise few channels dilated float"] = b => FloatConv(b, 8, 16, 2, 2, 3, 3, pad: 2, dilation: 2, groups: 2, activation: ActivationRange.Relu),
        ["depthwise wide window float"] = b => FloatConv(b, 9, 13, 24, 24, 7, 7, pad: 3, groups: 24),
        ["depthwise stride 2 float"] = b => FloatConv(b, 8, 8, 16, 16, 5, 5, pad: 2, stride: 2, groups: 16),
        ["fully connected int8"] = b => FullyConnected(b, ElementType.Int8, 1, 33, 21),
        ["fully connected wide int8"] = b => FullyConnected(b, ElementType.Int8, 1, 64, 100),
        ["fully connected rows uint8"] = b => FullyConnected(b, ElementType.UInt8, 7, 20, 9),
        ["tabulated function int8"] = b => b.Build(b.Apply(new Elementwise("Gelu", ElementKind.Float), ElementType.Int8,
            b.Parameters(ElementType.Int8), b.QuantizedInput(ElementType.Int8, 3, 7))),
        ["fully connected float"] = b => b.Build(b.Apply(new FullyConnected(true, ActivationRange.Relu), b.Input(3, 30), b.Constant(11, 30), b.Constant(11))),
        ["max pool int8"] = b => Pool(b.QuantizedInput(ElementType.Int8, 1, 7, 7, 21), b,
            new Pool(PoolKind.Max, 3, 3, 2, 2, 1, 1, 1, 1, false, ActivationRange.None)),
        ["average pool int8"] = b => Pool(b.QuantizedInput(ElementType.Int8, 1, 7, 6, 18), b,
            new Pool(PoolKind.Average, 3, 2, 2, 1, 1, 0, 0, 1, false, ActivationRange.None)),
        ["average pool uint8"] = b => Pool(b.QuantizedInput(ElementType.UInt8, 2, 6, 6, 5), b,
            new Pool(PoolKind.Average, 6, 6, 1, 1, 0, 0, 0, 0, false, ActivationRange.None)),
        ["max pool float"] = b => b.Build(b.Apply(new Pool(PoolKind.Max, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), b.Input(1, 8, 8, 11))),
        ["average pool float"] = b => b.Build(b.Apply(new Pool(PoolKind.Average, 3, 3, 2, 2, 1, 1, 1, 1, true, ActivationRange.None), b.Input(2, 7, 7, 9))),
        ["add int8"] = b => Binary(b, BinaryKind.Add, b.QuantizedInput(ElementType.Int8, 1, 5, 5, 7), b.QuantizedInput(ElementType.Int8, 1, 5, 5, 7)),
        ["add relu uint8"] = b => Binary(b, BinaryKind.Add, b.QuantizedInput(ElementType.UInt8, 1, 4, 16), b.QuantizedInput(ElementType.UInt8, 1, 4, 16),
            ActivationRange.Relu),
        ["multiply int8"] = b => Binary(b, BinaryKind.Multiply, b.QuantizedInput(ElementType.Int8, 1, 5, 5, 8), b.QuantizedInput(ElementType.Int8, 1, 5, 5, 8)),
        ["add float broadcast"] = b => b.Build(b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), b.Input(2, 3, 4, 5), b.Input(4, 1))),
        ["subtract float"] = b => b.Build(b.Apply(new Binary(BinaryKind.Subtract, ActivationRange.Relu), b.Input(3, 17), b.Input(3, 17))),
        ["multiply float scalar"] = b => b.Build(b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), b.Input(3, 17), b.Constant(1))),
        ["divide float row"] = b => b.Build(b.Apply(new Binary(BinaryKind.Divide, ActivationRange.None), b.Input(3, 17), b.Constant(17))),
        ["softmax int8"] = b => b.Build(b.Apply(new Softmax(1), ElementType.Int8, new QuantizationParameters(1f / 256, -128),
            b.QuantizedInput(ElementType.Int8, 3, 37))),
        ["softmax uint8"] = b => b.Build(b.Apply(new Softmax(1), ElementType.UInt8, new QuantizationParameters(1f / 256, 0),
            b.QuantizedInput(ElementType.UInt8, 2, 1001))),
        ["layer norm rows"] = b => b.Build(b.Apply(new Normalize(EquatableArray.Of(1, 2), true, true, DivisorFloor.AddedToSquares, 1e-5f), b.Input(3, 2, 11),
            b.Constant(1, 2, 11), b.Constant(1, 2, 11))),
        ["layer norm columns"] = b => b.Build(b.Apply(new Normalize(EquatableArray.Of(1), true, true, DivisorFloor.AddedToRoot, 1e-5f), b.Input(2, 5, 19),
            b.Constant(1, 5, 1), b.Constant(1, 5, 1))),
        ["RMS norm rows"] = b => b.Build(b.Apply(new Normalize(EquatableArray.Of(1), false, true, DivisorFloor.AddedToSquares, 1e-5f), b.Input(4, 37),
            b.Constant(1, 37))),
        ["L2 norm rows"] = b => b.Build(b.Apply(new Normalize(EquatableArray.Of(1), false, false, DivisorFloor.LeastRoot, 1e-12f), b.Input(4, 16))),
        ["L2 norm columns"] = b => b.Build(b.Apply(new Normalize(EquatableArray.Of(0), false, false, DivisorFloor.LeastSquares, 1e-6f), b.Input(6, 17), null,
            b.Constant(6, 1))),
        ["log-softmax"] = b => b.Build(b.Apply(new LogSoftmax(1), b.Input(2, 7, 5))),
        ["softmax float"] = b => b.Build(b.Apply(new Softmax(2), b.Input(2, 3, 19))),
        ["softmax middle axis float"] = b => b.Build(b.Apply(new Softmax(1), b.Input(2, 7, 5))),
        ["mean int8"] = b => b.Build(b.Apply(new ReduceMean(EquatableArray.Of(1, 2), false), ElementType.Int8, b.Parameters(ElementType.Int8, 0.02),
            b.QuantizedInput(ElementType.Int8, 1, 7, 7, 19))),
        ["mean float"] = b => b.Build(b.Apply(new ReduceMean(EquatableArray.Of(1, 2), true), b.Input(2, 5, 5, 21))),
        ["mean last axis float"] = b => b.Build(b.Apply(new ReduceMean(EquatableArray.Of(2), false), b.Input(2, 5, 9))),
        ["sigmoid int8"] = b => b.Build(b.Apply(new Unary(UnaryKind.Sigmoid), b.QuantizedInput(ElementType.Int8, 1, 300))),
        ["tanh uint8"] = b => b.Build(b.Apply(new Unary(UnaryKind.Tanh), b.QuantizedInput(ElementType.UInt8, 1, 300))),
        ["clamp int8"] = b => b.Build(b.Apply(Unary.Clamp(ActivationRange.Relu6), ElementType.Int8, b.Parameters(ElementType.Int8),
            b.QuantizedInput(ElementType.Int8, 1, 300))),
        ["clamp float"] = b => b.Build(b.Apply(Unary.Clamp(ActivationRange.Relu6), b.Input(3, 35))),
        ["sigmoid float"] = b => b.Build(b.Apply(new Unary(UnaryKind.Sigmoid), b.Input(3, 35))),
        ["quantize"] = b => b.Build(b.Apply(new Quantize(), ElementType.Int8, b.Parameters(ElementType.Int8), b.Input(3, 37))),
        ["requantize uint8 to int8"] = b => b.Build(b.Apply(new Quantize(), ElementType.Int8, b.Parameters(ElementType.Int8),
            b.QuantizedInput(ElementType.UInt8, 3, 37))),
        ["dequantize"] = b => b.Build(b.Apply(new Dequantize(), b.QuantizedInput(ElementType.UInt8, 3, 37))),
        ["reinterpret"] = b => b.Build(b.Apply(new Dequantize(),
            b.Apply(new Reinterpret(), null, b.Parameters(ElementType.Int8), b.QuantizedInput(ElementType.Int8, 3, 37)))),
        ["bit cast"] = b => b.Build(b.Apply(new BitCast(ElementType.Int32), b.Input(3, 37))),
        ["pad int8"] = b => b.Build(b.Apply(new Pad(EquatableArray.Of(0, 1, 2, 0), EquatableArray.Of(0, 2, 0, 1), 0),
            b.QuantizedInput(ElementType.Int8, 1, 3, 4, 5))),
        ["pad float"] = b => b.Build(b.Apply(new Pad(EquatableArray.Of(0, 1, 2), EquatableArray.Of(1, 0, -1), 2.5f), b.Input(2, 3, 4))),
        ["transpose float"] = b => b.Build(b.Apply(new Transpose(0, 3, 1, 2), b.Input(2, 5, 6, 3))),
        ["transpose int8"] = b => b.Build(b.Apply(new Transpose(0, 2, 3, 1), b.QuantizedInput(ElementType.Int8, 1, 3, 17, 19))),
        ["reshape"] = b => b.Build(b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), b.Apply(new Reshape(new Shape(6, 4)), b.Input(2, 3, 4)),
            b.Constant(6, 4))),
        ["concatenation float"] = b => b.Build(b.Apply(new Concatenation(1), b.Input(2, 3, 4), b.Input(2, 1, 4), b.Input(2, 2, 4))),
        ["concatenation int8"] = b => Concatenate(b),
        ["batch normalisation float"] = b => b.Build(b.Apply(new BatchNormalization(3, 1e-3f), b.Input(1, 4, 4, 11), b.Constant(11), b.Constant(11),
            b.Constant(11), Positive(b, 11))),
        ["residual block int8"] = Residual,
        ["branches side by side int8"] = Branches,
    };

    // Both wide values first, then both narrow ones: the plan computes one branch after the other, which needs less memory.
    private static ModelGraph Branches(CaseBuilder b)
    {
        Value x = b.QuantizedInput(ElementType.Int8, 1, 8, 8, 4);
        Value[] wide = [Pointwise(x, 40), Pointwise(x, 40)];
        return b.Build(b.Apply(new Concatenation(3), ElementType.Int8, b.Parameters(ElementType.Int8), Pointwise(wide[0], 3), Pointwise(wide[1], 5)));

        Value Pointwise(Value from, int outputs) => b.Apply(new Conv(1, 1, 1, 1, 0, 0, 0, 0, 1, ActivationRange.Relu), ElementType.Int8,
            b.Parameters(ElementType.Int8), from, b.QuantizedConstant(ElementType.Int8, true, outputs, 1, 1, from.Shape[3]), b.Bias(outputs));
    }

    private static ModelGraph Conv(
        CaseBuilder b, ElementType type, int height, int width, int channels, int outputs, int windowHeight, int windowWidth,
        int stride = 1, int dilation = 1, int pad = 0, int groups = 1, int batch = 1, ActivationRange? activation = null) => b.Build(b.Apply(
            new Conv(stride, stride, dilation, dilation, pad, pad, pad, pad, groups, activation ?? ActivationRange.None),
            type, b.Parameters(type), b.QuantizedInput(type, batch, height, width, channels),
            b.QuantizedConstant(type, type == ElementType.Int8, outputs, windowHeight, windowWidth, channels / groups), b.Bias(outputs)));

    private static ModelGraph Depthwise(CaseBuilder b, ElementType type, int height, int width, int channels, int windowHeight, int windowWidth,
        int stride = 1, int dilation = 1, int pad = 0, int batch = 1) =>
        Conv(b, type, height, width, channels, channels, windowHeight, windowWidth, stride, dilation, pad, channels, batch);

    private static ModelGraph FloatConv(
        CaseBuilder b, int height, int width, int channels, int outputs, int windowHeight, int windowWidth,
        int stride = 1, int dilation = 1, int pad = 0, int groups = 1, int batch = 1, ActivationRange? activation = null) => b.Build(b.Apply(
            new Conv(stride, stride, dilation, dilation, pad, pad, pad, pad, groups, activation ?? ActivationRange.None),
            b.Input(batch, height, width, channels), b.Constant(outputs, windowHeight, windowWidth, channels / groups), b.Constant(outputs)));

    private static ModelGraph FullyConnected(CaseBuilder b, ElementType type, int rows, int inputs, int outputs) => b.Build(b.Apply(
        new FullyConnected(false, ActivationRange.None), type, b.Parameters(type), b.QuantizedInput(type, rows, inputs),
        b.QuantizedConstant(type, false, outputs, inputs), b.Bias(outputs)));

    private static ModelGraph Pool(Value input, CaseBuilder b, Pool pool) => b.Build(b.Apply(pool, input.Type, input.Quantization, input));

    private static ModelGraph Binary(CaseBuilder b, BinaryKind kind, Value x, Value y, ActivationRange? activation = null) =>
        b.Build(b.Apply(new Binary(kind, activation ?? ActivationRange.None), x.Type, b.Parameters(x.Type, kind == BinaryKind.Add ? 0.1 : 0.3), x, y));

    private static ModelGraph Concatenate(CaseBuilder b)
    {
        Value x = b.QuantizedInput(ElementType.Int8, 1, 3, 3, 5);
        Value y = b.QuantizedInput(ElementType.Int8, 1, 3, 3, 2);
        return b.Build(b.Apply(new Concatenation(3), ElementType.Int8, x.Quantization, x, y));
    }

    private static Value Positive(CaseBuilder b, int count) => b.Apply(Unary.Clamp(new ActivationRange(0.5f, 3)), b.Constant(count));

    private static ModelGraph Residual(CaseBuilder b)
    {
        Value x = b.QuantizedInput(ElementType.Int8, 1, 8, 8, 16);
        Value expanded = b.Apply(new Conv(1, 1, 1, 1, 0, 0, 0, 0, 1, ActivationRange.Relu6), ElementType.Int8, b.Parameters(ElementType.Int8), x,
            b.QuantizedConstant(ElementType.Int8, true, 40, 1, 1, 16), b.Bias(40));
        Value depthwise = b.Apply(new Conv(1, 1, 1, 1, 1, 1, 1, 1, 40, ActivationRange.Relu6), ElementType.Int8, b.Parameters(ElementType.Int8), expanded,
            b.QuantizedConstant(ElementType.Int8, true, 40, 3, 3, 1), b.Bias(40));
        Value projected = b.Apply(new Conv(1, 1, 1, 1, 0, 0, 0, 0, 1, ActivationRange.None), ElementType.Int8, b.Parameters(ElementType.Int8), depthwise,
            b.QuantizedConstant(ElementType.Int8, true, 16, 1, 1, 40), b.Bias(16));
        return b.Build(b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), ElementType.Int8, b.Parameters(ElementType.Int8), x, projected), depthwise);
    }
}
