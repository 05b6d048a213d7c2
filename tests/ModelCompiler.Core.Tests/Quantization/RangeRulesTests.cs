using CsCheck;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Quantization;

public class RangeRulesTests
{
    private const int Bins = 4096;

    [Fact]
    public void A_few_elements_far_out_are_cut_off()
    {
        // 100000 elements like a bell, and three of a hundred times their size: steps of the whole range would be coarser than most elements.
        var random = new Random(1);
        float[] values = [.. Enumerable.Range(0, 100_000).Select(_ => Bell(random)), 500, -500, 400];
        foreach (Func<ValueHistogram, ValueRange> rule in new[] { RangeRules.Entropy, h => RangeRules.Percentile(h, 99.99) })
        {
            ValueRange range = rule(Of(values));
            Assert.InRange(range.Max, 2, 110);
            Assert.InRange(range.Min, -110, -2);
        }
    }

    [Fact]
    public void The_least_square_error_is_that_of_rounding() => Gen.Int[0, 1000].Sample(seed =>
    {
        var random = new Random(seed);
        float[] values = [.. Enumerable.Range(0, 5000).Select(_ => Math.Max(0, Bell(random)) * (random.Next(500) == 0 ? 8 : 1))];
        ValueHistogram histogram = Of(values);
        double narrowed = Error(values, RangeRules.Mse(histogram)), whole = Error(values, histogram.Range),
            cut = Error(values, RangeRules.Percentile(histogram, 99.9));
        // Bins are coarse beside single elements.
        Assert.True(narrowed <= 1.05 * Math.Min(whole, cut), $"{narrowed}, {whole} with the whole range, {cut} with 99.9 %");
    }, iter: 40);

    [Fact]
    public void Values_of_one_kind_keep_their_range()
    {
        float[] values = [.. Enumerable.Range(0, 10_000).Select(i => (i / 5000f) - 1)];
        ValueRange range = RangeRules.Mse(Of(values));
        Assert.InRange(range.Max, 0.97f, 1);
        Assert.InRange(range.Min, -1, -0.97f);
    }

    [Theory]
    [InlineData("Mse")]
    [InlineData("entropy")]
    [InlineData("Auto")]
    public void Every_rule_gives_a_range_within_the_extremes(string method)
    {
        var b = new CaseBuilder(5);
        var conv = new Conv(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);
        ModelGraph graph = b.Build(b.Apply(conv, b.Apply(conv, b.Input(1, 8, 8, 4), b.Constant(8, 3, 3, 4)), b.Constant(6, 3, 3, 8)));
        Dictionary<int, ValueRange> whole = Calibrate(graph, "MinMax").Ranges;
        PipelineContext context = Calibrate(graph, method);
        Assert.Equal(whole.Keys.Order(), context.Ranges.Keys.Order());
        Assert.All(context.Ranges, r => Assert.True(r.Value.Min >= whole[r.Key].Min && r.Value.Max <= whole[r.Key].Max && r.Value.Max > r.Value.Min));
        if (method == "Auto") Assert.Contains(context.Report.Notes, n => n.StartsWith("Ranges by what they cost the outputs, of ", StringComparison.Ordinal));
    }

    private static PipelineContext Calibrate(ModelGraph graph, string method)
    {
        PipelineContext context = SampledContext.Of(graph, new() { CalibrationMethod = method });
        RangeCalibrator.Run(graph, context);
        return context;
    }

    private static float Bell(Random random) => (float)(Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6);

    private static ValueHistogram Of(float[] values)
    {
        var histogram = new ValueHistogram(new(values.Min(), values.Max()), new long[Bins], values.Count(v => v == 0));
        foreach (float v in values) histogram.Counts[histogram.BinOf(v)]++;
        return histogram;
    }

    private static double Error(float[] values, ValueRange range)
    {
        QuantizationParameters q = AffineRange.Activation(range);
        return values.Sum(v => Math.Pow(((Requantization.Quantize(v, q.Scale, q.ZeroPoint, -128, 127) - q.ZeroPoint) * (double)q.Scale) - v, 2));
    }
}
