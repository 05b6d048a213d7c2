using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Compression;

public class FitWeightsTests
{
    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);

    public static TheoryData<string, int> Cases()
    {
        var data = new TheoryData<string, int>();
        foreach (string name in Networks.Keys)
        {
            foreach (int bits in new[] { 2, 3, 4, 8 }) data.Add(name, bits);
        }

        return data;
    }

    internal static Dictionary<string, Func<CaseBuilder, Value>> Networks { get; } = new()
    {
        ["chain"] = b => b.Apply(Conv, b.Apply(Conv, b.Input(1, 8, 8, 3), b.Constant(12, 3, 3, 3), b.Constant(12)), b.Constant(10, 3, 3, 12), b.Constant(10)),
        ["without bias"] = b => b.Apply(Conv, b.Apply(Conv, b.Input(1, 8, 8, 3), b.Constant(12, 3, 3, 3)), b.Constant(10, 3, 3, 12)),
        ["depthwise"] = b => b.Apply(Conv with { Groups = 8 }, b.Apply(Conv, b.Input(1, 8, 8, 3), b.Constant(8, 3, 3, 3), b.Constant(8)),
            b.Constant(8, 3, 3, 1), b.Constant(8)),
        ["groups"] = b => b.Apply(Conv with { Groups = 2, StrideDown = 2, DilationRight = 2, PadRight = 2 }, b.Input(1, 9, 8, 6), b.Constant(8, 3, 3, 3),
            b.Constant(8)),
        ["residual"] = b =>
        {
            Value x = b.Apply(Conv, b.Input(1, 8, 8, 3), b.Constant(8, 3, 3, 3), b.Constant(8));
            Value y = b.Apply(Conv with { Activation = ActivationRange.None }, b.Apply(Conv, x, b.Constant(8, 3, 3, 8), b.Constant(8)), b.Constant(8, 3, 3, 8),
                b.Constant(8));
            return b.Apply(new Binary(BinaryKind.Add, ActivationRange.Relu), x, y);
        },
        ["dense"] = b => b.Apply(new FullyConnected(false, ActivationRange.None),
            b.Apply(new FullyConnected(false, ActivationRange.Relu), b.Input(16, 24), b.Constant(40, 24), b.Constant(40)), b.Constant(6, 40), b.Constant(6)),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_come_closer_to_the_float_network(string name, int bits)
    {
        (PipelineContext context, ModelGraph original, ModelGraph rounded, ModelGraph fitted) = Fit(name, bits);
        Assert.Equal(rounded.Nodes.Select(n => n.Operator), fitted.Nodes.Select(n => n.Operator));
        (double before, double after) = (Error(original, rounded), Error(original, fitted));
        Assert.True(after <= before * (bits == 8 ? 1.1 : 0.9), $"{before} before, {after} after");
        WeightGrid grid = WeightGrid.Of(bits);
        foreach (Node layer in fitted.Nodes.Where(n => n.Operator is ILinearLayer))
            Assert.All(fitted.Values[layer.Inputs[1]].Constant!.ToInt32s(), w => Assert.InRange(w, grid.Low, grid.High));
        Assert.Contains(context.Report.Notes, n => n.StartsWith("Fitted the weights of", StringComparison.Ordinal));
    }

    [Fact]
    public void It_gives_the_same_every_time()
    {
        ModelGraph first = Fit("residual", 4).Fitted, second = Fit("residual", 4).Fitted;
        Assert.Equal(Constants(first), Constants(second));

        static IEnumerable<string> Constants(ModelGraph graph) =>
            graph.Nodes.SelectMany(n => n.Inputs).Where(i => graph.Values[i].Constant is not null)
            .Select(i => Convert.ToHexString(graph.Values[i].Constant!.Bytes) + string.Join(",", graph.Values[i].Quantization?.Scales ?? []));
    }

    [Fact]
    public void Weights_that_layers_share_stay_shared()
    {
        var b = new CaseBuilder(3);
        Value shared = b.Constant(8, 3, 3, 8), x = b.Input(1, 8, 8, 8);
        ModelGraph original = b.Build(b.Apply(Conv, b.Apply(Conv, x, shared), shared));
        (_, ModelGraph rounded, ModelGraph fitted) = Fit(original, 4);
        Assert.Equal(Weights(rounded), Weights(fitted));

        static IEnumerable<int> Weights(ModelGraph graph) =>
            graph.Nodes.Where(n => n.Operator is ILinearLayer).SelectMany(n => graph.Values[n.Inputs[1]].Constant!.ToInt32s());
    }

    private static (PipelineContext Context, ModelGraph Original, ModelGraph Rounded, ModelGraph Fitted) Fit(string name, int bits)
    {
        var b = new CaseBuilder(7);
        ModelGraph original = b.Build(Networks[name](b));
        (PipelineContext context, ModelGraph rounded, ModelGraph fitted) = Fit(original, bits);
        return (context, original, rounded, fitted);
    }

    internal static PipelineContext Context(ModelGraph original, int bits, CompilationOptions? options = null) =>
        new(new CompilationInput("case.onnx", default, options ?? new CompilationOptions()), CodeGen.Emit.Target.Default, new DiagnosticBag("case.onnx"))
        {
            Samples = new CalibrationSamples("samples.npz", [.. Enumerable.Range(0, 48)], Samples(original, 11, 48)),
            WeightBits = original.Nodes.Where(n => n.Operator is ILinearLayer).ToDictionary(n => n.Outputs[0], _ => bits),
        };

    private static (PipelineContext Context, ModelGraph Rounded, ModelGraph Fitted) Fit(ModelGraph original, int bits)
    {
        PipelineContext context = Context(original, bits);
        RangeCalibrator.Run(original, context);
        ModelGraph rounded = PostTrainingQuantization.Run(original, context);
        ModelGraph fitted = FitWeights.Run(original, rounded, context);
        GraphVerifier.Verify(fitted, "fitting");
        return (context, rounded, fitted);
    }

    private static IReadOnlyList<TensorData>[] Samples(ModelGraph graph, int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<TensorData>)[.. graph.InputValues.Select(v => CaseBuilder.Random(v, random))])];
    }

    // On samples that were not fitted to.
    internal static double Error(ModelGraph original, ModelGraph quantised) => Samples(original, 12, 16).Sum(sample =>
    {
        float[] expected = new ReferenceInterpreter(original, RequantizationMode.Float).Run(sample)[0].ToFloats(),
            actual = new ReferenceInterpreter(quantised, RequantizationMode.Float).Run(sample)[0].ToFloats();
        return expected.Zip(actual, (x, y) => Math.Pow(x - y, 2)).Sum();
    });
}
