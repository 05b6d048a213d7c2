using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Tests.Formats;
using Op = ModelCompiler.Core.Import.TfLite.TfLiteBuiltinOperator;

namespace ModelCompiler.Conformance.Tests.TfLite;

/// <summary>Operators that TensorFlow's converter writes out as simpler ones, from the TFLite file on.</summary>
public class TfLiteRecognitionTests
{
    private static readonly int[] Shape = [2, 6, 12];
    private static readonly int[] Rows = [2, 6, 1];

    private static readonly Dictionary<string, (string Operator, Func<Writer, int, int> Write)> Forms = new()
    {
        ["layer norm of Keras"] = ("LayerNormalization", (w, x) =>
        {
            (int mean, int inverse) = Moments(w, x);
            int a = w.Apply(Op.Mul, Shape, inverse, w.Random(12));
            return w.Apply(Op.Add, Shape, w.Apply(Op.Mul, Shape, x, a), w.Apply(Op.Sub, Shape, w.Random(12), w.Apply(Op.Mul, Shape, mean, a)));
        }),
        ["layer norm with a negative mean"] = ("LayerNormalization", (w, x) =>
        {
            (int mean, int inverse) = Moments(w, x);
            int a = w.Apply(Op.Mul, Shape, inverse, w.Random(12)), rest = w.Apply(Op.Mul, Shape, w.Apply(Op.Neg, Rows, mean), a);
            return w.Apply(Op.Add, Shape, w.Apply(Op.Add, Shape, rest, w.Random(12)), w.Apply(Op.Mul, Shape, x, a));
        }),
        ["layer norm by distances to the mean"] = ("LayerNormalization", (w, x) =>
        {
            int mean = w.Mean(x), variance = w.Mean(w.Apply(Op.SquaredDifference, Shape, mean, x));
            return w.Apply(Op.Div, Shape, w.Apply(Op.Sub, Shape, x, mean), w.Apply(Op.Sqrt, Rows, w.Apply(Op.Add, Rows, variance, w.Number(1e-6f))));
        }),
        ["layer norm without scale"] = ("LayerNormalization", (w, x) =>
        {
            (int mean, int inverse) = Moments(w, x);
            return w.Apply(Op.Sub, Shape, w.Apply(Op.Mul, Shape, x, inverse), w.Apply(Op.Mul, Rows, mean, inverse));
        }),
        ["layer norm by differences"] = ("LayerNormalization", (w, x) =>
        {
            (int mean, int inverse) = Moments(w, x);
            return w.Apply(Op.Add, Shape, w.Apply(Op.Mul, Shape, w.Apply(Op.Mul, Shape, w.Apply(Op.Sub, Shape, x, mean), inverse), w.Random(12)), w.Random(12));
        }),
        ["layer norm with a quotient"] = ("LayerNormalization", (w, x) =>
        {
            int centred = w.Apply(Op.Sub, Shape, x, w.Mean(x)), variance = w.Mean(w.Apply(Op.Square, Shape, centred));
            return w.Apply(Op.Div, Shape, centred, w.Apply(Op.Sqrt, Rows, w.Apply(Op.Add, Rows, variance, w.Number(1e-6f))));
        }),
        ["RMS norm"] = ("RMSNormalization", (w, x) =>
        {
            int square = w.Mean(w.Apply(Op.Mul, Shape, x, x));
            return w.Apply(Op.Mul, Shape, w.Apply(Op.Mul, Shape, x, w.Apply(Op.Rsqrt, Rows, w.Apply(Op.Add, Rows, square, w.Number(1e-6f)))), w.Random(12));
        }),
        ["L2 norm"] = ("L2Normalization", (w, x) =>
        {
            int sum = w.Sum(w.Apply(Op.Square, Shape, x));
            return w.Apply(Op.Mul, Shape, x, w.Apply(Op.Rsqrt, Rows, w.Apply(Op.Maximum, Rows, sum, w.Number(1e-12f))));
        }),
        ["L2_NORMALIZATION"] = ("L2Normalization", (w, x) => w.Apply(Op.L2Normalization, Shape, x)),
        ["log-softmax"] = ("LogSoftmax", (w, x) =>
        {
            int shifted = w.Apply(Op.Sub, Shape, x, w.Max(x));
            return w.Apply(Op.Sub, Shape, shifted, w.Apply(Op.Log, Rows, w.Sum(w.Apply(Op.Exp, Shape, shifted))));
        }),
        ["log of softmax"] = ("LogSoftmax", (w, x) => w.Apply(Op.Log, Shape, w.Apply(Op.Softmax, Shape, new FlatNode().With(0, 1f), x))),
        ["LOG_SOFTMAX"] = ("LogSoftmax", (w, x) => w.Apply(Op.LogSoftmax, Shape, x)),
        ["softmax"] = ("Softmax", (w, x) =>
        {
            int exponential = w.Apply(Op.Exp, Shape, w.Apply(Op.Sub, Shape, x, w.Max(x)));
            return w.Apply(Op.Div, Shape, exponential, w.Sum(exponential));
        }),
        ["GELU"] = ("GeluTanh", (w, x) =>
        {
            int inner = w.Apply(Op.Add, Shape, x, w.Apply(Op.Mul, Shape, w.Apply(Op.Pow, Shape, x, w.Number(3)), w.Number(0.044715f)));
            int tanh = w.Apply(Op.Tanh, Shape, w.Apply(Op.Mul, Shape, inner, w.Number(0.7978846f)));
            return w.Apply(Op.Mul, Shape, w.Apply(Op.Mul, Shape, x, w.Number(0.5f)), w.Apply(Op.Add, Shape, tanh, w.Number(1)));
        }),
        ["SiLU"] = ("Swish", (w, x) => w.Apply(Op.Mul, Shape, w.Apply(Op.Logistic, Shape, x), x)),
        ["hard swish"] = ("HardSwish", (w, x) => w.Apply(Op.Mul, Shape,
            w.Apply(Op.Mul, Shape, x, w.Apply(Op.Relu6, Shape, w.Apply(Op.Add, Shape, x, w.Number(3)))), w.Number(1 / 6f))),
        ["Mish"] = ("Mish", (w, x) => w.Apply(Op.Mul, Shape, x,
            w.Apply(Op.Tanh, Shape, w.Apply(Op.Log, Shape, w.Apply(Op.Add, Shape, w.Apply(Op.Exp, Shape, x), w.Number(1)))))),
    };

    public static TheoryData<string> Names() => new(Forms.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_written_form_becomes_one_operator(string name)
    {
        (string op, Func<Writer, int, int> write) = Forms[name];
        // The output keeps its name by a change of shape that is no work.
        string operators = WrittenOutCheck.Operators(Import(write));
        Assert.Equal(op, operators.EndsWith(" Reshape", StringComparison.Ordinal) ? operators[..^" Reshape".Length] : operators);
    }

    [Fact]
    public void A_mean_that_is_not_the_squared_one_stays()
    {
        string operators = WrittenOutCheck.Operators(Import((w, x) =>
        {
            (_, int inverse) = Moments(w, x);
            return w.Apply(Op.Sub, Shape, w.Apply(Op.Mul, Shape, x, inverse), w.Apply(Op.Mul, Rows, w.Max(x), inverse));
        }));
        Assert.DoesNotContain("Normalization", operators, StringComparison.Ordinal);
    }

    private static ModelGraph Import(Func<Writer, int, int> write)
    {
        var model = new TfLiteBuilder();
        int x = model.Floats(Shape);
        return WrittenOutCheck.FromTfLite(model.End([x], [write(new Writer(model), x)]).ToFile());
    }

    // As tf.nn.moments and batch normalisation are converted.
    private static (int Mean, int Inverse) Moments(Writer w, int x)
    {
        int mean = w.Mean(x), variance = w.Mean(w.Apply(Op.SquaredDifference, Shape, x, mean));
        return (mean, w.Apply(Op.Rsqrt, Rows, w.Apply(Op.Add, Rows, variance, w.Number(1e-3f))));
    }

    private sealed class Writer(TfLiteBuilder model)
    {
        private readonly Random _random = new(3);

        public int Apply(Op op, int[] shape, params int[] inputs) => Apply(op, shape, new FlatNode(), inputs);

        public int Apply(Op op, int[] shape, FlatNode options, params int[] inputs)
        {
            int output = model.Floats(shape);
            model.Add(op, inputs, [output], options);
            return output;
        }

        public int Number(float value) => model.Constant([], value);

        public int Random(int count) => model.Constant([count], [.. Enumerable.Range(0, count).Select(_ => (float)_random.NextDouble())]);

        public int Mean(int x) => Reduce(Op.Mean, x);

        public int Sum(int x) => Reduce(Op.Sum, x);

        public int Max(int x) => Reduce(Op.ReduceMax, x);

        private int Reduce(Op op, int x) => Apply(op, Rows, new FlatNode().With(0, true), x, model.Constant(-1));
    }
}
