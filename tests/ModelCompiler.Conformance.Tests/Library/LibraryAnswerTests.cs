using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Conformance.Tests.Library;

/// <summary>
/// Right answers, worked out by hand from the definitions of ONNX and TFLite. Interpreter and generated code share the library's source, so that only answers
/// from elsewhere tell whether it computes the right thing.
/// </summary>
public class LibraryAnswerTests
{
    private static readonly double[] Matrix = [1, 2, 3, 4, 5, 6];

    private static readonly Dictionary<string, Answer> Answers = new()
    {
        ["gather, negative index"] = new(new Gather(0), [F([3, 2], Matrix), L([2], -1, 0)], [5, 6, 1, 2]),
        ["gather elements"] = new(new GatherElements(1), [F([2, 3], Matrix), L([2, 2], 2, 0, -2, 1)], [3, 1, 5, 5]),
        ["gather tuples"] = new(new GatherTuples(0), [F([2, 3], Matrix), L([2, 2], 0, 1, 1, 0)], [2, 4]),
        ["gather tuples of rows"] = new(new GatherTuples(0), [F([3, 2], Matrix), L([2, 1], 2, 0)], [5, 6, 1, 2]),
        ["scatter elements, add"] = new(new Scatter(1, "Add"), [F([1, 5], [1, 2, 3, 4, 5]), L([1, 2], 1, 1), F([1, 2], [1.5, 2])], [1, 5.5, 3, 4, 5]),
        ["scatter tuples"] = new(new Scatter(-1, "Replace"), [F([4], [1, 2, 3, 4]), L([2, 1], 3, 0), F([2], [9, 8])], [8, 2, 3, 9]),
        ["one-hot"] = new(new OneHot(1, 3), [L([3], 0, -1, 7), F([2], [0.5, 2])], [2, 0.5, 0.5, 0.5, 0.5, 2, 0.5, 0.5, 0.5]),
        ["top, equals in order"] = new(new TopK(0, 3, true), [F([5], [1, 3, 2, 3, 0])], [3, 3, 2], [1, 3, 2]),
        ["smallest"] = new(new TopK(0, 2, false), [F([4], [4, 1, 3, 1])], [1, 1], [1, 3]),
        ["unique, sorted"] = new(new Unique(0, true), [F([6], [2, 1, 1, 3, 4, 3])], [1, 2, 3, 4], [1, 0, 3, 4], [1, 0, 0, 2, 3, 2], [2, 1, 2, 1], [4]),
        ["unique, as they come"] = new(new Unique(0, false), [F([6], [2, 1, 1, 3, 4, 3])], [2, 1, 3, 4], [0, 1, 3, 4], [0, 1, 1, 2, 3, 2], [1, 2, 2, 1], [4]),
        ["not zero"] = new(new NonZero(), [F([2, 2], [1, 0, 1, 1])], [0, 1, 1, 0, 0, 0, 1, 0], [3]),
        ["compress"] = new(new Compress(0), [F([3, 2], Matrix), Of(ElementType.Bool, [3], 0, 1, 1)], [3, 4, 5, 6], [2]),
        ["boxes that stay"] = new(
            new NonMaxSuppression(false, 3),
            [F([1, 4, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 10, 1, 11, 0, 10.1, 1, 11.1]), F([1, 1, 4], [0.9, 0.75, 0.6, 0.95]), L([1], 3), F([1], [0.5]),
                F([1], [0])], [0, 0, 3, 0, 0, 0], [2]),
        ["lookup"] = new(new Lookup(), [L([3], 5, 7, 6), L([2], 5, 6), F([2], [0.5, 1.5]), F([1], [-1])], [0.5, -1, 1.5]),
        ["n-grams"] = new(new Grams(EquatableArray.Of(2, 3, 5, 4, 5, 6, 7, 8, 6, 7), EquatableArray.Of(4, 2, 4, 6, 2, 5, 8, 2, 6),
            EquatableArray.Of(1f, 1, 1, 1, 1, 1, 1), 7, 0, 0), [Of(ElementType.Int32, [12], 1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8)], [0, 0, 0, 0, 1, 1, 1]),
        ["trees, sum"] = new(
            new TreeEnsemble(EquatableArray.Of(0, 1, -1, -2, 0), EquatableArray.Of(0, 1, 1, 1), EquatableArray.Of(0, 0), EquatableArray.Of(0),
                EquatableArray.Of(0, 0), 1, 1),
            [F([3, 2], [9, 1, 9, 2, 9, double.NaN]), F([1], [1.5]), F([2], [10, 20]), F([1], [0])], [10, 20, 20]),
        ["strided, backwards"] = new(Strided.Slice(new Shape(2, 3), [1, 2], [2, 2], [-1, -2]), [F([2, 3], Matrix)], [6, 4, 3, 1]),
        ["tiled"] = new(Strided.Tile(new Shape(1, 2), [2, 2]), [F([1, 2], [1, 2])], [1, 2, 1, 2, 1, 2, 1, 2]),
        ["expanded"] = new(Strided.Expand(new Shape(2, 1), new Shape(2, 3)), [F([2, 1], [1, 2])], [1, 1, 1, 2, 2, 2]),
        ["take with a fill"] = new(Take.Of(new Shape(4), (_, i) => i - 1), [F([3], [1, 2, 3]), F([], [9])], [9, 1, 2, 3]),
        ["reversed sequences"] = new(new ReverseSequence(0), [F([3, 2], Matrix), L([2], 3, 2)], [5, 4, 3, 2, 1, 6]),
        ["upper triangle"] = new(new Triangle(true), [F([2, 3], Matrix), L([], 1)], [0, 2, 3, 0, 0, 6]),
        ["lower triangle"] = new(new Triangle(false), [F([2, 3], Matrix), null], [1, 0, 0, 4, 5, 0]),
        ["update slice, clamped"] = new(new UpdateSlice(), [F([2, 3], Matrix), F([1, 2], [8, 9]), L([2], 5, 2)], [1, 2, 3, 4, 8, 9]),
        ["first elements, then zeros"] = new(new KeepFirst(0), [F([2, 3], Matrix), L([], 1)], [1, 2, 3, 0, 0, 0]),
        ["sampled between pixels"] = new(new GridSample(1, 0, true), [F([1, 1, 2, 2], [1, 2, 3, 4]), F([1, 1, 3, 2], [0, 0, -1, 1, 2, 0])], [2.5, 3, 1.5]),
        ["resize to the corners"] = new(new ResizeBilinear(3, 3, true, false), [F([1, 2, 2, 1], [1, 2, 3, 4])], [1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4]),
        ["running sum, exclusive and reversed"] = new(new Running(0, false, true, true), [F([4], [1, 2, 3, 4])], [9, 7, 4, 0]),
        ["running product"] = new(new Running(0, true, false, false), [F([4], [1, 2, 3, 4])], [1, 2, 6, 24]),
        ["last of the largest"] = new(new ArgExtreme(0, true, true), [F([4], [3, 1, 3, 2])], [2]),
        ["first of the smallest"] = new(new ArgExtreme(0, false, false), [F([4], [3, 1, 1, 2])], [1]),
        ["determinant"] = new(new Determinant(), [F([2, 2, 2], [1, 2, 3, 4, 0, 1, 1, 0])], [-2, -1]),
        ["reduce, sum"] = new(new Reduce("Sum", EquatableArray.Of(1), false), [F([2, 3], Matrix)], [6, 15]),
        ["reduce, mean of integers"] = new(new Reduce("Mean", EquatableArray.Of(0), false), [L([2, 2], 1, 2, 4, 5)], [2, 3]),
        ["reduce, squares"] = new(new Reduce("SumSquare", EquatableArray.Of(0), false), [F([2, 2], [1, 2, 3, 4])], [10, 20]),
        ["reduce, length"] = new(new Reduce("L2", EquatableArray.Of(1), false), [F([2, 2], [3, 4, -6, 8])], [5, 10]),
        ["reduce, logarithm of exponentials"] = new(new Reduce("LogSumExp", EquatableArray.Of(0), false), [F([2], [1000, 1000])], [1000 + Math.Log(2)]),
        ["reduce, absolute"] = new(new Reduce("L1", EquatableArray.Of(0), false), [F([3], [1, -2, 3])], [6]),
        ["matrix product"] = new(new MatMul(), [F([2, 2], [1, 2, 3, 4]), F([2, 1], [5, 6])], [17, 39]),
        ["matrix product of bytes"] = new(new MatMul(ElementType.Int32),
            [Of(ElementType.UInt8, [1, 2], 11, 7), Of(ElementType.UInt8, [2, 1], 1, 4), Of(ElementType.UInt8, [], 12), Of(ElementType.UInt8, [], 0)], [-21]),
        ["trace"] = new(new Contract(EquatableArray.Of(2), EquatableArray.Of(3), EquatableArray.Of(0), 0), [F([2, 2], [1, 2, 3, 4])], [5]),
        ["transform of an impulse"] = new(new Fourier(1, 4, false, false), [F([1, 4, 1], [1, 0, 0, 0])], [1, 0, 1, 0, 1, 0, 1, 0]),
        ["transform of steps"] = new(new Fourier(1, 4, false, true), [F([1, 4, 1], [1, 2, 3, 4])], [10, 0, -2, 2, -2, 0]),
        ["convolution of a sequence"] = new(new ConvChannelsFirst(LibraryCases.Window([2], [3], [1], [1], [0], [0]), 1),
            [F([1, 1, 4], [1, 2, 3, 4]), F([1, 1, 2], [1, -1]), F([1], [0.5])], [-0.5, -0.5, -0.5]),
        ["transposed convolution"] = new(new TransposedConvChannelsFirst(LibraryCases.Window([2], [4], [2], [1], [0], []), 1),
            [F([1, 1, 2], [1, 2]), F([1, 1, 2], [3, 4])],
            [3, 4, 6, 8]),
        ["images from columns"] = new(new FromColumns(EquatableArray.Of(1, 3), LibraryCases.Window([1, 2], [1, 2], [1, 1], [1, 1], [0, 0], [0, 0])),
            [F([1, 2, 2], [1, 2, 3, 4])], [1, 5, 4]),
        ["largest with places"] = new(new PoolChannelsFirst("Max", LibraryCases.Window([2, 2], [1, 1], [2, 2], [1, 1], [0, 0], [0, 0]), 0, true),
            [F([1, 2, 2, 2], [1, 5, 2, 3, 4, 0, 9, 1])], [5, 9], [1, 6]),
        ["average with padding"] = new(new PoolChannelsFirst("Average", LibraryCases.Window([1, 2], [1, 3], [1, 1], [1, 1], [0, 1], [0, 1]), 0),
            [F([1, 1, 1, 2], [2, 4])], [2, 3, 4]),
        ["norm"] = new(new PoolChannelsFirst("Norm", LibraryCases.Window([1, 2], [1, 1], [1, 1], [1, 1], [0, 0], [0, 0]), 2), [F([1, 1, 1, 2], [3, 4])], [5]),
        ["unpool"] = new(new Unpool(new Shape(1, 1, 2, 2)), [F([1, 1, 1, 2], [7, 8]), L([1, 1, 1, 2], 3, 0)], [8, 0, 0, 7]),
        ["log-softmax"] = new(new LogSoftmax(1), [F([1, 2], [5, 5])], [-Math.Log(2), -Math.Log(2)]),
        ["linear attention"] = new(new LinearAttention(1, 1, 1, false), [F([1, 2, 1], [1, 2]), F([1, 2, 1], [3, 4]), F([1, 2, 1], [5, 6]), null, null, null],
            [15, 78], [39]),
        ["recurrent"] = new(new Recurrent("Simple", 0, 1, EquatableArray.Of(2f, 0, 0), 0, false),
            [F([3, 1, 1], [1, -2, 3]), F([1, 1, 1], [2]), F([1, 1, 1], [0.5])], [2, 0, 6], [6]),
        ["where"] = new(new Where(), [Of(ElementType.Bool, [2, 1], 1, 0), F([2], [1, 2]), F([1], [9])], [1, 2, 9, 9]),
        ["modulo has the sign of the divisor"] = new(new Elementwise("Modulo", ElementKind.Number), [L([4], -4, 7, 5, -8), L([4], 3, -3, 8, -3)],
            [2, -2, 5, -2]),
        ["remainder has the sign of the dividend"] = new(new Elementwise("Remainder", ElementKind.Number), [L([4], -4, 7, 5, -8), L([4], 3, -3, 8, -3)],
            [-1, 1, 5, -2]),
        ["integers divide towards zero"] = new(new Elementwise("Divide", ElementKind.Number), [L([3], -7, 7, 9), L([3], 2, -2, 3)], [-3, -3, 3]),
        ["halves round to even"] = new(new Elementwise("Round", ElementKind.Float), [F([6], [0.5, 1.5, 2.5, -0.5, -1.5, 2.6])], [0, 2, 2, 0, -2, 3]),
        ["shifts"] = new(new Elementwise("ShiftLeft", ElementKind.Integer), [Of(ElementType.UInt8, [3], 16, 129, 1), Of(ElementType.UInt8, [3], 1, 1, 7)],
            [32, 2, 128]),
        ["shrink"] = new(new Elementwise("Shrink", ElementKind.Number, null, 1.5, 1.5), [F([5], [-2, -1, 0, 1, 2])], [-0.5, 0, 0, 0, 0.5]),
        ["powers"] = new(new Elementwise("Power", ElementKind.Number), [F([3], [1, 2, 3]), L([3], 4, 5, 6)], [1, 32, 729]),
        ["four bits wrap around"] = new(new Elementwise("KeepBits", ElementKind.Number, ElementType.Int8, 4, 1), [L([4], 7, 8, -9, 17)], [7, -8, 7, 1]),
        ["auto scale"] = new(new SignalFftAutoScale(), [Of(ElementType.Int16, [3], 1, -100, 64)], [256, -25600, 16384], [8]),
        ["delay"] = new(new SignalDelay(2), [Of(ElementType.Int16, [3], 1, 2, 3), Of(ElementType.Int16, [2], 8, 9)], [8, 9, 1], [2, 3]),
        ["window"] = new(new SignalWindow(2), [Of(ElementType.Int16, [3], 100, -100, 32767), Of(ElementType.Int16, [3], 2, 4, 8)], [50, -100, 32767]),
    };

    public static TheoryData<string> Names() => [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_library_computes_what_its_operators_mean(string name)
    {
        Answer answer = Answers[name];
        var builder = new CaseBuilder(0);
        Value?[] inputs = [.. answer.Inputs.Select(x => x is null ? null : builder.IntegerInput(x.Type, [.. x.Shape]))];
        ModelGraph graph = builder.Build(builder.ApplyAll(answer.Operator, [], inputs));
        IReadOnlyList<TensorData> actual = new ReferenceInterpreter(graph, RequantizationMode.Float).Run([.. answer.Inputs.OfType<TensorData>()]);
        for (int i = 0; i < answer.Outputs.Length; i++)
        {
            for (int j = 0; j < answer.Outputs[i].Length; j++)
            {
                (double expected, double got) = (answer.Outputs[i][j], actual[i].ToDouble(j));
                Assert.True(Math.Abs(expected - got) <= 1e-5 * Math.Max(1, Math.Abs(expected)), $"Output {i}, element {j} is {got} instead of {expected}.");
            }
        }
    }

    private static TensorData F(int[] shape, double[] values) => Of(ElementType.Float32, shape, values);

    private static TensorData L(int[] shape, params double[] values) => Of(ElementType.Int64, shape, values);

    private static TensorData Of(ElementType type, int[] shape, params double[] values)
    {
        var data = new TensorData(type, new Shape(shape));
        for (int i = 0; i < values.Length; i++) data.Set(i, values[i]);
        return data;
    }

    // Lists may go on after what is expected, where their length depends on the values.
    private sealed record Answer(Operator Operator, TensorData?[] Inputs, params double[][] Outputs);
}
