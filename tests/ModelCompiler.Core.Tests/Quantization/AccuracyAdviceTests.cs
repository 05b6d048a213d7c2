using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Quantization;

/// <summary>Every rule speaks of its fault, and not of a healthy network.</summary>
public class AccuracyAdviceTests
{
    private static AccuracyFinding Finds(AccuracyFault kind, string? layer, IReadOnlyList<AccuracyFinding> findings)
    {
        Assert.All(findings, f => Assert.Matches(@"^(?s)[^{}]+\.$", f.Fact));
        Assert.True(findings.Any(f => f.Kind == kind && f.Layer == layer), $"No {kind} of {layer}: {string.Join("\n", findings)}");
        AccuracyFinding found = findings.First(f => f.Kind == kind && f.Layer == layer).Spelled(OptionText.AsMetadata);
        Assert.NotEmpty(found.Cause);
        Assert.NotEmpty(found.Remedy);
        return found;
    }

    private static int Layer(ModelGraph graph, string name) => graph.Nodes.Single(n => n.Name == name).Outputs[0];

    [Theory]
    [InlineData("MinMax")]
    [InlineData("Percentile")]
    public void A_healthy_network_is_fine(string method)
    {
        ModelGraph graph = FaultyNetwork.Build();
        // Without what lies between two classes.
        IReadOnlyList<TensorData>[] data = [.. FaultyNetwork.Samples()
            .Where(s => FaultyNetwork.Explain(graph, method, data: [s]).Analysis.Outputs[0].Changed == 0)];
        Assert.InRange(data.Length, 20, 24);
        AccuracyFinding finding = Assert.Single(FaultyNetwork.Explain(graph, method, data: data).Findings);
        Assert.Equal(AccuracyFault.None, finding.Kind);
        Assert.Matches(@"Everything is fine: output 'scores' differs from the float network's by \d\.\d+ %, "
            + @"and the largest class is the same for all \d+ samples\.", finding.Fact);
    }

    [Fact]
    public void A_sample_between_two_classes()
    {
        IReadOnlyList<AccuracyFinding> findings = FaultyNetwork.Explain(FaultyNetwork.Build()).Findings;
        Assert.Contains("for 1 of 24 samples", Finds(AccuracyFault.CloseClasses, null, findings).Fact, StringComparison.Ordinal);
        Finds(AccuracyFault.Rounding, null, findings);
        Assert.Equal(2, findings.Count);
    }

    [Fact]
    public void A_percentile_that_cuts_off_what_matters()
    {
        AccuracyFinding found = Finds(AccuracyFault.Saturation, "first", FaultyNetwork.Explain(FaultyNetwork.Build(), "Percentile:90").Findings);
        Assert.Contains("CalibrationMethod=\"MinMax\"", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_is_larger_than_the_calibration_samples()
    {
        IReadOnlyList<AccuracyFinding> findings = FaultyNetwork.Explain(FaultyNetwork.Build(), data: FaultyNetwork.Samples(2.5)).Findings;
        Assert.Contains("normalised in another way", Finds(AccuracyFault.DataBeyondCalibration, "image", findings).Cause, StringComparison.Ordinal);
        Assert.Single(findings, f => f.Kind == AccuracyFault.DataBeyondCalibration);
    }

    [Fact]
    public void A_layer_that_grows_beyond_its_calibrated_range()
    {
        ModelGraph graph = FaultyNetwork.Build();
        IReadOnlyList<AccuracyFinding> findings = FaultyNetwork.Explain(graph,
            change: r => r[Layer(graph, "first")] = new(0, r[Layer(graph, "first")].Max / 3)).Findings;
        Assert.Contains("CalibrationSamples", Finds(AccuracyFault.DataBeyondCalibration, "first", findings).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_is_much_smaller_than_the_calibration_samples() =>
        Finds(AccuracyFault.RangeTooWide, "image", FaultyNetwork.Explain(FaultyNetwork.Build(), data: FaultyNetwork.Samples(0.05)).Findings);

    [Fact]
    public void An_outlier_that_stretches_the_range()
    {
        List<IReadOnlyList<TensorData>> samples = FaultyNetwork.Samples();
        samples[5][0].Floats[30] = 60;
        AccuracyFinding found = Finds(AccuracyFault.Outliers, "image",
            FaultyNetwork.Explain(FaultyNetwork.Build(), calibration: samples, data: samples).Findings);
        Assert.Contains("CalibrationMethod=\"Percentile:99.9\"", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Depthwise_channels_of_different_size_and_those_that_drown()
    {
        IReadOnlyList<AccuracyFinding> findings = FaultyNetwork.Explain(FaultyNetwork.Build(c => c % 2 == 0 ? 1 : 0.0005)).Findings;
        Assert.Contains("Equalise the channels", Finds(AccuracyFault.UnevenChannels, "depthwise", findings).Remedy, StringComparison.Ordinal);
        Assert.Contains("has 4 of 8 channels", Finds(AccuracyFault.DeadChannels, "depthwise", findings).Fact, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_few_bits()
    {
        AccuracyFinding found = Finds(AccuracyFault.WeightBits, "first", FaultyNetwork.Explain(FaultyNetwork.Build(), bits: 2).Findings);
        Assert.Contains("WeightBits=\"8\"", found.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Errors_that_arise_in_the_last_layer()
    {
        ModelGraph graph = FaultyNetwork.Build();
        Finds(AccuracyFault.LastLayer, "dense", FaultyNetwork.Explain(graph,
            change: r => r[Layer(graph, "dense")] = new(r[Layer(graph, "dense")].Min * 30, r[Layer(graph, "dense")].Max * 30)).Findings);
    }
}
