using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Formats that options give to a network and to single layers of it.</summary>
public class LayerFormatTests
{
    // The layers of the network, in their order.
    private static readonly string[] Names = [.. Compile(new()).Plan!.Steps.Where(s => s.Kernel.Macs > 0).Select(s => s.Name)];

    [Fact]
    public void Names_that_no_layer_has_are_an_error_with_the_nearest()
    {
        CompilationResult result = Compile(new() { LayerPrecision = Names[0] + "x=Float32" }, calibrated: true);
        Diagnostic error = Assert.Single(result.Diagnostics, d => d.Severity == DiagnosticSeverity.Error);
        Assert.Equal("MC9002", error.Code);
        Assert.Contains($"did you mean '{Names[0]}'?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v1=")]
    [InlineData("=Int8")]
    [InlineData("v1=Int9")]
    [InlineData("v1=Auto")]
    [InlineData("v1=8")]
    public void What_cannot_be_read_is_an_error_that_shows_how(string text)
    {
        CompilationResult result = Compile(new() { LayerPrecision = text }, calibrated: true);
        Assert.Contains(result.Diagnostics, d => d.Code == "MC9002" && d.Message.Contains("conv1=Float32", StringComparison.Ordinal));
    }

    [Fact]
    public void Layers_have_the_formats_that_they_are_given()
    {
        CompilationResult result = Compile(new() { LayerPrecision = $"*=Int4;{Names[1]}=Float32;{Names[2]}=Int6" }, calibrated: true);
        Assert.Equal([4, 0, 6, 4], Bits(result));
        AssertSameBits(result);
    }

    [Fact]
    public void Single_layers_of_a_float_network_become_integers()
    {
        CompilationResult result = Compile(new() { Precision = Precision.Float32, LayerPrecision = $"{Names[1]}=Int8" }, calibrated: true);
        Assert.Equal([0, 8, 0, 0], Bits(result));
        AssertSameBits(result);
    }

    [Fact]
    public void Integers_need_calibration_data()
    {
        CompilationResult result = Compile(new() { Precision = Precision.Float32, LayerPrecision = $"{Names[1]}=Int8" });
        Assert.Contains(result.Diagnostics, d => d.Code == "MC3001");
        Assert.True(Compile(new() { LayerPrecision = $"{Names[1]}=Float16" }).Success);
    }

    [Fact]
    public void Half_precision_takes_half_the_bytes_and_dense_layers_read_it_themselves()
    {
        CompilationResult whole = Compile(new() { Precision = Precision.Float32 }), half = Compile(new() { Precision = Precision.Float16 });
        Assert.InRange(half.Weights.Length, 0.45 * whole.Weights.Length, 0.6 * whole.Weights.Length);
        Assert.Contains(half.Plan!.Steps, s => s.Kernel is WidenHalves);
        Assert.True(Assert.IsType<ConvFloat32>(half.Plan.Steps[^1].Kernel).HasHalves);
        AssertSameBits(half);
        float[] expected = Answer(whole, EngineKind.Generated).ToFloats(), actual = Answer(half, EngineKind.Generated).ToFloats();
        double error = Math.Sqrt(expected.Zip(actual, (x, y) => (x - y) * (x - y)).Sum() / expected.Sum(x => x * x));
        Assert.InRange(error, 1e-7, 1e-3);
    }

    [Fact]
    public void Int4_is_weights_of_four_bits()
    {
        CompilationResult four = Compile(new() { Precision = Precision.Int4 }, calibrated: true), bits = Compile(new() { WeightBits = 4 }, calibrated: true);
        Assert.True(four.Weights.Span.SequenceEqual(bits.Weights.Span));
        Assert.Contains(Compile(new() { Precision = Precision.Int4, WeightBits = 5 }, calibrated: true).Diagnostics, d => d.Code == "MC9002");
    }

    public static TheoryData<string, string> Machines() =>
        new MatrixOf(RunnableTargets.Single, [nameof(RequantizationMode.Float), nameof(RequantizationMode.FixedPoint)]);

    [Theory]
    [MemberData(nameof(Machines))]
    public void Formats_of_all_widths_mix_with_exact_conversions(string target, string requantization)
    {
        RequantizationMode mode = Enum.Parse<RequantizationMode>(requantization);
        AssertSameBits(Compile(new() { Precision = Precision.Int16, Requantization = mode }, calibrated: true, target), mode);
        CompilationResult mixed = Compile(new() { LayerPrecision = $"{Names[0]}=Int16;{Names[2]}=Int16;{Names[3]}=Float16", Requantization = mode },
            calibrated: true, target);
        Assert.Equal([ElementType.Int16, ElementType.Int8, ElementType.Int16, ElementType.Float32], mixed.Compiled!.Nodes
            .Where(n => n.Operator is Core.Operators.ILinearLayer).Select(n => mixed.Compiled.Values[n.Outputs[0]].Type)
            .Select(t => t == ElementType.UInt8 ? ElementType.Int8 : t));
        AssertSameBits(mixed, mode);
    }

    [Fact]
    public void Activations_of_16_bits_are_nearer_to_the_float_network()
    {
        float[] expected = Answer(Compile(new() { Precision = Precision.Float32 }), EngineKind.Reference).ToFloats();
        double[] errors = [.. new[] { Precision.Int16, Precision.Int8 }.Select(p => Answer(Compile(new() { Precision = p }, calibrated: true),
            EngineKind.Reference).ToFloats().Zip(expected, (x, y) => (double)(x - y) * (x - y)).Sum())];
        Assert.True(errors[0] < errors[1], $"{errors[0]} with 16 bits, {errors[1]} with 8");
        Assert.Contains(Compile(new() { Precision = Precision.Int16, Clusters = 8 }, calibrated: true).Diagnostics, d => d.Code == "MC9002");
    }

    // Bits of the integer weights of each layer, 0 for float.
    private static IEnumerable<int> Bits(CompilationResult result) => result.Compiled!.Nodes.Where(n => n.Operator is Core.Operators.ILinearLayer)
        .Select(n => result.Compiled.Values[n.Inputs[1]]).Select(w => w.Type == ElementType.Float32 ? 0 : NarrowWeights.BitsOf(w.Constant!.ToInt32s()));

    private static void AssertSameBits(CompilationResult result, RequantizationMode mode = RequantizationMode.Float) =>
        Assert.Equal(Answer(result, EngineKind.Reference, mode).Bytes, Answer(result, EngineKind.Generated, mode).Bytes);

    private static TensorData Answer(CompilationResult result, EngineKind kind, RequantizationMode mode = RequantizationMode.Float)
    {
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        using IEngine engine = EngineFactory.Create(kind, result, new CompilationOptions { Target = result.Plan!.Target, Requantization = mode });
        var random = new Random(3);
        var input = new TensorData(ElementType.Float32, engine.Inputs[0].Shape);
        foreach (ref float x in input.Floats) x = (float)((random.NextDouble() * 2) - 1);
        return engine.RunReal([input])[0];
    }

    private static CompilationResult Compile(CompilationOptions options, bool calibrated = false, string? target = null) =>
        ModelCompilation.Run(new CompilationInput("network.onnx", CompressionTests.Network(), options with { Target = target ?? RunnableTargets.Single[0] },
        calibrated ? (ReadOnlyMemory<byte>?)CompressionTests.Samples() : null));
}
