using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Quantization;

public class LayerAnalysisTests
{
    private static readonly QuantizationParameters Tenths = new(0.1f, 0);

    // An input as integers at a tenth: −12.8 to 12.7.
    private static LayerFacts Of(Shape shape, float[] sample)
    {
        ModelGraph original = Negated(shape, null), compiled = Negated(shape, Tenths);
        LayerAnalysis analysis = LayerAnalysis.Run(original, compiled, new Dictionary<int, int>(), [[TensorData.Of(shape, sample)]], RequantizationMode.Float);
        Assert.True(analysis.HasOriginal);
        return analysis.Layers[0];
    }

    private static ModelGraph Negated(Shape shape, QuantizationParameters? q)
    {
        var g = new GraphEditor();
        Value x = g.AddValue("x", new TensorType(q is null ? ElementType.Float32 : ElementType.Int8, shape, q));
        g.Inputs.Add(x.Id);
        if (q is not null) x = g.Add("real", "Dequantize", new Dequantize(), [x.Id]);
        g.Outputs.Add(g.Add("y", "Neg", new Unary(UnaryKind.Negate), [x.Id]).Id);
        g.OutputNames.Add("y");
        return g.ToGraph();
    }

    [Fact]
    public void Errors_are_those_of_the_definition()
    {
        LayerFacts facts = Of(new Shape(1, 4), [1.04f, -2.0f, 3.04f, 0]);
        double error = Math.Sqrt(2 * 0.04 * 0.04), power = Math.Sqrt((1.04 * 1.04) + 4 + (3.04 * 3.04));
        Assert.Equal(error / power, facts.RelativeError!.Value, 1e-5);
        Assert.Equal(-20 * Math.Log10(error / power), facts.Sqnr!.Value, 1e-2);
        Assert.Equal(((1.04 * 1) + 4 + (3.04 * 3)) / (power * Math.Sqrt(14)), facts.Cosine!.Value, 1e-6);
        Assert.Equal(facts.RelativeError, facts.AddedError);
        Assert.Equal(LayerPlace.Input, facts.Place);
        Assert.Equal((-2, 3.04), (facts.Min, Math.Round(facts.Max, 4)));
        Assert.Equal((-12.8, 12.7), (Math.Round(facts.RangeMin!.Value, 4), Math.Round(facts.RangeMax!.Value, 4)));
        Assert.Null(facts.OutlierRatio);
    }

    [Fact]
    public void What_lies_beyond_the_range_is_cut_off_and_what_stands_at_its_end_is_not()
    {
        LayerFacts facts = Of(new Shape(1, 4), [20, 12.7f, -12.8f, 1]);
        Assert.Equal(0.25, facts.Saturated);
        Assert.Equal(facts.RelativeError!.Value, facts.CutError!.Value, 1e-4);
        Assert.Equal(3 / 256.0, facts.RangeUsed);
        Assert.Equal(1, facts.RangeSpanned);
    }

    [Fact]
    public void Channels_that_vary_by_less_than_a_step_are_dead_and_constant_ones_are_not()
    {
        LayerFacts facts = Of(new Shape(1, 10, 3), [.. Enumerable.Range(0, 10).SelectMany(i => new[] { i, 0.02f + (i * 0.001f), 3 })]);
        Assert.Equal(3, facts.Channels);
        Assert.Equal(1, facts.DeadChannels);
    }

    [Fact]
    public void Outliers_are_measured_by_the_percentile()
    {
        LayerFacts facts = Of(new Shape(1, 4000), [.. Enumerable.Range(0, 4000).Select(i => i == 7 ? 12f : i % 100 / 99f)]);
        Assert.InRange(facts.OutlierRatio!.Value, 11, 12.5);
        Assert.InRange(Of(new Shape(1, 4000), [.. Enumerable.Range(0, 4000).Select(i => i % 100 / 99f)]).OutlierRatio!.Value, 1, 1.05);
    }

    [Fact]
    public void A_float_network_is_its_own_to_the_last_bit()
    {
        ModelGraph graph = FaultyNetwork.Build();
        LayerAnalysis analysis = LayerAnalysis.Run(graph, graph, new Dictionary<int, int>(), FaultyNetwork.Samples(), RequantizationMode.Float);
        Assert.All(analysis.Layers, l => Assert.True(l is { RelativeError: 0, Sqnr: null, AddedError: 0, Saturated: null, RangeUsed: null, WeightBits: null }));
        Assert.Contains("compiled in float", Assert.Single(AccuracyAdvice.Of(analysis, new CompilationOptions())).Cause, StringComparison.Ordinal);
    }

    [Fact]
    public void Layers_have_places_weights_and_classes()
    {
        (LayerAnalysis analysis, _) = FaultyNetwork.Explain(FaultyNetwork.Build(), bits: 4);
        Assert.Equal([LayerPlace.Input, LayerPlace.First, LayerPlace.Inner, LayerPlace.Inner, LayerPlace.Last], analysis.Layers.Select(l => l.Place));
        Assert.Equal([null, 4, 4, null, 4], analysis.Layers.Select(l => l.WeightBits));
        Assert.Equal([false, false, true, false, false], analysis.Layers.Select(l => l.IsDepthwise));
        Assert.Equal([true, true, true, false, true], analysis.Layers.Select(l => l.HasOwnRange));
        Assert.Equal(5, Assert.Single(analysis.Outputs).Classes);
    }

    [Fact]
    public void A_network_without_an_original_shows_what_its_integers_show()
    {
        ModelGraph graph = FaultyNetwork.Build();
        ModelGraph quantised = PostTrainingQuantization.Run(graph, RangeCalibrator.Parse("Percentile:80").Calibrate(graph, FaultyNetwork.Samples()), _ => 8,
            _ => { });
        LayerAnalysis analysis = LayerAnalysis.Run(null, quantised, new Dictionary<int, int>(), FaultyNetwork.Samples(), RequantizationMode.Float);
        Assert.False(analysis.HasOriginal);
        Assert.Empty(analysis.Outputs);
        Assert.All(analysis.Layers, l => Assert.True(l is { RelativeError: null, Sqnr: null, AddedError: null, CutError: null }));
        Assert.Contains(AccuracyAdvice.Of(analysis, new CompilationOptions()), f => f is { Kind: AccuracyFault.Saturation, Layer: "first" });
        ModelGraph healthy = PostTrainingQuantization.Run(graph, RangeCalibrator.Parse("MinMax").Calibrate(graph, FaultyNetwork.Samples()), _ => 8, _ => { });
        analysis = LayerAnalysis.Run(null, healthy, new Dictionary<int, int>(), FaultyNetwork.Samples(), RequantizationMode.Float);
        Assert.Contains("Nothing stands out", Assert.Single(AccuracyAdvice.Of(analysis, new CompilationOptions())).Fact, StringComparison.Ordinal);
    }
}
