using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Core.Tests.Passes;

namespace ModelCompiler.Core.Tests.Quantization;

public class PostTrainingQuantizationTests
{
    private static readonly Conv Conv = new(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.Relu);

    [Theory]
    [InlineData(0f, 2.55f, 0.01f, -128)]
    [InlineData(-2.55f, 0f, 0.01f, 127)]
    [InlineData(-1.28f, 1.27f, 0.01f, 0)]
    [InlineData(1f, 2.55f, 0.01f, -128)]
    [InlineData(-2.55f, -1f, 0.01f, 127)]
    [InlineData(0f, 0f, 1f / 128, 0)]
    public void Ranges_of_activations_hold_zero(float min, float max, float scale, int zero)
    {
        QuantizationParameters q = AffineRange.Activation(new ValueRange(min, max));
        Assert.Equal(scale, q.Scale, 1e-7f);
        Assert.Equal(zero, q.ZeroPoint);
    }

    [Fact]
    public void Weights_are_symmetric_and_biases_have_the_scale_of_the_sums()
    {
        var b = new CaseBuilder(1);
        Value weights = b.Constant(5, 3, 3, 2), bias = b.Constant(5);
        (ModelGraph before, ModelGraph after, _) = Quantise(b.Build(b.Apply(Conv, b.Input(1, 6, 5, 2), weights, bias)));
        Assert.Equal("Quantize Conv Dequantize", PassCheck.Operators(after));
        Node conv = after.Nodes[1];
        (Value input, Value integers, Value integerBias) = (after.Values[conv.Inputs[0]], after.Values[conv.Inputs[1]], after.Values[conv.Inputs[2]]);
        float[] real = weights.Constant!.ToFloats(), realBias = bias.Constant!.ToFloats();
        Assert.Equal(5, integers.Q.Scales.Count);
        Assert.All(integers.Q.ZeroPoints, z => Assert.Equal(0, z));
        for (int c = 0; c < 5; c++)
        {
            float[] channel = real[(c * 18)..((c + 1) * 18)];
            int[] quantised = integers.Constant!.ToInt32s()[(c * 18)..((c + 1) * 18)];
            Assert.Equal(channel.Max(Math.Abs) / 127, integers.Q.Scales[c]);
            Assert.Equal(127, quantised.Max(Math.Abs));
            for (int i = 0; i < 18; i++) Assert.InRange(Math.Abs((quantised[i] * integers.Q.Scales[c]) - channel[i]), 0, integers.Q.Scales[c] * 0.501f);
            double scale = (double)input.Q.Scale * integers.Q.Scales[c];
            Assert.Equal(realBias[c] / scale, integerBias.Constant!.ToInt32(c), 0.5001);
        }

        PassCheck.AssertSame(before, after, after.Values[conv.Outputs[0]].Q.Scale * 3);
    }

    [Fact]
    public void Operators_without_integer_kernels_stay_in_float_between_conversions()
    {
        var b = new CaseBuilder(2);
        Value conv = b.Apply(Conv, b.Input(1, 6, 5, 2), b.Constant(4, 3, 3, 2));
        Value quotient = b.Apply(new Binary(BinaryKind.Divide, ActivationRange.None), conv, b.Apply(Unary.Clamp(new ActivationRange(1, 2)), b.Constant(4)));
        (_, ModelGraph after, List<string> notes) = Quantise(b.Build(b.Apply(Conv, quotient, b.Constant(3, 3, 3, 4))));
        Assert.Equal("Quantize Conv Dequantize Divide Quantize Conv Dequantize", PassCheck.Operators(after));
        Assert.Equal("Quantised 2 of 3 operators to 8 bits.", notes[0]);
        Assert.Contains("'Binary'", notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Operators_that_hand_values_on_keep_the_scale_and_others_have_their_own()
    {
        var b = new CaseBuilder(3);
        Value conv = b.Apply(Conv, b.Input(1, 6, 4, 2), b.Constant(4, 3, 3, 2));
        Value pool = b.Apply(new Pool(PoolKind.Max, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), conv);
        Value flat = b.Apply(new Reshape(new Shape(1, 24)), pool);
        Value softmax = b.Apply(new Softmax(1), b.Apply(new FullyConnected(false, ActivationRange.None), flat, b.Constant(3, 24)));
        (ModelGraph before, ModelGraph after, _) = Quantise(b.Build(b.Apply(new Unary(UnaryKind.Sigmoid), softmax)));
        Assert.Equal("Quantize Conv MaxPool Reshape FullyConnected Softmax Sigmoid Dequantize", PassCheck.Operators(after));
        QuantizationParameters Of(int node) => after.Values[after.Nodes[node].Outputs[0]].Q;
        Assert.Equal(Of(1), Of(2));
        Assert.Equal(Of(1), Of(3));
        Assert.Equal(new QuantizationParameters(1f / 256, -128), Of(5));
        Assert.Equal(new QuantizationParameters(1f / 256, -128), Of(6));
        PassCheck.AssertSame(before, after, 0.06);
    }

    [Fact]
    public void Constant_operands_are_quantised_and_layers_with_computed_weights_stay()
    {
        var b = new CaseBuilder(4);
        Value x = b.Input(2, 8);
        Value sum = b.Apply(new Binary(BinaryKind.Add, ActivationRange.None), x, b.Constant(8));
        (ModelGraph before, ModelGraph after, _) = Quantise(b.Build(b.Apply(new FullyConnected(false, ActivationRange.None), sum, b.Input(3, 8))));
        Assert.Equal("Quantize Add Dequantize FullyConnected", PassCheck.Operators(after));
        Assert.Equal(ElementType.Int8, after.Values[after.Nodes[1].Inputs[1]].Type);
        PassCheck.AssertSame(before, after, 1.5);
    }

    [Fact]
    public void Percentiles_cut_outliers_off_and_extremes_do_not()
    {
        var b = new CaseBuilder(5);
        ModelGraph graph = b.Build(b.Apply(new Unary(UnaryKind.Negate), b.Input(1, 10_000)));
        TensorData sample = TensorData.Of(new Shape(1, 10_000), [.. Enumerable.Range(0, 10_000).Select(i => i == 17 ? 1000f : i / 10_000f)]);
        int input = graph.Inputs[0], output = graph.Outputs[0];
        Assert.Equal(new ValueRange(-1000, 0), RangeCalibrator.Parse("MinMax").Calibrate(graph, [[sample]])[output]);
        ValueRange cut = RangeCalibrator.Parse("Percentile:99.9").Calibrate(graph, [[sample]])[input];
        Assert.InRange(cut.Max, 0.9, 2);
    }

    [Theory]
    [InlineData("Median")]
    [InlineData("Percentile:40")]
    [InlineData("Percentile:many")]
    [InlineData("MinMax:3")]
    public void Unknown_methods_are_refused(string method) =>
        Assert.Equal("MC9002", Assert.Throws<ModelCompilationException>(() => RangeCalibrator.Parse(method)).Code);

    [Fact]
    public void Numbers_that_are_none_are_refused()
    {
        ModelGraph graph = new CaseBuilder(6) is var b ? b.Build(b.Apply(new Unary(UnaryKind.Sqrt), b.Input(1, 2))) : null!;
        TensorData sample = TensorData.Of(new Shape(1, 2), [1f, -1f]);
        Assert.Equal("MC3004", Assert.Throws<ModelCompilationException>(() => RangeCalibrator.Parse(null).Calibrate(graph, [[sample]])).Code);
    }

    [Fact]
    public void Activations_of_16_bits_have_no_zero_points_and_sums_have_64_bits()
    {
        var b = new CaseBuilder(6);
        Value x = b.Apply(Conv, b.Input(1, 6, 4, 2), Weights(4, 3, 3, 2));
        Value sum = b.Apply(new Binary(BinaryKind.Add, ActivationRange.Relu6), x, b.Apply(Conv, x, Weights(4, 3, 3, 4), b.Constant(4)));
        Value pool = b.Apply(new Pool(PoolKind.Average, 2, 2, 2, 2, 0, 0, 0, 0, false, ActivationRange.None), sum);
        Value dense = b.Apply(new FullyConnected(false, ActivationRange.None), b.Apply(new Reshape(new Shape(1, 24)), pool), Weights(3, 24), b.Constant(3));
        Value gate = b.Apply(new Binary(BinaryKind.Multiply, ActivationRange.None), dense, b.Apply(new Unary(UnaryKind.Sigmoid), dense));
        (ModelGraph before, ModelGraph after, List<string> notes) = Quantise(b.Build(b.Apply(new Softmax(1), gate)),
            new(new CompilationOptions { Precision = Precision.Int16 }));
        Assert.Equal("Quantize Conv Conv Add AveragePool Reshape FullyConnected Sigmoid Multiply Softmax Dequantize", PassCheck.Operators(after));
        foreach (Value value in after.Nodes.SkipLast(1).Select(n => after.Values[n.Outputs[0]]))
            Assert.Equal((ElementType.Int16, 0), (value.Type, value.Q.ZeroPoint));
        Assert.All(after.Nodes.Where(n => n.Operator is ILinearLayer), n => Assert.Equal(ElementType.Int64, after.Values[n.Inputs[2]].Type));
        Assert.Equal("Quantised 9 of 9 operators to 16-bit activations.", Assert.Single(notes));
        // Weights lose nothing here, and the samples are those that ranges are from.
        var random = new Random(5);
        for (int sample = 0; sample < 8; sample++)
        {
            TensorData[] inputs = [.. before.InputValues.Select(v => CaseBuilder.Random(v, random))];
            float[] expected = new ReferenceInterpreter(before, RequantizationMode.Float).Run(inputs)[0].ToFloats(),
                actual = new ReferenceInterpreter(after, RequantizationMode.Float).Run(inputs)[0].ToFloats();
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 0.002f);
        }

        // The first of each output is the largest.
        Value Weights(params int[] shape)
        {
            int count = 0, taps = shape.Skip(1).Aggregate(1, (p, d) => p * d);
            return b.Numbers(ElementType.Float32, null, r => (count++ % taps == 0 ? 127 : r.Next(-127, 128)) / 256.0, shape);
        }
    }

    private static (ModelGraph Before, ModelGraph After, List<string> Notes) Quantise(ModelGraph graph, LayerFormats? formats = null)
    {
        var random = new Random(5);
        List<IReadOnlyList<TensorData>> samples = [.. Enumerable.Range(0, 8)
            .Select(_ => (IReadOnlyList<TensorData>)[.. graph.InputValues.Select(v => CaseBuilder.Random(v, random))])];
        var notes = new List<string>();
        ModelGraph after = PostTrainingQuantization.Run(graph, RangeCalibrator.Parse("MinMax").Calibrate(graph, samples), _ => 8, notes.Add, formats);
        GraphVerifier.Verify(after, "quantisation");
        return (graph, after, notes);
    }
}
