using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Compression;

public class ChannelPruningTests
{
    private static readonly Conv Same = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);
    private static readonly Conv Pointwise = new(1, 1, 1, 1, 0, 0, 0, 0, 1, ActivationRange.None);
    private static readonly FullyConnected Dense = new(false, ActivationRange.None);

    private static Dictionary<string, Func<CaseBuilder, Value>> Networks { get; } = new()
    {
        ["residual"] = b =>
        {
            Value x = Layer(b, Same, b.Input(1, 8, 8, 3), 16);
            Value y = Layer(b, Same with { Activation = ActivationRange.None }, Layer(b, Same, x, 20), 16);
            return Head(b, b.Apply(new Binary(BinaryKind.Add, ActivationRange.Relu), x, y));
        },
        ["inverted residual"] = b =>
        {
            Value x = Layer(b, Pointwise, b.Input(1, 8, 8, 3), 12);
            Value wide = Depthwise(b, Layer(b, Pointwise with { Activation = ActivationRange.Relu6 }, x, 36), 36);
            return Head(b, b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), x, Layer(b, Pointwise, wide, 12)));
        },
        ["squeeze and excite"] = b =>
        {
            Value x = Layer(b, Same, b.Input(1, 8, 8, 3), 24);
            Value mean = b.Apply(new ReduceMean(EquatableArray.Of(1, 2), true), x);
            Value few = Layer(b, Pointwise with { Activation = ActivationRange.Relu }, mean, 8);
            Value gate = b.Apply(new Unary(UnaryKind.Sigmoid), Layer(b, Pointwise, few, 24));
            return Head(b, b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), x, gate));
        },
        ["branches"] = b =>
        {
            Value x = Layer(b, Same, b.Input(1, 8, 8, 3), 12);
            Value both = b.Apply(new Concatenation(3), Layer(b, Same, x, 10), x, Layer(b, Pointwise, x, 14));
            return Head(b, b.Apply(new Pool(PoolKind.Max, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), both));
        },
        ["flattened"] = b =>
        {
            Value x = Layer(b, Same with { StrideDown = 2, StrideRight = 2 }, b.Input(1, 8, 8, 3), 12);
            Value flat = b.Apply(new Reshape(new Shape(1, 4 * 4 * 12)), x);
            return b.Apply(Dense, b.Apply(Dense with { Activation = ActivationRange.Relu }, flat, b.Constant(30, 192), b.Constant(30)),
                b.Constant(5, 30), b.Constant(5));
        },
        ["rows of images"] = b => b.Apply(Dense, Layer(b, Same with { StrideDown = 2, StrideRight = 2 }, b.Input(1, 8, 8, 3), 12), b.Constant(5, 192)),
        ["scaled"] = b => Head(b, b.Apply(new Binary(BinaryKind.Add, ActivationRange.Relu),
            b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), Layer(b, Same, b.Input(1, 8, 8, 3), 16), b.Constant(16)), b.Constant(1, 1, 1, 16))),
    };

    public static TheoryData<string, string, int> Cases()
    {
        var data = new TheoryData<string, string, int>();
        foreach (string name in Networks.Keys)
        {
            foreach (string share in new[] { "0.2", "0.5", "Auto" })
            {
                foreach (int bits in new[] { 0, 8 }) data.Add(name, share, bits);
            }
        }

        return data;
    }

    // 0 bits stand for floats.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Thinner_networks_save_the_share_and_compile(string name, string share, int bits)
    {
        ModelGraph original = Network(name);
        PipelineContext context = FitWeightsTests.Context(original, bits, new CompilationOptions { Pruning = "Channels", Sparsity = share });
        ModelGraph thin = ChannelPruning.Run(original, context, bits > 0);
        GraphVerifier.Verify(thin, "channels");
        double saved = 1 - ((double)NetworkSize.Of(thin).Macs / NetworkSize.Of(original).Macs);
        if (share != "Auto") Assert.InRange(saved, double.Parse(share, System.Globalization.CultureInfo.InvariantCulture), 0.75);
        Assert.Equal(original.Outputs.AsEnumerable(), thin.Outputs);
        Assert.Equal(original.Values[original.Outputs[0]], thin.Values[thin.Outputs[0]]);
        Assert.Contains(context.Report.Notes, n => n.StartsWith("Pruning of channels removes ", StringComparison.Ordinal));
        if (bits > 0)
        {
            RangeCalibrator.Run(thin, context);
            WeightBitsChoice.Run(thin, context);
        }

        // The same with real numbers at the edges.
        ModelGraph compiled = bits > 0 ? FitWeights.Run(thin, PostTrainingQuantization.Run(thin, context), context) : Pipeline.Try(thin, context);
        GraphVerifier.Verify(compiled, "compression");
        Assert.InRange(FitWeightsTests.Error(original, compiled), 0, Power(original));
    }

    public static TheoryData<string> Names() => [.. Networks.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_nobody_reads_can_be_cut(string name)
    {
        ModelGraph original = Network(name);
        PipelineContext context = FitWeightsTests.Context(original, 0, new CompilationOptions { Pruning = "Channels", Sparsity = "0.4" });
        var choice = new ChannelChoice(original, context);
        HashSet<int> gone = choice.At(0.4);
        ModelGraph unread = ThinningFit.Run(original, context, choice.KeptTaps(gone)), cut = ChannelCut.Run(unread, choice.Channels, gone);
        Assert.True(NetworkSize.Of(cut).Macs < 0.65 * NetworkSize.Of(unread).Macs);
        Assert.True(NetworkSize.Of(cut).WeightBytes < NetworkSize.Of(unread).WeightBytes);
        Assert.InRange(FitWeightsTests.Error(unread, cut), 0, 1e-10 * Power(original));
    }

    [Fact]
    public void Channels_that_say_nothing_of_their_own_go_first()
    {
        // Of 16 channels the last six are the first six once more.
        var b = new CaseBuilder(3);
        Value x = b.Input(1, 8, 8, 3), weights = b.Constant(16, 3, 3, 3), bias = b.Constant(16);
        weights.Constant!.Floats[..(6 * 27)].CopyTo(weights.Constant.Floats[(10 * 27)..]);
        bias.Constant!.Floats[..6].CopyTo(bias.Constant.Floats[10..]);
        ModelGraph original = b.Build(Layer(b, Same, b.Apply(Same, x, weights, bias), 8));
        var choice = new ChannelChoice(original, FitWeightsTests.Context(original, 0, new CompilationOptions { Pruning = "Channels", Sparsity = "0.3" }));
        int[] places = choice.Channels[original.Nodes[0].Outputs[0]];
        HashSet<int> gone = choice.At(6.0 / 16);
        Assert.Equal(6, gone.Count);
        Assert.All(Enumerable.Range(0, 6), i => Assert.True(gone.Contains(places[i]) ^ gone.Contains(places[i + 10])));
    }

    [Fact]
    public void What_an_unknown_operator_reads_stays()
    {
        var b = new CaseBuilder(3);
        Value x = Layer(b, Same, b.Input(1, 8, 8, 3), 16);
        ModelGraph graph = b.Build(Head(b, b.Apply(new Softmax(1), x)), Layer(b, Pointwise, x, 4));
        CoupledChannels channels = CoupledChannels.Of(graph);
        Assert.All(channels[x.Id], set => Assert.False(channels.IsFree(set)));
        Assert.All(graph.Outputs.SelectMany(o => channels[o]), set => Assert.False(channels.IsFree(set)));
    }

    [Fact]
    public void Of_every_layer_something_stays()
    {
        ModelGraph original = Network("inverted residual");
        PipelineContext context = FitWeightsTests.Context(original, 0, new CompilationOptions { Pruning = "Channels", Sparsity = "0.99" });
        ModelGraph thin = ChannelPruning.Run(original, context, false);
        Assert.All(thin.Values.Values, v => Assert.All(v.Shape, d => Assert.True(d > 0)));
        Assert.Equal(original.Nodes.Length, thin.Nodes.Length);
    }

    private static ModelGraph Network(string name)
    {
        var b = new CaseBuilder(7);
        return b.Build(Networks[name](b));
    }

    private static Value Layer(CaseBuilder b, Conv conv, Value x, int outputs)
    {
        int window = 1 + (2 * conv.PadTop);
        return b.Apply(conv, x, b.Constant(outputs, window, window, x.Shape[3]), b.Constant(outputs));
    }

    private static Value Depthwise(CaseBuilder b, Value x, int channels) =>
        b.Apply(Same with { Groups = channels }, x, b.Constant(channels, 3, 3, 1), b.Constant(channels));

    private static Value Head(CaseBuilder b, Value x) => b.Apply(Dense,
        b.Apply(new ReduceMean(EquatableArray.Of(1, 2), false), x), b.Constant(5, x.Shape[3]), b.Constant(5));

    private static double Power(ModelGraph original) => FitWeightsTests.Error(original, LowRankTests.Silenced(original));
}
