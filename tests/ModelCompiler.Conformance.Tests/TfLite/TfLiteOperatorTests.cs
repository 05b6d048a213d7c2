using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Core.Tests.Formats;
using ModelCompiler.Tool.Engines;
using Op = ModelCompiler.Core.Import.TfLite.TfLiteBuiltinOperator;

namespace ModelCompiler.Conformance.Tests.TfLite;

/// <summary>TFLite operators from the file on, against their definition.</summary>
public class TfLiteOperatorTests
{
    private static readonly string[] Engines = ["reference", "x64-v3"];

    private sealed record Case(Action<TfLiteBuilder, int, int> Build, int[] Input, int[] Output, Func<double[], double[]> Expected);

    private static readonly float[] Second = [0.75f, -1.5f, 2.25f, 0.3f];

    // Operators of one float input of shape [2, 3, 4] where nothing else is said.
    private static readonly Dictionary<string, Case> Cases = new()
    {
        ["sin"] = Each(Op.Sin, Math.Sin),
        ["cos"] = Each(Op.Cos, Math.Cos),
        ["floor"] = Each(Op.Floor, Math.Floor),
        ["ceil"] = Each(Op.Ceil, Math.Ceiling),
        ["round"] = Each(Op.Round, Math.Round),
        ["square"] = Each(Op.Square, x => x * x),
        ["relu 0 to 1"] = Each(Op.Relu0To1, x => Math.Clamp(x, 0, 1)),
        ["zeros like"] = Each(Op.ZerosLike, _ => 0),
        ["rsqrt of square"] = new((m, x, y) => Chain(m, x, y, Op.Square, Op.Rsqrt), [2, 3, 4], [2, 3, 4], x => [.. x.Select(v => 1 / Math.Abs(v))]),
        ["squared difference"] = Pair(Op.SquaredDifference, (a, b) => (a - b) * (a - b)),
        ["minimum"] = Pair(Op.Minimum, Math.Min),
        ["maximum"] = Pair(Op.Maximum, Math.Max),
        ["floor div"] = Pair(Op.FloorDiv, (a, b) => Math.Floor(a / b)),
        ["floor mod"] = Pair(Op.FloorMod, (a, b) => a - (b * Math.Floor(a / b))),
        ["prelu"] = Pair(Op.Prelu, (a, b) => a > 0 ? a : a * b),
        ["add n"] = Pair(Op.AddN, (a, b) => a + b),
        ["less selects"] = new((m, x, y) =>
        {
            int c = m.Constant([4], Second), mask = m.Tensor(TfLiteTensorType.Bool, [2, 3, 4]);
            m.Add(Op.Less, [x, c], [mask]).Add(Op.SelectV2, [mask, x, c], [y]);
        }, [2, 3, 4], [2, 3, 4], x => Broadcast(x, Math.Min)),
        ["not equal and logic"] = new((m, x, y) =>
        {
            int c = m.Constant([4], Second), a = m.Tensor(TfLiteTensorType.Bool, [2, 3, 4]), b = m.Tensor(TfLiteTensorType.Bool, [2, 3, 4]),
                d = m.Tensor(TfLiteTensorType.Bool, [2, 3, 4]);
            m.Add(Op.NotEqual, [x, x], [a]).Add(Op.GreaterEqual, [x, c], [b]).Add(Op.LogicalOr, [a, b], [d]).Add(Op.Cast, [d], [y]);
        }, [2, 3, 4], [2, 3, 4], x => Broadcast(x, (a, b) => a >= b ? 1 : 0)),
        ["sum"] = new((m, x, y) => m.Add(Op.Sum, [x, m.Constant(1)], [y]), [2, 3, 4], [2, 4], x => Middle(x, v => v.Sum())),
        ["reduce max"] = new((m, x, y) => m.Add(Op.ReduceMax, [x, m.Constant(-2)], [y], new FlatNode().With(0, true)), [2, 3, 4], [2, 1, 4],
            x => Middle(x, v => v.Max())),
        ["reduce min"] = new((m, x, y) => m.Add(Op.ReduceMin, [x, m.Constant(1)], [y]), [2, 3, 4], [2, 4], x => Middle(x, v => v.Min())),
        ["cumsum"] = new((m, x, y) => m.Add(Op.Cumsum, [x, m.Scalar(1)], [y], new FlatNode().With(0, true)), [2, 3, 4], [2, 3, 4],
            x => Map(x, (i, j, k) => Enumerable.Range(0, j).Sum(t => At(x, i, t, k)))),
        ["log softmax"] = new((m, x, y) => m.Add(Op.LogSoftmax, [x], [y]), [2, 3, 4], [2, 3, 4],
            x => Map(x, (i, j, k) => At(x, i, j, k) - Math.Log(Enumerable.Range(0, 4).Sum(t => Math.Exp(At(x, i, j, t)))))),
        ["l2 normalization"] = new((m, x, y) => m.Add(Op.L2Normalization, [x], [y], new FlatNode()), [2, 3, 4], [2, 3, 4],
            x => Map(x, (i, j, k) => At(x, i, j, k) / Math.Sqrt(Enumerable.Range(0, 4).Sum(t => At(x, i, j, t) * At(x, i, j, t))))),
        ["arg max"] = new((m, x, y) =>
        {
            int index = m.Tensor(TfLiteTensorType.Int32, [2, 3]);
            m.Add(Op.ArgMax, [x, m.Scalar(2)], [index]).Add(Op.Cast, [index], [y]);
        }, [2, 3, 4], [2, 3], x => [.. x.Chunk(4).Select(r => (double)Array.IndexOf(r, r.Max()))]),
        ["gather"] = new((m, x, y) => m.Add(Op.Gather, [x, m.Constant(2, 0)], [y], new FlatNode().With(0, 1)), [2, 3, 4], [2, 2, 4],
            x => [.. Rows(x, [2, 0, 5, 3])]),
        ["gather nd"] = new((m, x, y) => m.Add(Op.GatherNd,
            [x, m.Tensor(TfLiteTensorType.Int32, [2, 2], data: [1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0])], [y]), [2, 3, 4], [2, 4],
                x => [.. Rows(x, [5, 1])]),
        ["reverse"] = new((m, x, y) => m.Add(Op.ReverseV2, [x, m.Constant(1)], [y]), [2, 3, 4], [2, 3, 4], x => Map(x, (i, j, k) => At(x, i, 2 - j, k))),
        ["mirror pad"] = new((m, x, y) => m.Add(Op.MirrorPad, [x, m.Tensor(TfLiteTensorType.Int32, [3, 2], data: Ints(0, 0, 1, 2, 0, 0))], [y]), [2, 3, 4],
            [2, 6, 4], x => [.. Rows(x, [1, 0, 1, 2, 1, 0, 4, 3, 4, 5, 4, 3])]),
        ["strided slice"] = new((m, x, y) => m.Add(Op.StridedSlice, [x, m.Constant(0, -1, 1), m.Constant(0, -9, 2), m.Constant(1, -2, 1)], [y],
            new FlatNode().With(0, 1).With(1, 1).With(4, 4)), [2, 3, 4], [2, 2], x => [At(x, 0, 2, 1), At(x, 0, 0, 1), At(x, 1, 2, 1), At(x, 1, 0, 1)]),
        ["slice"] = new((m, x, y) => m.Add(Op.Slice, [x, m.Constant(0, 1, 0), m.Constant(-1, 1, 4)], [y]), [2, 3, 4], [2, 1, 4], x => [.. Rows(x, [1, 4])]),
        ["split and pack"] = new((m, x, y) =>
        {
            (int a, int b) = (m.Floats(2, 3, 2), m.Floats(2, 3, 2));
            m.Add(Op.Split, [m.Scalar(2), x], [a, b], new FlatNode().With(0, 2)).Add(Op.Pack, [b, a], [y], new FlatNode().With(0, 2).With(1, 0));
        }, [2, 3, 4], [2, 2, 3, 2], x => [.. x.Where((_, i) => i % 4 >= 2), .. x.Where((_, i) => i % 4 < 2)]),
        ["split v"] = new((m, x, y) =>
        {
            int a = m.Floats(2, 1, 4);
            m.Add(Op.SplitV, [x, m.Constant(1, -1), m.Scalar(1)], [a, y], new FlatNode().With(0, 2));
        }, [2, 3, 4], [2, 2, 4], x => [.. Rows(x, [1, 2, 4, 5])]),
        ["unpack"] = new((m, x, y) =>
        {
            (int a, int b) = (m.Floats(2, 4), m.Floats(2, 4));
            m.Add(Op.Unpack, [x], [a, y, b], new FlatNode().With(0, 3).With(1, 1));
        }, [2, 3, 4], [2, 4], x => [.. Rows(x, [1, 4])]),
        ["broadcast to"] = new((m, x, y) => m.Add(Op.BroadcastTo, [x, m.Constant(3, 2, 3, 4)], [y]), [2, 3, 4], [3, 2, 3, 4], x => [.. x, .. x, .. x]),
        ["fill"] = new((m, x, y) =>
        {
            int one = m.Floats(1);
            m.Add(Op.Slice, [x, m.Constant(0, 0, 0), m.Constant(1, 1, 1)], [one]).Add(Op.Fill, [m.Constant(2, 5), one], [y]);
        }, [2, 3, 4], [2, 5], x => [.. Enumerable.Repeat(x[0], 10)]),
        ["depth to space"] = new((m, x, y) => m.Add(Op.DepthToSpace, [x], [y], new FlatNode().With(0, 2)), [1, 1, 2, 8], [1, 2, 4, 2],
            x => [x[0], x[1], x[2], x[3], x[8], x[9], x[10], x[11], x[4], x[5], x[6], x[7], x[12], x[13], x[14], x[15]]),
        ["space to depth"] = new((m, x, y) => m.Add(Op.SpaceToDepth, [x], [y], new FlatNode().With(0, 2)), [1, 2, 4, 1], [1, 1, 2, 4],
            x => [x[0], x[1], x[4], x[5], x[2], x[3], x[6], x[7]]),
        ["space to batch"] = new((m, x, y) => m.Add(Op.SpaceToBatchNd, [x, m.Constant(2, 2), m.Tensor(TfLiteTensorType.Int32, [2, 2], data: Ints(0, 0, 1, 1))],
            [y]), [1, 2, 2, 1], [4, 1, 2, 1], x => [0, x[1], x[0], 0, 0, x[3], x[2], 0]),
        ["batch to space"] = new((m, x, y) => m.Add(Op.BatchToSpaceNd, [x, m.Constant(2, 2), m.Tensor(TfLiteTensorType.Int32, [2, 2], data: Ints(0, 0, 1, 1))],
            [y]), [4, 1, 2, 1], [1, 2, 2, 1], x => [x[2], x[1], x[6], x[5]]),
        ["resize nearest"] = new((m, x, y) => m.Add(Op.ResizeNearestNeighbor, [x, m.Constant(4, 2)], [y], new FlatNode().With(1, true)), [1, 2, 2, 1],
            [1, 4, 2, 1], x => [x[0], x[1], x[0], x[1], x[2], x[3], x[2], x[3]]),
        ["resize bilinear"] = new((m, x, y) => m.Add(Op.ResizeBilinear, [x, m.Constant(3, 2)], [y], new FlatNode().With(2, true)), [1, 2, 2, 1], [1, 3, 2, 1],
            x => [x[0], x[1], (x[0] + x[2]) / 2, (x[1] + x[3]) / 2, x[2], x[3]]),
        ["batch matmul"] = new((m, x, y) => m.Add(Op.BatchMatMul, [x, x], [y], new FlatNode().With(1, true)), [2, 3, 4], [2, 3, 3],
            x => [.. Enumerable.Range(0, 18).Select(i => Enumerable.Range(0, 4).Sum(k => At(x, i / 9, i / 3 % 3, k) * At(x, i / 9, i % 3, k)))]),
        ["l2 pool"] = new((m, x, y) => m.Add(Op.L2Pool2D, [x], [y], new FlatNode().With(0, (sbyte)1).With(1, 1).With(2, 1).With(3, 2).With(4, 2)),
            [1, 2, 2, 1], [1, 1, 1, 1], x => [Math.Sqrt(x.Sum(v => v * v) / 4)]),
        ["update slice"] = new((m, x, y) => m.Add(Op.DynamicUpdateSlice, [x, m.Constant([1, 1, 2], 7, 8), m.Constant(1, 9, 1)], [y]), [2, 3, 4], [2, 3, 4],
            x => Map(x, (i, j, k) => (i, j, k) == (1, 2, 1) ? 7 : (i, j, k) == (1, 2, 2) ? 8 : At(x, i, j, k))),
        ["shape"] = new((m, x, y) =>
        {
            int shape = m.Tensor(TfLiteTensorType.Int32, [3]), real = m.Floats(3), sum = m.Floats(1);
            m.Add(Op.Shape, [x], [shape]).Add(Op.Cast, [shape], [real]).Add(Op.Slice, [x, m.Constant(0, 0, 0), m.Constant(1, 1, 1)], [sum])
                .Add(Op.Add, [real, sum], [y], new FlatNode());
        }, [2, 3, 4], [1, 1, 3], x => [2 + x[0], 3 + x[0], 4 + x[0]]),
        ["while"] = new(Loop, [2, 3, 4], [2, 3, 4], x => [.. x.Select(v => v * 8)]),
        ["if"] = new(Choice, [2, 3, 4], [2, 3, 4], x => [.. x.Select(v => x[0] > 0 ? -v : v + v)]),
    };

    public static TheoryData<string> Names() => new(Cases.Keys);

    /// <summary>The models of all cases.</summary>
    internal static IEnumerable<(string Name, byte[] Model)> Models() => Cases.Keys.Select(name => (name, Write(name)));

    private static byte[] Write(string name)
    {
        Case c = Cases[name];
        var model = new TfLiteBuilder();
        int x = model.Floats(c.Input), y = model.Floats(c.Output);
        c.Build(model, x, y);
        if (name is not ("while" or "if")) model.End([x], [y]);
        return model.ToFile();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Operators_do_as_they_are_defined(string name)
    {
        Case c = Cases[name];
        byte[] file = Write(name);
        var random = new Random(name.Length);
        for (int run = 0; run < 3; run++)
        {
            float[] input = [.. Enumerable.Range(0, new Shape(c.Input).Elements).Select(_ => (float)((random.NextDouble() * 6) - 3))];
            double[] expected = c.Expected([.. input.Select(v => (double)v)]);
            foreach (string engine in Engines)
            {
                using IEngine network = Engine(engine, file);
                float[] actual = network.RunReal([TensorData.Of(new Shape(c.Input), input)])[0].ToFloats();
                Assert.Equal(expected.Length, actual.Length);
                for (int i = 0; i < actual.Length; i++)
                    Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 * Math.Max(1, Math.Abs(expected[i])),
                        $"{name}, {engine}: element {i} is {actual[i]}, not {expected[i]}.");
            }
        }
    }

    [Theory]
    [InlineData("reference")]
    [InlineData("x64-v3")]
    public void Variables_keep_the_last_frames(string engine)
    {
        // A ring of three frames: read, append the new one, drop the oldest, assign; the sum over time is the output.
        var model = new TfLiteBuilder();
        int x = model.Floats(1, 1, 2), handle = model.Tensor(TfLiteTensorType.Resource, []), again = model.Tensor(TfLiteTensorType.Resource, []);
        int ring = model.Floats(1, 3, 2), four = model.Floats(1, 4, 2), next = model.Floats(1, 3, 2), y = model.Floats(1, 2);
        FlatNode Name() => new FlatNode().With(0, "").With(1, "ring");
        model.Add(Op.CallOnce, [], [], new FlatNode().With(0, 1)).Add(Op.VarHandle, [], [handle], Name()).Add(Op.ReadVariable, [handle], [ring])
            .Add(Op.Concatenation, [ring, x], [four], new FlatNode().With(0, 1))
            .Add(Op.StridedSlice, [four, model.Constant(0, 1, 0), model.Constant(1, 4, 2), model.Constant(1, 1, 1)], [next], new FlatNode())
            .Add(Op.VarHandle, [], [again], Name())
            .Add(Op.AssignVariable, [again, next], []).Add(Op.Sum, [four, model.Constant(1)], [y], new FlatNode()).End([x], [y]);
        int inner = model.Tensor(TfLiteTensorType.Resource, []), first = model.Constant([1, 3, 2], 1, 2, 3, 4, 5, 6);
        model.Add(Op.VarHandle, [], [inner], Name()).Add(Op.AssignVariable, [inner, first], []).End([], []);
        using IEngine network = Engine(engine, model.ToFile());
        Assert.True(network.IsStateful);
        for (int round = 0; round < 2; round++)
        {
            var frames = new Queue<float[]>([[1, 2], [3, 4], [5, 6]]);
            for (int i = 0; i < 6; i++)
            {
                float[] frame = [i * 10, -i];
                float[] actual = network.RunReal([TensorData.Of(new Shape(1, 1, 2), frame)])[0].ToFloats();
                Assert.Equal([frames.Sum(f => f[0]) + frame[0], frames.Sum(f => f[1]) + frame[1]], actual);
                frames.Enqueue(frame);
                frames.Dequeue();
            }

            network.Reset();
        }
    }

    [Theory]
    [InlineData(nameof(Op.Sin))]
    [InlineData(nameof(Op.Square))]
    [InlineData(nameof(Op.Sum))]
    [InlineData(nameof(Op.ReduceMax))]
    [InlineData(nameof(Op.LogSoftmax))]
    [InlineData(nameof(Op.L2Normalization))]
    public void Quantised_operators_come_near_the_real_ones(string op)
    {
        Op code = Enum.Parse<Op>(op);
        bool reduces = code is Op.Sum or Op.ReduceMax;
        var model = new TfLiteBuilder();
        int x = model.Tensor(TfLiteTensorType.Int8, [2, 16], 0.02f, 3),
            y = model.Tensor(TfLiteTensorType.Int8, reduces ? [2] : [2, 16], code == Op.ReduceMax ? 0.02f : 0.25f, code == Op.ReduceMax ? 3 : -5);
        model.Add(code, reduces ? [x, model.Constant(1)] : [x], [y], new FlatNode()).End([x], [y]);
        using IEngine reference = Engine("reference", model.ToFile()), generated = Engine("x64-v3", model.ToFile());
        var random = new Random(5);
        float[] real = [.. Enumerable.Range(0, 32).Select(_ => random.Next(-128, 128)).Select(q => (q - 3) * 0.02f)];
        double[] expected = [.. real.Chunk(16).SelectMany(row => code switch
        {
            Op.Sin => row.Select(v => Math.Sin(v)),
            Op.Square => row.Select(v => (double)v * v),
            Op.Sum => [row.Sum()],
            Op.ReduceMax => [row.Max()],
            Op.LogSoftmax => row.Select(v => v - Math.Log(row.Sum(u => Math.Exp(u)))),
            _ => row.Select(v => v / Math.Sqrt(row.Sum(u => (double)u * u))),
        })];
        float[] actual = generated.RunReal([TensorData.Of(new Shape(2, 16), real)])[0].ToFloats();
        Assert.Equal(reference.RunReal([TensorData.Of(new Shape(2, 16), real)])[0].ToFloats(), actual);
        double step = code == Op.ReduceMax ? 0.02 : 0.25;
        for (int i = 0; i < actual.Length; i++) Assert.InRange(actual[i], expected[i] - (0.51 * step), expected[i] + (0.51 * step));
    }

    private static IEngine Engine(string engine, byte[] file)
    {
        var options = new CompilationOptions { Target = engine == "reference" ? null : engine, Requantization = RequantizationMode.FixedPoint };
        CompilationResult result = ModelCompilation.Run(new CompilationInput("case.tflite", file, options));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return EngineFactory.Create(engine == "reference" ? EngineKind.Reference : EngineKind.Generated, result, options);
    }

    private static Case Each(Op code, Func<double, double> function) =>
        new((m, x, y) => m.Add(code, [x], [y], new FlatNode()), [2, 3, 4], [2, 3, 4], x => [.. x.Select(function)]);

    private static Case Pair(Op code, Func<double, double, double> function) =>
        new((m, x, y) => m.Add(code, [x, m.Constant([4], Second)], [y], new FlatNode()), [2, 3, 4], [2, 3, 4], x => Broadcast(x, function));

    private static void Chain(TfLiteBuilder model, int x, int y, Op first, Op second)
    {
        int middle = model.Floats(2, 3, 4);
        model.Add(first, [x], [middle]).Add(second, [middle], [y]);
    }

    // i = 0; while (i < 3) { i = i + 1; x = x + x; }
    private static void Loop(TfLiteBuilder model, int x, int y)
    {
        int end = model.Tensor(TfLiteTensorType.Int32, []);
        model.Add(Op.While, [model.Scalar(0), x], [end, y], new FlatNode().With(0, 1).With(1, 2)).End([x], [y]);
        (int i, int value, int condition) = (model.Tensor(TfLiteTensorType.Int32, []), model.Floats(2, 3, 4), model.Tensor(TfLiteTensorType.Bool, []));
        model.Add(Op.Less, [i, model.Scalar(3)], [condition]).End([i, value], [condition]);
        (int j, int v, int next, int doubled) = (model.Tensor(TfLiteTensorType.Int32, []), model.Floats(2, 3, 4), model.Tensor(TfLiteTensorType.Int32, []),
            model.Floats(2, 3, 4));
        model.Add(Op.Add, [j, model.Scalar(1)], [next], new FlatNode()).Add(Op.Add, [v, v], [doubled], new FlatNode()).End([j, v], [next, doubled]);
    }

    // x[0, 0, 0] > 0 ? −x : x + x
    private static void Choice(TfLiteBuilder model, int x, int y)
    {
        (int first, int condition) = (model.Floats(1, 1, 1), model.Tensor(TfLiteTensorType.Bool, [1, 1, 1]));
        model.Add(Op.Slice, [x, model.Constant(0, 0, 0), model.Constant(1, 1, 1)], [first]).Add(Op.Greater, [first, model.Constant([1], 0)], [condition])
            .Add(Op.If, [condition, x], [y], new FlatNode().With(0, 1).With(1, 2)).End([x], [y]);
        (int a, int negated) = (model.Floats(2, 3, 4), model.Floats(2, 3, 4));
        model.Add(Op.Neg, [a], [negated]).End([a], [negated]);
        (int b, int doubled) = (model.Floats(2, 3, 4), model.Floats(2, 3, 4));
        model.Add(Op.Add, [b, b], [doubled], new FlatNode()).End([b], [doubled]);
    }

    private static byte[] Ints(params int[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static double At(double[] x, int i, int j, int k) => x[(((i * 3) + j) * 4) + k];

    private static double[] Map(double[] x, Func<int, int, int, double> element) => [.. x.Select((_, n) => element(n / 12, n / 4 % 3, n % 4))];

    private static double[] Broadcast(double[] x, Func<double, double, double> function) => [.. x.Select((v, n) => function(v, Second[n % 4]))];

    private static double[] Middle(double[] x, Func<IEnumerable<double>, double> reduce) =>
        [.. Enumerable.Range(0, 8).Select(n => reduce(Enumerable.Range(0, 3).Select(j => At(x, n / 4, j, n % 4))))];

    private static IEnumerable<double> Rows(double[] x, int[] rows) => rows.SelectMany(r => x.Skip(4 * r).Take(4));
}
