using CsCheck;
using ModelCompiler.Core.Compression;

namespace ModelCompiler.Core.Tests.Compression;

public class WeightRoundingTests
{
    [Theory]
    [InlineData(8, -127, 127)]
    [InlineData(5, -15, 15)]
    [InlineData(3, -3, 3)]
    [InlineData(2, -2, 1)]
    public void Grids_have_as_many_integers_as_their_bits_hold(int bits, int low, int high) => 
        Assert.Equal((low, high), (WeightGrid.Of(bits).Low, WeightGrid.Of(bits).High));

    [Fact]
    public void The_best_scale_is_no_worse_than_the_whole_one() => Gen.Select(Gen.Int[2, 8], Gen.Int[1, 60], Gen.Int[0, 1000]).Sample((bits, count, seed) =>
    {
        WeightGrid grid = WeightGrid.Of(bits);
        double[] weights = [.. LinearAlgebraTests.Floats(new Random(seed), count).Select(w => (double)w * w * w)];
        Assert.True(Error(grid.BestScale(weights)) <= Error(grid.WholeScale(weights)));

        double Error(double scale) => weights.Sum(w => Math.Pow(w - (grid.Round(w, scale) * scale), 2));
    });

    [Fact]
    public void Without_correlations_greedy_rounding_is_rounding_to_nearest()
    {
        LayerStatistics statistics = Statistics(new Random(1), 12, 5, correlated: false);
        double[] original = [.. LinearAlgebraTests.Floats(new Random(2), 60).Select(w => (double)w)];
        LayerProblem problem = LayerProblem.Of(statistics with { H = [.. Enumerable.Range(0, 144).Select(i => i % 13 == 0 ? 1.0 : 0)] }, original,
            refit: false);
        Assert.Equal([.. original.Select(w => Math.Round(w * 4) / 4)], GreedyRounding.Run(problem, (w, _, _) => Math.Round(w * 4) / 4));
    }

    [Fact]
    public void With_correlations_it_makes_up_for_its_errors()
    {
        (double nearest, double greedy) = (0, 0);
        for (int seed = 0; seed < 40; seed++)
        {
            (int inputs, int outputs) = (4 + seed, 1 + (seed * 7 % 70));
            LayerStatistics statistics = Statistics(new Random(seed), inputs, outputs, correlated: true);
            double[] original = [.. LinearAlgebraTests.Floats(new Random(seed + 1), inputs * outputs).Select(w => (double)w)];
            LayerProblem problem = LayerProblem.Of(statistics, original, refit: false);
            double[] rounded = GreedyRounding.Run(problem, Round), better = GreedyRounding.Improve(problem, rounded, Round, 4);
            Assert.All(better, w => Assert.Equal(Math.Round(w * 4), w * 4));
            Assert.True(Error(better) <= Error(rounded) * (1 + 1e-9));
            nearest += Error([.. original.Select(w => Round(w, 0, 0))]);
            greedy += Error(rounded);

            double Error(double[] weights)
            {
                double[] d = [.. weights.Zip(original, (a, b) => a - b)];
                return LinearAlgebra.Product(d, outputs, problem.H, inputs, inputs).Zip(d, (a, b) => a * b).Sum();
            }
        }

        Assert.True(greedy < 0.7 * nearest, $"{greedy} against {nearest}");

        static double Round(double weight, int output, int input) => Math.Round(weight * 4) / 4;
    }

    [Fact]
    public void Statistics_of_two_parts_are_those_of_the_whole() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 9], Gen.Int[2, 80], Gen.Int[1, 80]).Sample((inputs, outputs, first, second) =>
    {
        var random = new Random(inputs + outputs + first + second);
        float[] x = LinearAlgebraTests.Floats(random, (first + second) * inputs), y = LinearAlgebraTests.Floats(random, (first + second) * outputs);
        LayerStatistics whole = LayerStatistics.Of([.. x], inputs, [.. y], outputs, 0, first + second);
        float[] x2 = [.. x], y2 = [.. y];
        LayerStatistics joined = LayerStatistics.Of(x2, inputs, y2, outputs, 0, first).With(LayerStatistics.Of(x2, inputs, y2, outputs, first, second));
        Assert.Equal(whole.Rows, joined.Rows);
        foreach ((double[] a, double[] b) in new[] { (whole.H, joined.H), (whole.C, joined.C), (whole.MeanX, joined.MeanX), (whole.MeanY, joined.MeanY),
            (whole.VarianceY, joined.VarianceY) })
        {
            for (int i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 1e-5);
        }

        // The error is that of the definition, on rows that were not centred.
        double[] weights = [.. LinearAlgebraTests.Floats(random, outputs * inputs).Select(w => (double)w)], bias = whole.Bias(weights);
        double expected = Enumerable.Range(0, first + second)
            .Sum(r => Enumerable.Range(0, outputs).Sum(o => Math.Pow(y[(r * outputs) + o] - bias[o] - Enumerable.Range(0, inputs)
                .Sum(i => weights[(o * inputs) + i] * x[(r * inputs) + i]), 2)));
        Assert.Equal(expected / (first + second), whole.Error(weights, bias), 1e-4);
    });

    [Fact]
    public void Refitted_weights_give_the_sums_that_are_wanted()
    {
        // y = 2·w·x is what the layer should give; its weights are w.
        LayerStatistics statistics = Statistics(new Random(3), 10, 4, correlated: true);
        double[] w = [.. LinearAlgebraTests.Floats(new Random(4), 40).Select(v => (double)v)];
        double[] c = [.. LinearAlgebra.Product(w, 4, statistics.H, 10, 10).Select(v => 2 * v)];
        LayerProblem problem = LayerProblem.Of(statistics with { C = c }, w, refit: true);
        double error = problem.Target.Zip(w, (a, b) => Math.Pow(a - (2 * b), 2)).Sum() / w.Sum(v => v * v);
        Assert.InRange(error, 0, 0.05);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(0)]
    public void Statistics_that_say_nothing_do_no_harm(double number)
    {
        LayerStatistics statistics = Statistics(new Random(5), 6, 2, correlated: true) with { H = [.. Enumerable.Repeat(number, 36)] };
        double[] original = [.. Enumerable.Range(0, 12).Select(i => i / 8.0)];
        Assert.Equal(original, GreedyRounding.Run(LayerProblem.Of(statistics, original, refit: false), (w, _, _) => Math.Round(w * 8) / 8));
    }

    private static LayerStatistics Statistics(Random random, int inputs, int outputs, bool correlated)
    {
        const int rows = 200;
        float[] x = LinearAlgebraTests.Floats(random, rows * inputs), y = LinearAlgebraTests.Floats(random, rows * outputs);
        for (int r = 0; correlated && r < rows; r++)
        {
            for (int i = 1; i < inputs; i++) x[(r * inputs) + i] = (0.3f * x[(r * inputs) + i]) + (0.7f * x[(r * inputs) + i - 1]);
        }

        return LayerStatistics.Of(x, inputs, y, outputs, 0, rows);
    }
}
