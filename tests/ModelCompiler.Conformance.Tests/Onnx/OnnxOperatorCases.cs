using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>A model for every float operator that ONNX files may use, and for the forms it takes.</summary>
internal static class OnnxOperatorCases
{
    public static readonly Dictionary<string, (int Opset, Action<OnnxGraph> Build)> All = new()
    {
        ["conv"] = (13, g => Conv(g, [1, 3, 7, 9], [8, 3, 3, 3])),
        ["conv without bias"] = (13, g => g.Output(g.Apply("Conv", [g.Input(1, 3, 5, 5), g.Weights(4, 3, 3, 3)]))),
        ["conv pads of four kinds"] = (13, g => Conv(g, [2, 3, 7, 9], [5, 3, 3, 3], ("pads", new[] { 0, 1, 2, 3 }), ("kernel_shape", new[] { 3, 3 }))),
        ["conv strides and dilations"] = (13, g => Conv(g, [1, 4, 12, 13], [6, 4, 3, 2], ("strides", new[] { 2, 3 }), ("dilations", new[] { 2, 1 }),
            ("pads", new[] { 2, 0, 2, 0 }))),
        ["conv grouped"] = (13, g => Conv(g, [1, 6, 6, 6], [9, 2, 3, 3], ("group", 3), ("pads", new[] { 1, 1, 1, 1 }))),
        ["conv depthwise"] = (13, g => Conv(g, [1, 7, 8, 8], [7, 1, 3, 3], ("group", 7), ("strides", new[] { 2, 2 }), ("pads", new[] { 1, 1, 1, 1 }))),
        ["conv depthwise with multiplier"] = (13, g => Conv(g, [1, 4, 6, 6], [8, 1, 3, 3], ("group", 4))),
        ["conv same upper"] = (13, g => Conv(g, [1, 3, 8, 7], [4, 3, 4, 3], ("auto_pad", "SAME_UPPER"), ("strides", new[] { 2, 2 }))),
        ["conv same lower"] = (13, g => Conv(g, [1, 3, 8, 7], [4, 3, 4, 2], ("auto_pad", "SAME_LOWER"), ("strides", new[] { 3, 1 }))),
        ["conv valid"] = (13, g => Conv(g, [1, 3, 8, 7], [4, 3, 2, 3], ("auto_pad", "VALID"))),
        ["conv 1-d"] = (13, g => Conv(g, [2, 5, 20], [7, 5, 4], ("strides", new[] { 2 }), ("pads", new[] { 1, 2 }), ("dilations", new[] { 2 }))),
        ["conv 1-d depthwise same"] = (13, g => Conv(g, [1, 5, 21], [5, 1, 3], ("group", 5), ("auto_pad", "SAME_UPPER"), ("strides", new[] { 2 }))),
        ["gemm"] = (13, g => g.Output(g.Apply("Gemm", [g.Input(3, 20), g.Weights(20, 7), g.Weights(7)]))),
        ["gemm transposed weights"] = (13, g => g.Output(g.Apply("Gemm", [g.Input(1, 33), g.Weights(11, 33), g.Weights(11)], ("transB", 1)))),
        ["gemm transposed input, alpha, beta"] = (13, g =>
            g.Output(g.Apply("Gemm", [g.Input(6, 4), g.Weights(6, 5), g.Weights(5)], ("transA", 1), ("alpha", 0.5f), ("beta", -2f)))),
        ["gemm without bias"] = (13, g => g.Output(g.Apply("Gemm", [g.Input(2, 6), g.Weights(6, 5)]))),
        ["gemm bias of one column"] = (13, g => g.Output(g.Apply("Gemm", [g.Input(3, 6), g.Weights(6, 5), g.Weights(3, 1)], ("beta", 0.5f)))),
        ["gemm bias of one row"] = (13, g => g.Output(g.Apply("Gemm", [g.Input(3, 6), g.Weights(6, 5), g.Weights(1, 5)]))),
        ["gemm bias of the whole shape"] = (13, g => g.Output(g.Apply("Gemm", [g.Input(5, 6), g.Weights(6, 5), g.Weights(5, 5)]))),
        ["gemm bias of one number"] = (13, g => g.Output(g.Apply("Gemm", [g.Input(3, 6), g.Weights(6, 5), g.Scalar(0.7f)]))),
        ["matmul"] = (13, g => g.Output(g.Apply("MatMul", [g.Input(4, 9), g.Weights(9, 6)]))),
        ["matmul of rank 3"] = (13, g => g.Output(g.Apply("MatMul", [g.Input(2, 3, 9), g.Weights(9, 6)]))),
        ["matmul and add"] = (13, g => g.Output(g.Apply("Add", [g.Apply("MatMul", [g.Input(4, 9), g.Weights(9, 6)]), g.Weights(6)]))),
        ["batch normalisation"] = (13, g => g.Output(Normalise(g, g.Input(2, 5, 4, 3), 5))),
        ["batch normalisation of rank 2"] = (13, g => g.Output(Normalise(g, g.Input(3, 5), 5))),
        ["batch normalisation of rank 3"] = (15, g => g.Output(Normalise(g, g.Input(2, 5, 6), 5))),
        ["batch normalisation after conv"] = (13, g => g.Output(Normalise(g, g.Apply("Conv", [g.Input(1, 3, 6, 6), g.Weights(8, 3, 3, 3)]), 8))),
        ["batch normalisation after gemm"] = (13, g => g.Output(Normalise(g, g.Apply("Gemm", [g.Input(3, 6), g.Weights(6, 8)]), 8))),
        ["batch normalisation after branching conv"] = (13, NormaliseBranch),
        ["max pool"] = (13, g => g.Output(g.Apply("MaxPool", [g.Input(1, 3, 9, 8)], ("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 2 }),
            ("pads", new[] { 1, 1, 1, 0 })))),
        ["max pool ceiling"] = (13, g => g.Output(g.Apply("MaxPool", [g.Input(1, 3, 9, 8)], ("kernel_shape", new[] { 2, 3 }), ("strides", new[] { 2, 3 }),
            ("ceil_mode", 1)))),
        ["max pool ceiling with padding"] = (13, g => g.Output(g.Apply("MaxPool", [g.Input(1, 2, 7, 7)], ("kernel_shape", new[] { 3, 3 }),
            ("strides", new[] { 2, 3 }), ("pads", new[] { 1, 1, 1, 1 }), ("ceil_mode", 1)))),
        ["max pool dilated"] = (13, g => g.Output(g.Apply("MaxPool", [g.Input(1, 3, 9, 9)], ("kernel_shape", new[] { 3, 2 }), ("dilations", new[] { 2, 3 })))),
        ["max pool same lower"] = (13, g => g.Output(g.Apply("MaxPool", [g.Input(1, 3, 8, 7)], ("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 2 }),
            ("auto_pad", "SAME_LOWER")))),
        ["max pool 1-d"] = (13, g => g.Output(g.Apply("MaxPool", [g.Input(2, 3, 15)], ("kernel_shape", new[] { 3 }), ("strides", new[] { 2 }),
            ("pads", new[] { 1, 1 })))),
        ["average pool"] = (13, g => g.Output(AveragePool(g, 0))),
        ["average pool counting padding"] = (13, g => g.Output(AveragePool(g, 1))),
        ["average pool ceiling"] = (19, g => g.Output(AveragePool(g, 0, ("ceil_mode", 1)))),
        ["average pool ceiling counting padding"] = (19, g => g.Output(AveragePool(g, 1, ("ceil_mode", 1)))),
        ["average pool same upper"] = (13, g => g.Output(g.Apply("AveragePool", [g.Input(1, 3, 8, 7)], ("kernel_shape", new[] { 3, 3 }),
            ("strides", new[] { 2, 2 }), ("auto_pad", "SAME_UPPER")))),
        ["average pool dilated"] = (19, g => g.Output(g.Apply("AveragePool", [g.Input(1, 3, 9, 9)], ("kernel_shape", new[] { 2, 3 }),
            ("dilations", new[] { 3, 2 })))),
        ["average pool 1-d"] = (13, g => g.Output(g.Apply("AveragePool", [g.Input(2, 3, 15)], ("kernel_shape", new[] { 4 }), ("strides", new[] { 3 })))),
        ["global average pool"] = (13, g => g.Output(g.Apply("GlobalAveragePool", [g.Input(2, 7, 5, 6)]))),
        ["global average pool 1-d"] = (13, g => g.Output(g.Apply("GlobalAveragePool", [g.Input(2, 7, 11)]))),
        ["global max pool"] = (13, g => g.Output(g.Apply("GlobalMaxPool", [g.Input(2, 7, 5, 6)]))),
        ["softmax over the last axis"] = (13, g => g.Output(g.Apply("Softmax", [g.Input(3, 11)]))),
        ["softmax over a middle axis"] = (13, g => g.Output(g.Apply("Softmax", [g.Input(2, 5, 3)], ("axis", 1)))),
        ["softmax over channels of a conv"] = (13, g => g.Output(g.Apply("Softmax", [g.Apply("Conv", [g.Input(1, 3, 5, 5), g.Weights(4, 3, 2, 2)])],
            ("axis", 1)))),
        ["softmax before opset 13"] = (11, g => g.Output(g.Apply("Softmax", [g.Input(2, 5, 3)]))),
        ["softmax before opset 13, axis 2"] = (11, g => g.Output(g.Apply("Softmax", [g.Input(2, 5, 3, 2)], ("axis", 2)))),
        ["softmax before opset 13, negative axis, after conv"] =
            (11, g => g.Output(g.Apply("Softmax", [g.Apply("Conv", [g.Input(1, 3, 5, 5), g.Weights(4, 3, 2, 2)])], ("axis", -3)))),
        ["relu"] = (13, g => g.Output(g.Apply("Relu", [g.Input(3, 40)]))),
        ["relu of a shared conv"] = (13, ReluOfShared),
        ["clip"] = (13, g => g.Output(g.Apply("Clip", [g.Input(3, 40), g.Scalar(-0.5f), g.Scalar(1)]))),
        ["clip from below"] = (13, g => g.Output(g.Apply("Clip", [g.Input(3, 40), g.Scalar(-0.5f)]))),
        ["clip from above"] = (13, g => g.Output(g.Apply("Clip", [g.Input(3, 40), "", g.Scalar(0.5f)]))),
        ["clip by nothing"] = (13, g => g.Output(g.Apply("Clip", [g.Input(3, 40)]))),
        ["clip before opset 11"] = (10, g => g.Output(g.Apply("Clip", [g.Input(3, 40)], ("min", -1f), ("max", 0.25f)))),
        ["clip of conv"] = (13, g => g.Output(g.Apply("Clip", [g.Apply("Conv", [g.Input(1, 3, 5, 5), g.Weights(9, 3, 2, 2)]), g.Scalar(0), g.Scalar(6)]))),
        ["clip where the bounds cross"] = (13, g => g.Output(g.Apply("Clip", [g.Input(3, 40), g.Scalar(1), g.Scalar(-1)]))),
        ["sigmoid"] = (13, g => g.Output(g.Apply("Sigmoid", [g.Input(3, 40)]))),
        ["tanh"] = (13, g => g.Output(g.Apply("Tanh", [g.Input(3, 40)]))),
        ["abs, neg"] = (13, g => g.Output(g.Apply("Neg", [g.Apply("Abs", [g.Input(3, 40)])]))),
        ["exp, log, sqrt, reciprocal"] = (13, g => g.Output(g.Apply("Reciprocal",
            [g.Apply("Log", [g.Apply("Add", [g.Apply("Sqrt", [g.Apply("Exp", [g.Input(3, 40)])]), g.Scalar(1)])])]))),
        ["softplus"] = (13, g => g.Output(g.Apply("Softplus", [g.Input(3, 40)]))),
        ["leaky relu"] = (13, g => g.Output(g.Apply("LeakyRelu", [g.Input(3, 40)], ("alpha", 0.2f)))),
        ["leaky relu by default"] = (13, g => g.Output(g.Apply("LeakyRelu", [g.Input(3, 40)]))),
        ["elu"] = (13, g => g.Output(g.Apply("Elu", [g.Input(3, 40)], ("alpha", 1.5f)))),
        ["hard sigmoid"] = (13, g => g.Output(g.Apply("HardSigmoid", [g.Input(3, 40)], ("alpha", 0.3f), ("beta", 0.4f)))),
        ["hard sigmoid by default"] = (13, g => g.Output(g.Apply("HardSigmoid", [g.Input(3, 40)]))),
        ["hard swish"] = (14, g => g.Output(g.Apply("HardSwish", [g.Input(3, 40)]))),
        ["pad"] = (13, g => g.Output(g.Apply("Pad", [g.Input(2, 3, 4), g.Int64s(1, 0, 2, 0, 1, 3), g.Scalar(1.5f)]))),
        ["pad cropping"] = (13, g => g.Output(g.Apply("Pad", [g.Input(2, 3, 6), g.Int64s(0, 1, -2, 1, 0, -1)]))),
        ["pad some axes"] = (18, g => g.Output(g.Apply("Pad", [g.Input(2, 3, 4), g.Int64s(2, 1, 0, 1), "", g.Int64s(2, -2)]))),
        ["pad before opset 11"] = (10, g => g.Output(g.Apply("Pad", [g.Input(2, 3)], ("pads", new[] { 0, 1, 2, 0 }), ("value", -1f)))),
        ["pad before conv"] = (13, g => g.Output(g.Apply("Conv",
            [g.Apply("Pad", [g.Input(1, 3, 6, 5), g.Int64s(0, 0, 1, 0, 0, 0, 2, 1)]), g.Weights(4, 3, 3, 3)], ("pads", new[] { 1, 0, 0, 1 })))),
        ["pad with a constant before conv"] = (13, g => g.Output(g.Apply("Conv",
            [g.Apply("Pad", [g.Input(1, 3, 6, 5), g.Int64s(0, 0, 1, 0, 0, 0, 2, 1), g.Scalar(0.5f)]), g.Weights(4, 3, 3, 3)]))),
        ["pad channels between convs"] = (13, g => g.Output(Conv1(g, g.Apply("Pad", [Conv1(g, g.Input(1, 3, 6, 5), 3, 4), g.Int64s(0, 1, 0, 0, 0, 1, 0, 0)]),
            6, 5))),
        ["transpose"] = (13, g => g.Output(g.Apply("Transpose", [g.Input(2, 3, 4, 5)], ("perm", new[] { 2, 0, 3, 1 })))),
        ["transpose by default"] = (13, g => g.Output(g.Apply("Transpose", [g.Input(2, 3, 4)]))),
        ["transpose after conv"] = (13, g => g.Output(g.Apply("Transpose", [Conv1(g, g.Input(1, 3, 6, 5), 3, 4)], ("perm", new[] { 0, 3, 1, 2 })))),
        ["transpose to channels last and softmax"] = (13, g =>
            g.Output(g.Apply("Softmax", [g.Apply("Transpose", [Conv1(g, g.Input(1, 3, 6, 5), 3, 4)], ("perm", new[] { 0, 2, 3, 1 }))]))),
        ["reshape"] = (13, g => g.Output(g.Apply("Relu", [g.Apply("Reshape", [g.Input(2, 3, 4), g.Int64s(0, -1)])]))),
        ["reshape after conv"] = (13, g => g.Output(g.Apply("Reshape", [Conv1(g, g.Input(1, 3, 6, 5), 3, 4), g.Int64s(1, 2, -1, 5)]))),
        ["reshape, gemm after conv"] = (13, g => g.Output(g.Apply("Gemm",
            [g.Apply("Reshape", [Conv1(g, g.Input(1, 3, 4, 5), 3, 6), g.Int64s(1, -1)]), g.Weights(120, 10), g.Weights(10)]))),
        ["flatten"] = (13, g => g.Output(g.Apply("Flatten", [g.Input(2, 3, 4)]))),
        ["flatten from axis 0"] = (13, g => g.Output(g.Apply("Flatten", [g.Input(2, 3, 4)], ("axis", 0)))),
        ["flatten from a negative axis"] = (13, g => g.Output(g.Apply("Flatten", [Conv1(g, g.Input(2, 3, 4, 4), 3, 5)], ("axis", -1)))),
        ["flatten, gemm after conv, batch"] = (13, g => g.Output(g.Apply("Gemm",
            [g.Apply("Flatten", [Conv1(g, g.Input(2, 3, 4, 5), 3, 6)]), g.Weights(10, 120), g.Weights(10)], ("transB", 1)))),
        ["squeeze, unsqueeze"] = (13, g => g.Output(g.Apply("Unsqueeze", [g.Apply("Squeeze", [g.Input(1, 3, 1, 4), g.Int64s(2)]), g.Int64s(0, -1)]))),
        ["squeeze all"] = (13, g => g.Output(g.Apply("Squeeze", [g.Apply("GlobalAveragePool", [g.Input(1, 6, 4, 4)])]))),
        ["squeeze, unsqueeze before opset 13"] = (11, g =>
            g.Output(g.Apply("Unsqueeze", [g.Apply("Squeeze", [g.Input(1, 3, 1, 4)], ("axes", new[] { 0, 2 }))], ("axes", new[] { 1 })))),
        ["identity, dropout"] = (13, g => g.Output(g.Apply("Dropout", [g.Apply("Identity", [Conv1(g, g.Input(1, 3, 4, 5), 3, 6)])]))),
        ["concat"] = (13, g => g.Output(g.Apply("Concat", [g.Input(2, 3, 4), g.Input(2, 1, 4), g.Input(2, 2, 4)], ("axis", 1)))),
        ["concat along a negative axis"] = (13, g => g.Output(g.Apply("Concat", [g.Input(2, 3, 4), g.Input(2, 3, 1)], ("axis", -1)))),
        ["concat of convs"] = (13, ConcatOfConvs),
        ["concat with a constant"] = (13, g => g.Output(g.Apply("Concat", [Conv1(g, g.Input(1, 3, 4, 5), 3, 2), g.Weights(1, 2, 4, 5)], ("axis", 1)))),
        ["concat of one value twice"] = (13, g => Twice(g, Conv1(g, g.Input(1, 3, 4, 5), 3, 2))),
        ["reduce mean"] = (13, g => g.Output(g.Apply("ReduceMean", [g.Input(2, 3, 4, 5)], ("axes", new[] { 2, 3 }), ("keepdims", 0)))),
        ["reduce mean of all"] = (13, g => g.Output(g.Apply("ReduceMean", [g.Input(2, 3, 4)]))),
        ["reduce mean of apart axes"] = (13, g => g.Output(g.Apply("ReduceMean", [g.Input(2, 3, 4, 5)], ("axes", new[] { 0, 2 })))),
        ["reduce mean since opset 18"] = (18, g => g.Output(g.Apply("ReduceMean", [g.Input(2, 3, 4), g.Int64s(-1)], ("keepdims", 1)))),
        ["reduce mean of no axes"] = (18, g => g.Output(g.Apply("ReduceMean", [g.Input(2, 3, 4)], ("noop_with_empty_axes", 1)))),
        ["reduce mean after conv"] = (13, g => g.Output(g.Apply("ReduceMean", [Conv1(g, g.Input(2, 3, 4, 5), 3, 7)], ("axes", new[] { -1, -2 }),
            ("keepdims", 0)))),
        ["reduce mean of channels after conv"] = (13, g =>
            g.Output(g.Apply("ReduceMean", [Conv1(g, g.Input(2, 3, 4, 5), 3, 7)], ("axes", new[] { 1 }), ("keepdims", 1)))),
        ["add, sub, mul, div"] = (13, g => g.Output(g.Apply("Div",
            [g.Apply("Mul", [g.Apply("Sub", [g.Apply("Add", [g.Input(3, 10), g.Input(3, 10)]), g.Weights(3, 10)]), g.Input(3, 10)]),
                g.Uniform(0.5, 2, 3, 10)]))),
        ["add row"] = (13, g => g.Output(g.Apply("Add", [g.Input(4, 3, 10), g.Input(10)]))),
        ["sub column"] = (13, g => g.Output(g.Apply("Sub", [g.Input(4, 1, 10), g.Input(3, 1)]))),
        ["mul scalar"] = (13, g => g.Output(g.Apply("Mul", [g.Scalar(1.7f), g.Input(4, 3, 10)]))),
        ["div both broadcast"] = (13, g => g.Output(g.Apply("Div", [g.Input(4, 1, 5), g.Uniform(0.5, 2, 1, 3, 1)]))),
        ["mul by channel after conv"] = (13, g => g.Output(g.Apply("Mul", [Conv1(g, g.Input(1, 3, 4, 5), 3, 6), g.Weights(6, 1, 1)]))),
        ["add row after conv"] = (13, g => g.Output(g.Apply("Add", [Conv1(g, g.Input(1, 3, 4, 5), 3, 6), g.Weights(5)]))),
        ["scale by its own mean after conv"] = (13, SqueezeAndExcite),
        ["add to itself"] = (13, g => AddToItself(g, g.Input(3, 7))),
        ["the input is an output"] = (13, PassThrough),
        ["the same output twice"] = (13, SameOutputTwice),
        ["uint8 converted to float"] = (13, g => g.Output(g.Apply("Conv",
            [g.Apply("DequantizeLinear", [g.Input(DataType.Uint8, 1, 3, 5, 5), g.Scalar(0.01f), g.Constant<byte>(DataType.Uint8, [], [128])]),
                g.Weights(4, 3, 3, 3)]))),
    };

    private static void Conv(OnnxGraph g, int[] input, int[] weights, params (string, object)[] attributes) =>
        g.Output(g.Apply("Conv", [g.Input(input), g.Weights(weights), g.Uniform(-1, 1, weights[0])], attributes));

    private static string Conv1(OnnxGraph g, string x, int inputs, int outputs) =>
        g.Apply("Conv", [x, g.Weights(outputs, inputs, 1, 1), g.Uniform(-1, 1, outputs)]);

    private static string Normalise(OnnxGraph g, string x, int channels) =>
        g.Apply("BatchNormalization", [x, g.Uniform(-1, 1, channels), g.Uniform(-1, 1, channels), g.Uniform(-1, 1, channels), g.Uniform(0.2, 2, channels)],
            ("epsilon", 1e-3f));

    private static void NormaliseBranch(OnnxGraph g)
    {
        string x = Conv1(g, g.Input(1, 3, 4, 5), 3, 6);
        g.Output(g.Apply("Add", [Normalise(g, x, 6), g.Apply("Relu", [x])]));
    }

    private static void ReluOfShared(OnnxGraph g)
    {
        string x = Conv1(g, g.Input(1, 3, 4, 5), 3, 6);
        g.Output(g.Apply("Relu", [x])).Output(x);
    }

    private static string AveragePool(OnnxGraph g, int countPadding, params (string, object)[] attributes) => g.Apply(
        "AveragePool", [g.Input(1, 3, 9, 8)], [("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 3 }), ("pads", new[] { 1, 0, 2, 1 }),
            ("count_include_pad", countPadding), .. attributes]);

    private static void ConcatOfConvs(OnnxGraph g)
    {
        string x = g.Input(1, 3, 4, 5);
        g.Output(Conv1(g, g.Apply("Concat", [Conv1(g, x, 3, 4), Conv1(g, x, 3, 2), x], ("axis", 1)), 9, 5));
    }

    private static void Twice(OnnxGraph g, string x) => g.Output(g.Apply("Concat", [x, x], ("axis", 1)));

    private static void AddToItself(OnnxGraph g, string x) => g.Output(g.Apply("Add", [x, x]));

    private static void SqueezeAndExcite(OnnxGraph g)
    {
        string x = Conv1(g, g.Input(1, 3, 4, 5), 3, 8);
        string gate = Conv1(g, g.Apply("Relu", [Conv1(g, g.Apply("GlobalAveragePool", [x]), 8, 4)]), 4, 8);
        g.Output(g.Apply("Mul", [x, g.Apply("Sigmoid", [gate])]));
    }

    private static void PassThrough(OnnxGraph g)
    {
        string x = g.Input(3, 7);
        g.Output(g.Apply("Relu", [x])).Output(g.Apply("Identity", [x]));
    }

    private static void SameOutputTwice(OnnxGraph g)
    {
        string x = g.Apply("Relu", [g.Input(3, 7)]);
        g.Output(x).Output(g.Apply("Identity", [x]));
    }
}
