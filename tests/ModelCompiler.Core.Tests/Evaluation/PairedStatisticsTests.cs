using CsCheck;
using ModelCompiler.Core.Evaluation;

namespace ModelCompiler.Core.Tests.Evaluation;

public class PairedStatisticsTests
{
    // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I: score method.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void Intervals_of_shares_are_those_of_the_literature(int right, int samples, double low, double high)
    {
        (double actualLow, double actualHigh) = PairedStatistics.Wilson((double)right / samples, samples);
        Assert.Equal(low, actualLow, 0.00005);
        Assert.Equal(high, actualHigh, 0.00005);
    }

    [Fact]
    public void The_interval_of_a_mean_follows_from_its_standard_error()
    {
        (double low, double high) = PairedStatistics.Mean([1, 2, 3, 4, 5]);
        double half = 1.959963984540054 * Math.Sqrt(2.5 / 5);
        Assert.Equal(3 - half, low, 1e-12);
        Assert.Equal(3 + half, high, 1e-12);
        Assert.Equal((double.NegativeInfinity, double.PositiveInfinity), PairedStatistics.Mean([1]));
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 0, 0.5)]
    [InlineData(8, 2, 56 / 1024.0)]
    [InlineData(5, 5, 638 / 1024.0)]
    [InlineData(0, 9, 1)]
    public void The_sign_test_is_exact(int worse, int better, double chance) => Assert.Equal(chance, PairedStatistics.ChanceOfWorse(worse, better), 1e-12);

    [Fact]
    public void Large_numbers_of_samples_stay_numbers() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[0, 100_000]).Sample((worse, better) =>
        {
            double chance = PairedStatistics.ChanceOfWorse(worse, better), other = PairedStatistics.ChanceOfWorse(better, worse);
            return chance is >= 0 and <= 1 && (worse <= better || chance <= 0.5) && chance + other >= 1 - 1e-6;
        }, iter: 50);

    [Fact]
    public void Several_tests_are_stricter_together()
    {
        double[] adjusted = PairedStatistics.Holm([0.01, 0.04, 0.03, 0.005]);
        Assert.Equal([0.03, 0.06, 0.06, 0.02], adjusted.Select(p => Math.Round(p, 10)));
        Assert.Equal([1.0, 1], PairedStatistics.Holm([0.9, 0.8]));
    }
}
