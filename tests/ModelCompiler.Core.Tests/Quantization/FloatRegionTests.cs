using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Core.Tests.Passes;

namespace ModelCompiler.Core.Tests.Quantization;

/// <summary>What post-training quantisation leaves in float because 8 bits do not hold it.</summary>
public class FloatRegionTests
{
    private static readonly FullyConnected Dense = new(false, ActivationRange.None);

    [Theory]
    [InlineData(-10_000f, false)]
    [InlineData(float.MinValue, false)]
    [InlineData(float.NegativeInfinity, false)]
    [InlineData(float.NegativeInfinity, true)]
    [InlineData(-1e9f, true)]
    public void Masks_of_attention_cost_no_precision_and_stay_exact(float mask, bool byChoice)
    {
        var b = new CaseBuilder(1);
        Value logits = b.Apply(Dense, b.Input(1, 6, 16), b.Constant(6, 16));
        bool[] hidden = [.. Enumerable.Range(0, 36).Select(i => i % 6 > i / 6)];
        int next = 0;
        Value masked = byChoice
            ? b.Apply(new Where(), b.Numbers(ElementType.Bool, null, _ => hidden[next++] ? 1 : 0, 6, 6), b.Numbers(ElementType.Float32, null, _ => mask),
                logits)
            : b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), logits, b.Numbers(ElementType.Float32, null, _ => hidden[next++] ? mask : 0, 6, 6));
        ModelGraph graph = b.Build(b.Apply(new Softmax(1), masked));
        (ModelGraph after, List<string> notes) = Quantise(graph);
        Assert.Equal(ElementType.Int8, after.Values[after.Nodes.First(n => n.Operator is FullyConnected).Outputs[0]].Type);
        Assert.Contains(notes, n => n.Contains("Softmax", StringComparison.Ordinal));
        foreach ((float[] expected, float[] actual) in Run(graph, after))
        {
            Assert.True(Error(expected, actual) < 0.02);
            Assert.All(Enumerable.Range(0, 36).Where(i => hidden[i]), i => Assert.Equal(0, actual[i]));
        }
    }

    [Fact]
    public void Divisors_roots_and_logarithms_do_not_become_zero()
    {
        var b = new CaseBuilder(2);
        Value x = b.Apply(Dense, b.Input(4, 16), b.Constant(8, 16));
        Value wide = b.Apply(new Unary(UnaryKind.Exp), b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), x,
            b.Numbers(ElementType.Float32, null, _ => 0.25)));
        Value quotient = b.Apply(new Binary(BinaryKind.Divide, ActivationRange.None), x, wide);
        Value logarithm = b.Apply(new Unary(UnaryKind.Log), b.Apply(new Softmax(1), x));
        Value root = b.Apply(new Unary(UnaryKind.Reciprocal), b.Apply(new Unary(UnaryKind.Sqrt), wide));
        ModelGraph graph = b.Build(logarithm, root, quotient);
        (ModelGraph after, _) = Quantise(graph);
        Assert.Equal("FullyConnected", PassCheck.Operators(after).Split(' ')[1]);
        foreach ((float[] expected, float[] actual) in Run(graph, after))
        {
            Assert.All(actual, y => Assert.True(float.IsFinite(y)));
            Assert.True(Error(expected, actual) < 0.15);
        }
    }

    [Fact]
    public void Normalisations_stay_in_float_as_a_whole()
    {
        var b = new CaseBuilder(3);
        Value x = b.Apply(Dense, b.Input(4, 16), b.Constant(8, 16));
        var mean = new ReduceMean(EquatableArray.Of(1), true);
        var multiply = new Binary(BinaryKind.Multiply, ActivationRange.None);
        var add = new Binary(BinaryKind.Add, ActivationRange.None);
        Value centred = b.Apply(new Binary(BinaryKind.Subtract, ActivationRange.None), x, b.Apply(mean, x));
        Value variance = b.Apply(mean, b.Apply(multiply, centred, centred));
        Value inverse = b.Apply(new Unary(UnaryKind.Reciprocal),
            b.Apply(new Unary(UnaryKind.Sqrt), b.Apply(add, variance, b.Numbers(ElementType.Float32, null, _ => 1e-5))));
        Value normal = b.Apply(add, b.Apply(multiply, b.Apply(multiply, centred, inverse), b.Constant(8)), b.Constant(8));
        ModelGraph graph = b.Build(b.Apply(Dense, normal, b.Constant(5, 8)));
        (ModelGraph after, List<string> notes) = Quantise(graph);
        Assert.Equal("Quantize FullyConnected Dequantize ReduceMean Subtract Multiply ReduceMean Add Sqrt Reciprocal Multiply Multiply Add Quantize "
            + "FullyConnected Dequantize", PassCheck.Operators(after));
        Assert.Contains(notes, n => n.StartsWith("Kept in float, because small values matter", StringComparison.Ordinal));
        foreach ((float[] expected, float[] actual) in Run(graph, after)) Assert.True(Error(expected, actual) < 0.03);
    }

    [Fact]
    public void Parts_of_a_result_that_differ_in_range_are_joined_in_float()
    {
        var b = new CaseBuilder(4);
        Value x = b.Input(4, 16);
        Value small = b.Apply(new Unary(UnaryKind.Sigmoid), b.Apply(Dense, x, b.Constant(3, 16)));
        Value large = b.Apply(Dense, x, b.Numbers(ElementType.Float32, null, r => r.NextDouble() * 50, 3, 16));
        ModelGraph graph = b.Build(b.Apply(new Concatenation(1), small, large));
        (ModelGraph after, _) = Quantise(graph);
        Assert.Equal(ElementType.Float32, after.Values[after.Nodes.First(n => n.Operator is Concatenation).Outputs[0]].Type);
        foreach ((float[] expected, float[] actual) in Run(graph, after))
        {
            for (int i = 0; i < expected.Length; i++) Assert.True(i % 6 >= 3 || Math.Abs(expected[i] - actual[i]) < 0.02);
        }
    }

    [Fact]
    public void Functions_of_the_library_are_tables()
    {
        var b = new CaseBuilder(5);
        Value x = b.Apply(Dense, b.Input(4, 16), b.Constant(8, 16));
        ModelGraph graph = b.Build(b.Apply(Dense, b.Apply(new Elementwise("Gelu", ElementKind.Float), x), b.Constant(5, 8)));
        (ModelGraph after, _) = Quantise(graph);
        Assert.Equal("Quantize FullyConnected Gelu FullyConnected Dequantize", PassCheck.Operators(after));
        foreach ((float[] expected, float[] actual) in Run(graph, after)) Assert.True(Error(expected, actual) < 0.05);
    }

    [Fact]
    public void Networks_that_lose_too_much_are_reported_with_the_place()
    {
        var b = new CaseBuilder(6);
        Value x = b.Input(4, 16);
        int next = 0;
        Value outlier = b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), x, b.Numbers(ElementType.Float32, null, _ => next++ == 3 ? 1e5 : 1, 16));
        ModelGraph graph = b.Build(b.Apply(new Unary(UnaryKind.Tanh), outlier));
        List<IReadOnlyList<TensorData>> samples = Samples(graph);
        var ranges = RangeCalibrator.Parse("MinMax").Calibrate(graph, samples);
        ModelGraph after = PostTrainingQuantization.Run(graph, ranges, _ => 8, _ => { });
        var diagnostics = new DiagnosticBag("model.onnx");
        QuantizationCheck.Run(graph, after, samples, RequantizationMode.Float, diagnostics);
        Diagnostic warning = Assert.Single(diagnostics.ToImmutableArray());
        Assert.Equal(("MC3008", DiagnosticSeverity.Warning), (warning.Code, warning.Severity));
        Assert.Contains("'Tanh' (Tanh)", warning.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Infinity_in_an_input_names_the_sample()
    {
        var b = new CaseBuilder(7);
        ModelGraph graph = b.Build(b.Apply(new Unary(UnaryKind.Tanh), b.Input(1, 2)));
        IReadOnlyList<TensorData>[] samples = [[TensorData.Of(new Shape(1, 2), [1f, 2f])], [TensorData.Of(new Shape(1, 2), [1f, float.NegativeInfinity])]];
        ModelCompilationException error = Assert.Throws<ModelCompilationException>(() => RangeCalibrator.Parse(null)
            .Calibrate(graph, samples, i => $"sample {i} of 'calibration.npz'"));
        Assert.Equal("MC3004", error.Code);
        Assert.Contains("sample 1 of 'calibration.npz'", error.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-10_000f)]
    [InlineData(float.NegativeInfinity)]
    public void Masks_given_as_inputs_cost_no_precision_and_stay_exact(float mask)
    {
        var b = new CaseBuilder(1);
        Value logits = b.Apply(Dense, b.Input(1, 6, 16), b.Constant(6, 16));
        Value masked = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), logits, b.Apply(new Reshape(new Shape(1, 1, 6)), b.Input(1, 6)));
        ModelGraph graph = b.Build(b.Apply(new Softmax(2), masked));
        IReadOnlyList<TensorData>[] samples = [.. Samples(graph).Select((s, i) => (IReadOnlyList<TensorData>)[s[0], Mask(i)])];
        List<string> notes = [];
        ModelGraph after = PostTrainingQuantization.Run(graph, RangeCalibrator.Parse(null).Calibrate(graph, samples), _ => 8, notes.Add);
        Assert.Equal(ElementType.Int8, after.Values[after.Nodes.First(n => n.Operator is FullyConnected).Outputs[0]].Type);
        for (int s = 0; s < samples.Length; s++)
        {
            float[] expected = new ReferenceInterpreter(graph, RequantizationMode.Float).Run(samples[s])[0].ToFloats();
            float[] actual = new ReferenceInterpreter(after, RequantizationMode.Float).Run(samples[s])[0].ToFloats();
            Assert.True(Error(expected, actual) < 0.02);
            Assert.All(Enumerable.Range(0, 36).Where(i => i % 6 > s % 6), i => Assert.Equal(0, actual[i]));
        }

        TensorData Mask(int sample) => TensorData.Of(new Shape(1, 6), [.. Enumerable.Range(0, 6).Select(i => i > sample % 6 ? mask : 0)]);
    }

    private static List<IReadOnlyList<TensorData>> Samples(ModelGraph graph)
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, 8).Select(_ => (IReadOnlyList<TensorData>)[.. graph.InputValues.Select(v => CaseBuilder.Random(v, random))])];
    }

    private static (ModelGraph After, List<string> Notes) Quantise(ModelGraph graph)
    {
        var notes = new List<string>();
        ModelGraph after = PostTrainingQuantization.Run(graph, RangeCalibrator.Parse(null).Calibrate(graph, Samples(graph)), _ => 8, notes.Add);
        GraphVerifier.Verify(after, "quantisation");
        return (after, notes);
    }

    private static IEnumerable<(float[] Expected, float[] Actual)> Run(ModelGraph before, ModelGraph after) => Samples(before).SelectMany(sample =>
        new ReferenceInterpreter(before, RequantizationMode.Float).Run(sample)
        .Zip(new ReferenceInterpreter(after, RequantizationMode.Float).Run(sample), (x, y) => (x.ToFloats(), y.ToFloats())));

    private static double Error(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual, (x, y) => ((double)x - y) * (x - y)).Sum() / Math.Max(1e-12, expected.Sum(x => (double)x * x)));
}
