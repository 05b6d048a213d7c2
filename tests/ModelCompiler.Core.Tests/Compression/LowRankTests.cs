using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Compression;

public class LowRankTests
{
    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);

    private static Dictionary<string, Func<CaseBuilder, Value>> Networks { get; } = new()
    {
        ["residual"] = b =>
        {
            Value x = b.Apply(Conv, b.Input(1, 8, 8, 3), b.Constant(16, 3, 3, 3), b.Constant(16));
            Value y = b.Apply(Conv with { Activation = ActivationRange.None }, b.Apply(Conv, x, b.Constant(20, 3, 3, 16), b.Constant(20)),
                b.Constant(16, 3, 3, 20), b.Constant(16));
            return b.Apply(new Binary(BinaryKind.Add, ActivationRange.Relu), x, y);
        },
        ["strides without bias"] = b => b.Apply(Conv with { StrideDown = 2, StrideRight = 2, PadTop = 0, PadLeft = 0 },
            b.Apply(Conv, b.Input(1, 8, 9, 16), b.Constant(24, 3, 3, 16)), b.Constant(12, 3, 3, 24)),
        ["separable"] = b => b.Apply(Conv with { PadTop = 0, PadLeft = 0, PadRight = 0, PadBottom = 0 }, b.Apply(Conv with { Groups = 24 },
            b.Apply(Conv, b.Input(1, 8, 8, 12), b.Constant(24, 3, 3, 12), b.Constant(24)), b.Constant(24, 3, 3, 1), b.Constant(24)),
            b.Constant(20, 1, 1, 24), b.Constant(20)),
        ["sequence"] = b => b.Apply(Conv with { PadTop = 0, PadBottom = 0, StrideRight = 2 }, b.Input(1, 1, 30, 16), b.Constant(24, 1, 3, 16)),
        ["dense"] = b => b.Apply(new FullyConnected(false, ActivationRange.None),
            b.Apply(new FullyConnected(false, ActivationRange.Relu), b.Input(16, 32), b.Constant(40, 32), b.Constant(40)), b.Constant(6, 40), b.Constant(6)),
    };

    public static TheoryData<string, string, int> Cases()
    {
        var data = new TheoryData<string, string, int>();
        foreach (string name in Networks.Keys)
        {
            foreach (string share in new[] { "0.8", "0.55", "Auto" })
            {
                foreach (int bits in new[] { 0, 8 }) data.Add(name, share, bits);
            }
        }

        return data;
    }

    // 0 bits stand for floats.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Thinner_networks_keep_the_share_and_compile(string name, string share, int bits)
    {
        var b = new CaseBuilder(7);
        ModelGraph original = b.Build(Networks[name](b));
        PipelineContext context = FitWeightsTests.Context(original, bits, new CompilationOptions { LowRank = share });
        ModelGraph thin = LowRank.Run(original, context, bits > 0);
        GraphVerifier.Verify(thin, "low rank");
        double kept = (double)NetworkSize.Of(thin).Macs / NetworkSize.Of(original).Macs;
        if (share != "Auto") Assert.InRange(kept, 0.3, double.Parse(share, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(original.Outputs.AsEnumerable(), thin.Outputs);
        Assert.Equal(original.Values[original.Outputs[0]], thin.Values[thin.Outputs[0]]);
        Assert.Contains(context.Report.Notes, n => n.StartsWith("Low rank keeps ", StringComparison.Ordinal));
        if (bits > 0)
        {
            RangeCalibrator.Run(thin, context);
            WeightBitsChoice.Run(thin, context);
        }

        GraphVerifier.Verify(Pipeline.Try(thin, context), "compression");
        // The same with real numbers at the edges.
        ModelGraph compiled = bits > 0 ? FitWeights.Run(thin, PostTrainingQuantization.Run(thin, context), context) : Pipeline.Try(thin, context);
        double power = FitWeightsTests.Error(original, Silenced(original));
        Assert.InRange(FitWeightsTests.Error(original, compiled), 0, power);
    }

    [Fact]
    public void A_layer_of_low_rank_stays_what_it_is()
    {
        // Of 24 outputs all are sums of four.
        var b = new CaseBuilder(5);
        Value few = b.Constant(4, 3, 3, 16), mix = b.Constant(24, 4), x = b.Input(1, 8, 8, 16);
        float[] weights = new float[24 * 144];
        for (int i = 0; i < weights.Length; i++)
            weights[i] = Enumerable.Range(0, 4).Sum(r => mix.Constant!.Floats[(i / 144 * 4) + r] * few.Constant!.Floats[(r * 144) + (i % 144)]);
        Value all = b.Numbers(ElementType.Float32, null, _ => 0, 24, 3, 3, 16);
        weights.CopyTo(all.Constant!.Floats);
        ModelGraph original = b.Build(b.Apply(Conv, x, all, b.Constant(24)));
        ModelGraph thin = LowRank.Run(original, FitWeightsTests.Context(original, 0, new CompilationOptions { LowRank = "0.3" }), false);
        Assert.Equal(2, thin.Nodes.Length);
        Assert.True(FitWeightsTests.Error(original, thin) < 1e-6 * FitWeightsTests.Error(original, Silenced(original)));
    }

    [Fact]
    public void Later_layers_make_up_for_what_earlier_ones_lose()
    {
        var b = new CaseBuilder(7);
        ModelGraph original = b.Build(Networks["residual"](b));
        PipelineContext context = FitWeightsTests.Context(original, 0, new CompilationOptions { LowRank = "0.6" });
        Dictionary<int, RankChoice> choices = new RankAllocation(original, context).At(0.6);
        ModelGraph thin = ThinningFit.Run(original, context, choices);
        // The same ranks, each in a network that is otherwise as it was.
        double alone = choices.Sum(c =>
            FitWeightsTests.Error(original, ThinningFit.Run(original, context, new Dictionary<int, RankChoice> { [c.Key] = c.Value })));
        Assert.True(FitWeightsTests.Error(original, thin) < 1.5 * alone);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    public void The_automatic_share_keeps_the_limits(int bits)
    {
        var b = new CaseBuilder(7);
        ModelGraph original = b.Build(Networks["dense"](b));
        double[] kept = [.. new[] { 0.05, 0.2, 0.6 }.Select(drop =>
        {
            var options = new CompilationOptions { LowRank = "Auto", MaxAccuracyDrop = drop, Metric = "agreement" };
            CalibrationSamples samples = FitWeightsTests.Context(original, bits).Samples!;
            var context = new PipelineContext(new CompilationInput("case.onnx", default, options) { Evaluation = Archive(samples.Inputs) },
                CodeGen.Emit.Target.Default, new DiagnosticBag("case.onnx")) { Samples = samples };
            ModelGraph thin = LowRank.Run(original, context, bits > 0);
            if (bits > 0)
            {
                RangeCalibrator.Run(thin, context);
                WeightBitsChoice.Run(thin, context);
            }

            AccuracyCheck.Run(original, Pipeline.Try(thin, context), context);
            Assert.InRange(context.Report.Accuracy!.Drop!.Value, 0, drop);
            return (double)NetworkSize.Of(thin).Macs / NetworkSize.Of(original).Macs;
        })];
        Assert.True(kept[0] >= kept[1] && kept[1] >= kept[2] && kept[2] < 0.9, string.Join(", ", kept));

        static byte[] Archive(IReadOnlyList<TensorData>[] samples)
        {
            using var stream = new MemoryStream();
            float[] x = [.. samples.SelectMany(s => s[0].ToFloats())];
            NpzArchive.Write(stream, [KeyValuePair.Create("x", NumpyArray.Of<float>(x, [samples.Length, .. samples[0][0].Shape]))]);
            return stream.ToArray();
        }
    }

    [Fact]
    public void It_gives_the_same_every_time()
    {
        Assert.Equal(Constants(), Constants());

        static string[] Constants()
        {
            var b = new CaseBuilder(7);
            ModelGraph original = b.Build(Networks["residual"](b));
            ModelGraph thin = LowRank.Run(original, FitWeightsTests.Context(original, 0, new CompilationOptions { LowRank = "0.6" }), false);
            return [.. thin.Nodes.SelectMany(n => n.Inputs).Where(i => thin.Values[i].Constant is not null)
                .Select(i => Convert.ToHexString(thin.Values[i].Constant!.Bytes))];
        }
    }

    [Fact]
    public void Networks_without_the_option_and_shared_weights_stay()
    {
        var b = new CaseBuilder(3);
        Value shared = b.Constant(16, 3, 3, 16), x = b.Input(1, 8, 8, 16);
        ModelGraph original = b.Build(b.Apply(Conv, b.Apply(Conv, x, shared), shared));
        Assert.Same(original, LowRank.Run(original, FitWeightsTests.Context(original, 8), true));
        Assert.Same(original, LowRank.Run(original, FitWeightsTests.Context(original, 8, new CompilationOptions { LowRank = "0.5" }), true));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("-0.5")]
    [InlineData("half")]
    [InlineData("NaN")]
    public void Other_shares_are_errors(string text) =>
        Assert.Equal("MC9002", Assert.Throws<ModelCompilationException>(() => LowRank.OptionShare(new CompilationOptions { LowRank = text })).Code);

    [Fact]
    public void It_needs_samples()
    {
        var b = new CaseBuilder(7);
        ModelGraph original = b.Build(Networks["dense"](b));
        PipelineContext context = FitWeightsTests.Context(original, 8, new CompilationOptions { LowRank = "0.5" });
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => CompressionChoice.Read(original, context));
        Assert.Equal("MC3001", error.Code);
        Assert.Contains(nameof(CompilationOptions.LowRank), error.Message, StringComparison.Ordinal);
    }

    // All weights zero: what is worse than nothing.
    internal static ModelGraph Silenced(ModelGraph graph)
    {
        var editor = new GraphEditor(graph);
        foreach (Value value in graph.Values.Values.Where(v => v.Constant is not null).OrderBy(v => v.Id))
            editor.SetValue(value with { Constant = new TensorData(value.Type, value.Shape) });
        return editor.ToGraph();
    }
}
