using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Core.Tests.Formats;
using ModelCompiler.Tool.Engines;
using Op = ModelCompiler.Core.Import.TfLite.TfLiteBuiltinOperator;

namespace ModelCompiler.Conformance.Tests.TfLite;

/// <summary>Weights with scales below zero, which TensorFlow Lite Micro computes with, and scales that no operator computes with.</summary>
public class NegativeScaleTests
{
    private const int Channels = 5, Filters = 8;

    public static TheoryData<string> Engines() => ["reference", .. RunnableTargets.Single];

    [Theory]
    [MemberData(nameof(Engines))]
    public void Layers_equal_the_reference_kernels(string target)
    {
        var random = new Random(7);
        var weights = new byte[Filters * Channels];
        random.NextBytes(weights);
        int[] bias = [.. Enumerable.Range(0, Filters).Select(_ => random.Next(-9000, 9000))];
        float[] scales = [.. Enumerable.Range(0, Filters).Select(f => (f % 3 == 0 ? -1 : 1) * (0.0007f + (0.0003f * f)))];
        (float inScale, int inZero, float outScale, int outZero) = (0.05f, 3, 0.02f, -7);
        var model = new TfLiteBuilder();
        int x = model.Tensor(TfLiteTensorType.Int8, [1, 6, 6, Channels], inScale, inZero),
            y = model.Tensor(TfLiteTensorType.Int8, [1, 6, 6, Filters], outScale, outZero);
        int w = model.Scaled(TfLiteTensorType.Int8, [Filters, 1, 1, Channels], scales, weights);
        int b = model.Scaled(TfLiteTensorType.Int32, [Filters], [.. scales.Select(s => s * inScale)], [.. bias.SelectMany(BitConverter.GetBytes)]);
        model.Add(Op.Conv2D, [x, w, b], [y], new FlatNode().With(0, (sbyte)1).With(1, 1).With(2, 1).With(3, (sbyte)1)).End([x], [y]);
        using IEngine engine = Engine(target, Compile(model.ToFile(), target));

        var input = new TensorData(ElementType.Int8, new Shape(1, 6, 6, Channels));
        random.NextBytes(input.Bytes);
        byte[] actual = engine.RunRaw([input])[0].Bytes;
        for (int i = 0; i < actual.Length; i++)
        {
            int f = i % Filters, sum = bias[f];
            for (int c = 0; c < Channels; c++) sum += ((sbyte)input.Bytes[(i / Filters * Channels) + c] - inZero) * (sbyte)weights[(f * Channels) + c];
            int scaled = Scaled(sum, (double)inScale * scales[f] / outScale) + outZero;
            Assert.Equal(Math.Clamp(scaled, outZero, 127), (sbyte)actual[i]);
        }
    }

    [Fact]
    public void Activations_have_positive_scales()
    {
        var model = new TfLiteBuilder();
        int x = model.Tensor(TfLiteTensorType.Int8, [1, 4], 0.1f), y = model.Tensor(TfLiteTensorType.Int8, [1, 4], -0.1f);
        model.Add(Op.Relu, [x], [y]).End([x], [y]);
        AssertRefused(model.ToFile(), "'t0_1' has a scale below zero");
    }

    [Fact]
    public void An_operator_that_takes_one_scale_refuses_several()
    {
        var model = new TfLiteBuilder();
        int x = model.Tensor(TfLiteTensorType.Int8, [3, 4], 0.1f), y = model.Tensor(TfLiteTensorType.Int8, [3, 4], 0.1f);
        int c = model.Scaled(TfLiteTensorType.Int8, [3, 4], [0.1f, 0.2f, 0.3f], new byte[12]);
        model.Add(Op.Add, [x, c], [y], new FlatNode()).End([x], [y]);
        AssertRefused(model.ToFile(), "'t0_2' has 3 scales, one per slice");
    }

    [Fact]
    public void Computed_values_with_several_scales_are_refused()
    {
        var model = new TfLiteBuilder();
        int x = model.Scaled(TfLiteTensorType.Int8, [3, 4], [0.1f, 0.2f, 0.3f], null), y = model.Floats(3, 4);
        model.Add(Op.Dequantize, [x], [y]).End([x], [y]);
        AssertRefused(model.ToFile(), "'t0_0' has 3 scales, one per slice");
    }

    // QuantizeMultiplier and MultiplyByQuantizedMultiplier as TensorFlow Lite Micro has them, for factors of either sign.
    private static int Scaled(int sum, double factor)
    {
        int exponent = (int)Math.Floor(Math.Log2(Math.Abs(factor))) + 1;
        long multiplier = (long)Math.Round(factor * Math.Pow(2, -exponent) * (1L << 31), MidpointRounding.AwayFromZero);
        Assert.True(exponent <= 0 && multiplier < 1L << 31 && multiplier > -(1L << 31));
        long product = sum * multiplier;
        long nudge = product >= 0 ? 1 << 30 : 1 - (1 << 30);
        int high = (int)((product + nudge) / (1L << 31));
        int mask = (int)((1L << -exponent) - 1), threshold = (mask >> 1) + (high < 0 ? 1 : 0);
        return (high >> -exponent) + ((high & mask) > threshold ? 1 : 0);
    }

    private static void AssertRefused(byte[] file, string reason)
    {
        Diagnostic error = Assert.Single(Compile(file, "x64-v3").Diagnostics, d => d.Severity == DiagnosticSeverity.Error);
        Assert.Equal("MC2002", error.Code);
        Assert.Contains(reason, error.ToString(), StringComparison.Ordinal);
    }

    private static CompilationResult Compile(byte[] file, string target) =>
        ModelCompilation.Run(new CompilationInput("case.tflite", file,
            new CompilationOptions { Target = target == "reference" ? null : target, Requantization = RequantizationMode.FixedPoint }));

    private static IEngine Engine(string target, CompilationResult result)
    {
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return EngineFactory.Create(target == "reference" ? EngineKind.Reference : EngineKind.Generated, result,
            new CompilationOptions { Target = target == "reference" ? null : target, Requantization = RequantizationMode.FixedPoint });
    }
}
