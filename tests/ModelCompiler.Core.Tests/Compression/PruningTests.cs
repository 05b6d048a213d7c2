using CsCheck;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Compression;

public class PruningTests
{
    [Theory]
    [InlineData("Unstructured", 1, 1, 0, 0)]
    [InlineData("unstructured", 1, 1, 0, 0)]
    [InlineData("2:4", 1, 1, 2, 4)]
    [InlineData("4:16", 1, 1, 4, 16)]
    [InlineData("Block1x4", 1, 4, 0, 0)]
    [InlineData("Block16x4", 16, 4, 0, 0)]
    public void Patterns_are_read(string text, int rows, int columns, int kept, int of) =>
        Assert.Equal(new SparsityPattern(rows, columns, kept, of), SparsityPattern.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("4:2")]
    [InlineData("2:2")]
    [InlineData("0:4")]
    [InlineData("Block0x4")]
    [InlineData("Block4")]
    [InlineData("Block16x99999999999")]
    [InlineData("Random")]
    public void Others_are_errors(string text) => Assert.Equal("MC9002", Assert.Throws<ModelCompilationException>(() => SparsityPattern.Parse(text)).Code);

    // One weight of each row: all candidates can be tried.
    [Fact]
    public void The_first_unit_to_go_is_the_one_whose_loss_costs_least() => Gen.Select(Gen.Int[2, 12], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 1000])
        .Sample((inputs, rows, columns, seed) =>
        {
            (int outputs, LayerProblem problem) = (rows * 2, Problem(inputs, rows * 2, seed));
            var pattern = new SparsityPattern(rows, columns);
            int units = (inputs + columns - 1) / columns;
            PruningTrace[] traces = PruningTrace.Of(problem, pattern, 1);
            for (int tile = 0; tile < 2; tile++)
            {
                double[] costs = [.. Enumerable.Range(0, units).Select(u => Cost(problem, Without(outputs, inputs, pattern, (tile, u))))];
                Assert.Equal(costs.Min(), costs[traces[tile].Units[0]], 1e-6 * (1 + costs.Min()));
                Assert.Equal(costs.Min(), traces[tile].Costs[0], 1e-6 * (1 + costs.Min()));
            }
        }, iter: 200);

    [Fact]
    public void The_cost_of_a_trace_is_what_the_best_weights_with_these_zeros_cost() => Gen.Select(Gen.Int[2, 14], Gen.Int[1, 4], Gen.Int[0, 1000])
        .Sample((inputs, columns, seed) =>
        {
            LayerProblem problem = Problem(inputs, 1, seed);
            var pattern = new SparsityPattern(1, columns);
            PruningTrace trace = PruningTrace.Of(problem, pattern, 1)[0];
            int last = seed % trace.Units.Length;
            double cost = Cost(problem, Without(1, inputs, pattern, [.. trace.Units.Take(last + 1).Select(u => (0, u))]));
            // Costs of a trace never fall, so their sum is an upper bound.
            Assert.True(trace.Costs.Take(last + 1).Sum() >= cost * (1 - 1e-6), $"{trace.Costs.Take(last + 1).Sum()} for {cost}");
        }, iter: 200);

    [Fact]
    public void Masks_keep_what_the_pattern_asks_for() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 20], Gen.Int[0, 3], Gen.Double[0.1, 0.9], Gen.Int[0, 1000])
        .Sample((inputs, outputs, kind, share, seed) =>
        {
            SparsityPattern pattern = new[] { SparsityPattern.Unstructured, new(1, 4), new(16, 4), new(1, 1, 2, 4) }[kind];
            LayerProblem problem = Problem(inputs, outputs, seed);
            bool[] mask = PruningMask.Choose([problem], pattern, share)[0];
            if (pattern.IsFixed)
            {
                for (int row = 0; row < outputs; row++)
                {
                    for (int first = 0; first < inputs; first += 4)
                    {
                        int size = Math.Min(4, inputs - first);
                        Assert.Equal(Math.Min(2, size), mask.AsSpan((row * inputs) + first, size).Count(true));
                    }
                }

                return;
            }

            for (int i = 0; i < mask.Length; i++)
            {
                (int row, int column) = (i / inputs / pattern.Rows * pattern.Rows, i % inputs / pattern.Columns * pattern.Columns);
                Assert.Equal(mask[(row * inputs) + column], mask[i]);
            }

            int unit = pattern.Rows * pattern.Columns;
            Assert.InRange(mask.AsSpan().Count(false), (share * mask.Length) - unit, (share * mask.Length) + unit);
        }, iter: 100);

    [Fact]
    public void Weights_that_stay_make_up_for_those_that_went()
    {
        LayerProblem problem = Problem(24, 8, 5);
        bool[] mask = PruningMask.Choose([problem], SparsityPattern.Unstructured, 0.5)[0];
        double[] masked = [.. problem.Target.Select((w, i) => mask[i] ? w : 0)], solved = MaskedLeastSquares.Solve(problem, mask);
        Assert.All(solved.Zip(mask), p => Assert.True(p.Second || p.First == 0));
        Assert.True(Error(problem, solved) < 0.7 * Error(problem, masked));
    }

    public static TheoryData<string, string, int, int> Cases()
    {
        var data = new TheoryData<string, string, int, int>();
        foreach (string name in FitWeightsTests.Networks.Keys)
        {
            foreach (int bits in new[] { 0, 4, 8 })
            {
                foreach ((string pattern, int clusters) in new[] { ("Unstructured", 0), ("Block1x4", 0), ("Block16x4", 0), ("2:4", 0), ("", 16),
                    ("Unstructured", 8) })
                    data.Add(name, pattern, clusters, bits);
            }
        }

        return data;
    }

    // 0 bits stand for floats.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Compressed_networks_have_the_format(string name, string pattern, int clusters, int bits)
    {
        var b = new CaseBuilder(7);
        ModelGraph original = b.Build(FitWeightsTests.Networks[name](b));
        bool isFixed = pattern.Contains(':', StringComparison.Ordinal);
        PipelineContext context = FitWeightsTests.Context(original, bits, new CompilationOptions { Sparsity = isFixed || pattern.Length == 0 ? null : "0.4",
            Pruning = pattern.Length == 0 ? null : pattern, Clusters = clusters });
        context.Pattern = pattern.Length == 0 ? null : SparsityPattern.Parse(pattern);
        if (bits > 0) RangeCalibrator.Run(original, context);
        PruningShares.Run(original, context);
        ModelGraph compressed = Pipeline.Try(original, context);
        GraphVerifier.Verify(compressed, "compression");
        (Node[] before, Node[] after) = (Layers(original), Layers(compressed));
        double zeros = 0, all = 0;
        for (int i = 0; i < after.Length; i++)
        {
            TensorData weights = compressed.Values[after[i].Inputs[ILinearLayer.Weights]].Constant!;
            Assert.Equal(bits > 0 ? ElementType.Int8 : ElementType.Float32, weights.Type);
            (zeros, all) = (zeros + Enumerable.Range(0, weights.Count).Count(w => weights.ToDouble(w) == 0), all + weights.Count);
            if (clusters == 0) continue;
            double[] values = [.. Enumerable.Range(0, weights.Count).Select(weights.ToDouble)];
            int taps = weights.Count / weights.Shape[0];
            if (bits > 0) Assert.True(values.Distinct().Count() <= clusters, $"{values.Distinct().Count()} values");
            else Assert.All(values.Chunk(taps), row => Assert.True(row.Distinct().Count() <= clusters));
        }

        if (context.Pattern is { IsFixed: false } && context.Shares.Count > 0) Assert.InRange(zeros / all, 0.3, 0.75);
        if (isFixed && context.Shares.Count == after.Length) Assert.True(zeros / all >= 0.5);
        Assert.Equal(before.Length, after.Length);
    }

    [Fact]
    public void The_share_is_that_of_all_layers_together()
    {
        var b = new CaseBuilder(7);
        ModelGraph original = b.Build(FitWeightsTests.Networks["dense"](b));
        PipelineContext context = FitWeightsTests.Context(original, 8, new CompilationOptions { Sparsity = "0.5", Pruning = "Unstructured" });
        context.Pattern = SparsityPattern.Unstructured;
        PruningShares.Run(original, context);
        Assert.Equal(2, context.Shares.Count);
        double[] weights = [.. Layers(original).Select(n => (double)original.Values[n.Inputs[1]].Shape.Elements)];
        Assert.Equal(0.5, Layers(original).Select((n, i) => context.Shares[n.Outputs[0]] * weights[i]).Sum() / weights.Sum(), 0.01);
        Assert.Contains(context.Report.Notes.Append("").ToArray(), n => n.StartsWith("Pruning Unstructured removes 50", StringComparison.Ordinal));
    }

    private static Node[] Layers(ModelGraph graph) => [.. graph.Nodes.Where(n => n.Operator is ILinearLayer)];

    private static LayerProblem Problem(int inputs, int outputs, int seed)
    {
        var random = new Random(seed);
        int rows = (3 * inputs) + 5;
        float[] x = LinearAlgebraTests.Floats(random, rows * inputs), y = LinearAlgebraTests.Floats(random, rows * outputs);
        for (int i = 1; i < x.Length; i++) x[i] += 0.6f * x[i - 1];
        double[] original = [.. LinearAlgebraTests.Floats(random, inputs * outputs).Select(w => (double)w)];
        return LayerProblem.Of(LayerStatistics.Of(x, inputs, y, outputs, 0, rows), original, refit: false);
    }

    private static bool[] Without(int outputs, int inputs, SparsityPattern pattern, params (int Tile, int Unit)[] units)
    {
        var mask = new bool[outputs * inputs];
        for (int i = 0; i < mask.Length; i++) mask[i] = !units.Contains((i / inputs / pattern.Rows, i % inputs / pattern.Columns));
        return mask;
    }

    private static double Cost(LayerProblem problem, bool[] mask) => Error(problem, MaskedLeastSquares.Solve(problem, mask));

    private static double Error(LayerProblem problem, double[] weights)
    {
        double[] d = [.. weights.Zip(problem.Target, (a, b) => a - b)];
        return LinearAlgebra.Product(d, problem.Outputs, problem.H, problem.Inputs, problem.Inputs).Zip(d, (a, b) => a * b).Sum();
    }
}
