using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Operators as exporters write them out in ONNX files, with the operators that they become.</summary>
internal static class RecognitionCases
{
    private static readonly int[] Last = [2, 6, 12];
    private static readonly int[] Image = [1, 5, 4, 3];

    /// <summary>A written form: what it becomes, the shape of its input, and how it is written on the input.</summary>
    /// <param name="Operators">Operators after optimisation.</param>
    /// <param name="Shape">Shape of the input.</param>
    /// <param name="Write">Writes the form.</param>
    /// <param name="Type">Type of input and output.</param>
    /// <param name="Opset">Version of the operators.</param>
    internal sealed record Form(string Operators, int[] Shape, Func<OnnxGraph, string, string> Write, DataType Type = DataType.Float, int Opset = 13)
    {
        /// <summary>The model.</summary>
        public OnnxGraph Build()
        {
            var graph = new OnnxGraph(5, Opset) { InputType = Type };
            return graph.Output(Write(graph, graph.Input(Shape)), Type);
        }
    }

    public static Dictionary<string, Form> All { get; } = new()
    {
        ["layer norm with Pow, Div, scale and shift"] = Layer((g, x) =>
            Affine(g, Div(g, Centred(g, x, -1), Root(g, Variance(g, Pow2(g, Centred(g, x, -1)), -1))), 12)),
        ["layer norm with one difference and Mul"] = Layer((g, x) =>
        {
            string centred = Centred(g, x, -1);
            return Affine(g, Div(g, centred, Root(g, Variance(g, Mul(g, centred, centred), -1))), 12);
        }),
        ["layer norm with Reciprocal"] = Layer((g, x) =>
        {
            string centred = Centred(g, x, -1);
            return Mul(g, g.Uniform(-1, 1, 12), Mul(g, g.Apply("Reciprocal", [Root(g, Variance(g, Pow2(g, centred), -1))]), centred));
        }),
        ["layer norm with 1 ÷ root"] = Layer((g, x) => Mul(g, Centred(g, x, -1), Div(g, g.Scalar(1), Root(g, Variance(g, Pow2(g, Centred(g, x, -1)), -1))))),
        ["layer norm with powers"] = Layer((g, x) => Mul(g, Centred(g, x, -1), Pow(g, Variance(g, Pow2(g, Centred(g, x, -1)), -1), -0.5f))),
        ["layer norm whose scale comes first"] = Layer((g, x) =>
        {
            string centred = Centred(g, x, -1);
            return Add(g, Div(g, Mul(g, g.Uniform(-1, 1, 12), centred), Add(g, g.Apply("Sqrt", [Mean(g, Pow2(g, centred), -1)]), g.Scalar(1e-6f))),
                g.Uniform(-1, 1, 12));
        }),
        ["layer norm as batch normalisation"] = Layer((g, x) =>
        {
            string a = Mul(g, g.Apply("Reciprocal", [Root(g, Variance(g, Pow2(g, Centred(g, x, -1)), -1))]), g.Uniform(-1, 1, 12));
            return Add(g, Mul(g, x, a), Sub(g, g.Uniform(-1, 1, 12), Mul(g, Mean(g, x, -1), a)));
        }),
        ["layer norm over two axes"] = Layer((g, x) => Affine(g, Div(g, Centred(g, x, -1, -2), Root(g, Variance(g, Pow2(g, Centred(g, x, -1, -2)), -1, -2))),
            6, 12)),
        ["layer norm over channels of an image"] = new("LayerNormalization", Image,
            (g, x) => Affine(g, Div(g, Centred(g, x, 1), Root(g, Variance(g, Pow2(g, Centred(g, x, 1)), 1))), 5, 1, 1)),
        ["layer norm whose axes are put back"] = Layer((g, x) =>
        {
            string centred = Sub(g, x, g.Apply("Unsqueeze", [g.Apply("ReduceMean", [x], ("axes", (int[])[-1]), ("keepdims", 0)), g.Int64s(-1)]));
            string variance = g.Apply("ReduceMean", [Mul(g, centred, centred)], ("axes", (int[])[-1]), ("keepdims", 0));
            return Div(g, centred, g.Apply("Unsqueeze", [Root(g, Add(g, variance, g.Scalar(1e-5f))), g.Int64s(-1)]));
        }),
        ["layer norm of sums"] = Layer((g, x) =>
        {
            string centred = Sub(g, x, Mul(g, Sum(g, x, -1), g.Scalar(1 / 12f)));
            return Div(g, centred, Root(g, Add(g, Div(g, Sum(g, Pow2(g, centred), -1), g.Scalar(12)), g.Scalar(1e-5f))));
        }),
        ["layer norm with scales of other axes"] = new("LayerNormalization Multiply Add", Last,
            (g, x) => Add(g, Mul(g, Div(g, Centred(g, x, -1), Root(g, Variance(g, Pow2(g, Centred(g, x, -1)), -1))), g.Uniform(1, 2, 6, 1)),
                g.Uniform(-1, 1, 12))),
        ["instance norm as batch normalisation"] = new("LayerNormalization Multiply Add", [1, 5, 12], (g, x) =>
        {
            string a = Mul(g, g.Apply("Reciprocal", [Root(g, Variance(g, Pow2(g, Centred(g, x, -1)), -1))]), g.Uniform(-1, 1, 5, 1));
            return Add(g, Mul(g, x, a), Sub(g, g.Uniform(-1, 1, 5, 1), Mul(g, Mean(g, x, -1), a)));
        }),
        ["layer norm in the middle of float16"] = new("Convert LayerNormalization Convert", Last, (g, x) =>
        {
            string wide = Cast(g, x, DataType.Float), centred = Centred(g, wide, -1);
            return Mul(g, Cast(g, Div(g, centred, Root(g, Variance(g, Pow2(g, centred), -1))), DataType.Float16), Half(g, 12));
        }, DataType.Float16),
        ["layer norm all in float16"] = new("Convert LayerNormalization Convert", Last, (g, x) =>
        {
            string centred = Centred(g, x, -1), epsilon = Cast(g, g.Scalar(1e-4f), DataType.Float16);
            return Add(g, Mul(g, Div(g, centred, Root(g, Add(g, Mean(g, Mul(g, centred, centred), -1), epsilon))), Half(g, 12)), Half(g, 12));
        }, DataType.Float16),
        ["LayerNormalization"] = new("LayerNormalization", Last, (g, x) => g.Apply("LayerNormalization", [x, g.Uniform(-1, 1, 12), g.Uniform(-1, 1, 12)]),
            Opset: 17),
        ["RMS norm with Pow and Div"] = Rms((g, x) => Mul(g, g.Uniform(-1, 1, 12), Div(g, x, Root(g, Variance(g, Pow2(g, x), -1))))),
        ["RMS norm with Mul and Reciprocal"] = Rms((g, x) =>
            Mul(g, Mul(g, x, g.Apply("Reciprocal", [Root(g, Variance(g, Mul(g, x, x), -1))])), g.Uniform(-1, 1, 12))),
        ["RMS norm in the middle of float16"] = new("Convert RMSNormalization Convert", Last, (g, x) =>
        {
            string wide = Cast(g, x, DataType.Float);
            return Mul(g, Half(g, 12), Cast(g, Mul(g, wide, Div(g, g.Scalar(1), Root(g, Variance(g, Pow2(g, wide), -1)))), DataType.Float16));
        }, DataType.Float16),
        ["SimplifiedLayerNormalization"] = Rms((g, x) => g.Apply("SimplifiedLayerNormalization", [x, g.Uniform(-1, 1, 12)])),
        ["L2 norm with Max"] = L2((g, x) => Div(g, x, g.Apply("Max", [g.Apply("ReduceL2", [x], ("axes", (int[])[-1])), g.Scalar(1e-12f)]))),
        ["L2 norm with Clip and Expand"] = L2((g, x) => Div(g, x,
            g.Apply("Expand", [g.Apply("Clip", [g.Apply("ReduceL2", [x], ("axes", (int[])[1])), g.Scalar(1e-12f)]), g.Int64s(2, 6, 12)]))),
        ["L2 norm with a root of sums"] = L2((g, x) => Div(g, x, g.Apply("Sqrt", [Sum(g, Mul(g, x, x), -1)]))),
        ["L2 norm with epsilon under the root"] = L2((g, x) => Div(g, x, Root(g, Add(g, Sum(g, Pow2(g, x), -1), g.Scalar(1e-6f))))),
        ["L2 norm with SumSquare and a maximum"] = L2((g, x) =>
            Mul(g, x, g.Apply("Reciprocal", [g.Apply("Sqrt", [g.Apply("Max", [g.Apply("ReduceSumSquare", [x], ("axes", (int[])[-1])), g.Scalar(1e-6f)])])]))),
        ["L2 norm with epsilon beside the root"] = L2((g, x) => Div(g, x, Add(g, g.Scalar(1e-6f), g.Apply("ReduceL2", [x], ("axes", (int[])[-1]))))),
        ["L2 norm with magnitudes and powers"] = L2((g, x) =>
            Div(g, x, g.Apply("Max", [Pow(g, Sum(g, Pow2(g, g.Apply("Abs", [x])), -1), 0.5f), g.Scalar(1e-12f)]))),
        ["LpNormalization"] = L2((g, x) => g.Apply("LpNormalization", [x])),
        ["log-softmax of softmax"] = Log((g, x) => g.Apply("Log", [g.Apply("Softmax", [x], ("axis", 1))])),
        ["log-softmax with a maximum"] = Log((g, x) =>
        {
            string shifted = Sub(g, x, g.Apply("ReduceMax", [x], ("axes", (int[])[-1])));
            return Sub(g, shifted, g.Apply("Log", [Sum(g, g.Apply("Exp", [shifted]), -1)]));
        }),
        ["log-softmax with the maximum added"] = Log((g, x) =>
        {
            string max = g.Apply("ReduceMax", [x], ("axes", (int[])[-1]));
            return Sub(g, x, Add(g, g.Apply("Log", [Sum(g, g.Apply("Exp", [Sub(g, x, max)]), -1)]), max));
        }),
        ["log-softmax without a maximum"] = Log((g, x) => Sub(g, x, g.Apply("Log", [Sum(g, g.Apply("Exp", [x]), -1)]))),
        ["log-softmax with LogSumExp"] = Log((g, x) => Sub(g, x, g.Apply("ReduceLogSumExp", [x], ("axes", (int[])[-1])))),
        ["LogSoftmax"] = Log((g, x) => g.Apply("LogSoftmax", [x], ("axis", 1))),
        ["softmax with a maximum"] = new("Softmax", Last, (g, x) =>
        {
            string exponential = g.Apply("Exp", [Sub(g, x, g.Apply("ReduceMax", [x], ("axes", (int[])[-1])))]);
            return Div(g, exponential, Sum(g, exponential, -1));
        }),
        ["softmax whose axis is put back"] = new("Softmax", Last, (g, x) =>
        {
            string exponential = g.Apply("Exp", [x]);
            return Mul(g, exponential, g.Apply("Reciprocal", [g.Apply("Unsqueeze",
                [g.Apply("ReduceSum", [exponential, g.Int64s(1)], ("keepdims", 0)), g.Int64s(1)])]));
        }),
        ["softmax in float16"] = new("Convert Softmax Convert", Last, (g, x) =>
        {
            string exponential = g.Apply("Exp", [x]);
            return Div(g, exponential, Sum(g, exponential, -1));
        }, DataType.Float16),
        ["GELU"] = new("Gelu", Last, (g, x) => Mul(g, Mul(g, x, Add(g, g.Apply("Erf", [Div(g, x, g.Scalar(MathF.Sqrt(2)))]), g.Scalar(1))), g.Scalar(0.5f))),
        ["GELU with tanh"] = new("GeluTanh", Last, (g, x) =>
            Mul(g, Mul(g, g.Scalar(0.5f), x), Add(g, g.Scalar(1),
                g.Apply("Tanh", [Mul(g, g.Scalar(0.7978846f), Add(g, x, Mul(g, g.Scalar(0.044715f), Pow(g, x, 3))))])))),
        ["SiLU"] = new("Swish", Last, (g, x) => Mul(g, x, g.Apply("Sigmoid", [x]))),
        ["hard swish"] = new("HardSwish", Last, (g, x) => Div(g, Mul(g, x, g.Apply("Clip", [Add(g, x, g.Scalar(3)), g.Scalar(0), g.Scalar(6)])), g.Scalar(6))),
        ["hard swish of a hard sigmoid"] = new("HardSwish", Last, (g, x) => Mul(g, x, g.Apply("HardSigmoid", [x], ("alpha", 1 / 6f), ("beta", 0.5f)))),
        ["Mish"] = new("Mish", Last, (g, x) => Mul(g, x, g.Apply("Tanh", [g.Apply("Softplus", [x])]))),
    };

    /// <summary>What only resembles them.</summary>
    public static Dictionary<string, Form> Others { get; } = new()
    {
        ["means along different axes"] = Layer((g, x) => Div(g, Centred(g, x, -1), Root(g, Variance(g, Pow2(g, Centred(g, x, -1)), -2)))),
        ["mean of something else"] = Layer((g, x) => Div(g, Centred(g, x, -1), Root(g, Variance(g, Pow2(g, Sub(g, x, Mean(g, g.Apply("Abs", [x]), -1))), -1)))),
        ["another power"] = Layer((g, x) => Div(g, x, Root(g, Variance(g, Pow(g, x, 4), -1)))),
        ["another root"] = Layer((g, x) => Div(g, x, Pow(g, Variance(g, Pow2(g, x), -1), 0.25f))),
        ["epsilon outside and inside"] = Layer((g, x) => Div(g, x, Add(g, Root(g, Variance(g, Pow2(g, x), -1)), g.Scalar(0.5f)))),
        ["epsilon within the square"] = Layer((g, x) => Div(g, x, Root(g, Mean(g, Pow2(g, Add(g, x, g.Scalar(0.5f))), -1)))),
        ["epsilon that is a tensor"] = Layer((g, x) => Div(g, x, Root(g, Add(g, Mean(g, Pow2(g, x), -1), g.Uniform(0.1, 1, 6, 1))))),
        ["root of something else"] = Layer((g, x) => Div(g, g.Apply("Abs", [x]), Root(g, Variance(g, Pow2(g, x), -1)))),
        ["divided the wrong way"] = Layer((g, x) => Div(g, Root(g, Variance(g, Pow2(g, x), -1)), Add(g, g.Apply("Abs", [x]), g.Scalar(1)))),
        ["put back on another axis"] = new("", [2, 6, 6], (g, x) =>
            Div(g, x, g.Apply("Unsqueeze", [g.Apply("ReduceL2", [x], ("axes", (int[])[2]), ("keepdims", 0)), g.Int64s(1)]))),
        ["not subtracted alike"] = Log((g, x) => Sub(g, Mul(g, x, g.Scalar(2)), g.Apply("ReduceLogSumExp", [x], ("axes", (int[])[-1])))),
        ["sum of another"] = Log((g, x) => Sub(g, x, g.Apply("Log", [Sum(g, g.Apply("Exp", [g.Apply("Neg", [x])]), -1)]))),
        ["logarithms of sums on another axis"] = new("", [2, 6, 6],
            (g, x) => Sub(g, x, g.Apply("Unsqueeze", [g.Apply("ReduceLogSumExp", [x], ("axes", (int[])[2]), ("keepdims", 0)), g.Int64s(1)]))),
    };

    private static Form Layer(Func<OnnxGraph, string, string> write) => new("LayerNormalization", Last, write);

    private static Form Rms(Func<OnnxGraph, string, string> write) => new("RMSNormalization", Last, write);

    private static Form L2(Func<OnnxGraph, string, string> write) => new("L2Normalization", Last, write);

    private static Form Log(Func<OnnxGraph, string, string> write) => new("LogSoftmax", Last, write);

    private static string Add(OnnxGraph g, string a, string b) => g.Apply("Add", [a, b]);

    private static string Sub(OnnxGraph g, string a, string b) => g.Apply("Sub", [a, b]);

    private static string Mul(OnnxGraph g, string a, string b) => g.Apply("Mul", [a, b]);

    private static string Div(OnnxGraph g, string a, string b) => g.Apply("Div", [a, b]);

    private static string Pow(OnnxGraph g, string x, float exponent) => g.Apply("Pow", [x, g.Scalar(exponent)]);

    private static string Pow2(OnnxGraph g, string x) => Pow(g, x, 2);

    private static string Cast(OnnxGraph g, string x, DataType type) => g.Apply("Cast", [x], ("to", (int)type));

    private static string Half(OnnxGraph g, int count) => Cast(g, g.Uniform(-1, 1, count), DataType.Float16);

    private static string Mean(OnnxGraph g, string x, params int[] axes) => g.Apply("ReduceMean", [x], ("axes", axes));

    private static string Sum(OnnxGraph g, string x, int axis) => g.Apply("ReduceSum", [x, g.Int64s(axis)]);

    private static string Centred(OnnxGraph g, string x, params int[] axes) => Sub(g, x, Mean(g, x, axes));

    private static string Variance(OnnxGraph g, string squares, params int[] axes) => Add(g, Mean(g, squares, axes), g.Scalar(1e-5f));

    private static string Root(OnnxGraph g, string x) => g.Apply("Sqrt", [x]);

    private static string Affine(OnnxGraph g, string x, params int[] shape) => Add(g, Mul(g, x, g.Uniform(-1, 1, shape)), g.Uniform(-1, 1, shape));
}
