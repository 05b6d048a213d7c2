using System.Runtime.Intrinsics.X86;
using CsCheck;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// 8-bit layers of random shapes, strides, dilations, paddings, groups, zero points and weights: every kernel that a target chooses gives the reference's bits.
/// Weights are the adversary: at the ends of their range everywhere, alternating, sparse or of 7 bits, some with scales below zero,
/// which takes the kernels through all ways to stay exact.
/// </summary>
public class LinearKernelProperties
{
    // Networks of several layers: compiling the generated code takes most of the time.
    private const int LayersPerNetwork = 6;

    private sealed record Layer(
        int Height, int Width, int Channels, int Filters, int WindowHeight, int WindowWidth, int Stride, int Dilation, int Padding, int Groups, ElementType In,
        ElementType Out, ElementType Weights, string Pattern, int Seed);

    private static readonly Gen<int> Channels = Gen.OneOf(1, 3, 4, 8, 10, 16, 24, 32, 48, 64, 80, 112);

    private static readonly Gen<Layer> Layers =
        from height in Gen.Int[1, 9]
        from width in Gen.Frequency((4, Gen.Int[1, 19]), (1, Gen.Int[20, 90]))
        from channels in Channels
        from kind in Gen.Int[0, 3]
        from filters in Channels
        from window in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4])
        from steps in Gen.Select(Gen.Int[1, 2], Gen.Frequency((4, Gen.Const(1)), (1, Gen.Const(2))), Gen.Int[0, 2])
        from types in Gen.Select(Gen.OneOf(ElementType.Int8, ElementType.UInt8), Gen.OneOf(ElementType.Int8, ElementType.UInt8),
            Gen.OneOf(ElementType.Int8, ElementType.Int8, ElementType.UInt8))
        from pattern in Gen.OneOf("largest", "smallest", "ends", "alternating", "random", "sparse", "blocks", "seven bits")
        from seed in Gen.Int[0, 1_000_000]
        let groups = kind == 0 ? channels : kind == 1 && channels % 2 == 0 && filters % 2 == 0 ? 2 : 1
        select new Layer(
            Math.Max(height, (window.Item1 - 1) * steps.Item2 + 1), Math.Max(width, (window.Item2 - 1) * steps.Item2 + 1), channels,
            groups == channels ? channels : filters,
            window.Item1, window.Item2, steps.Item1, steps.Item2, Math.Min(steps.Item3, Math.Min(window.Item1, window.Item2) - 1), groups, types.Item1,
            types.Item2, types.Item3, pattern, seed);

    public static TheoryData<string> Targets() => [.. RunnableTargets.Single];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Kernels_equal_the_reference(string target)
    {
        Layers.Array[LayersPerNetwork].Sample(layers => Check(layers, target), iter: 14, threads: 1);
    }

    private static void Check(Layer[] layers, string target)
    {
        var editor = new GraphEditor();
        foreach (Layer layer in layers) Add(editor, layer);
        ModelGraph graph = editor.ToGraph();
        GraphVerifier.Verify(graph, "building");
        var random = new Random(layers[0].Seed);
        RequantizationMode mode = layers[0].Seed % 2 == 0 ? RequantizationMode.Float : RequantizationMode.FixedPoint;
        TensorData[] inputs = [.. graph.InputValues.Select(v => Extreme(v, random))];
        IReadOnlyList<TensorData> expected = new ReferenceInterpreter(graph, mode).Run(inputs);
        var options = new CompilationOptions { Requantization = mode, Target = target };
        (ModelPlan plan, byte[] weights) = Lowering.Run(graph, new CompilationInput("layers.onnx", default, options), Target.Of(target), []);
        using var engine = new GeneratedEngine(plan, weights);
        IReadOnlyList<TensorData> actual = engine.RunRaw(inputs);
        for (int i = 0; i < layers.Length; i++)
        {
            int at = expected[i].Bytes.AsSpan().CommonPrefixLength(actual[i].Bytes);
            Assert.True(at == expected[i].Bytes.Length, $"{layers[i]} on {target}, {mode}, {plan.Steps[i].Kernel.GetType().Name} ({plan.Steps[i].Choice}): "
                + $"element {at} is {(at < actual[i].Bytes.Length ? actual[i].Bytes[at] : 0)}, not "
                + $"{(at < expected[i].Bytes.Length ? expected[i].Bytes[at] : 0)}.");
        }
    }

    private static void Add(GraphEditor editor, Layer layer)
    {
        var random = new Random(layer.Seed);
        int perGroup = layer.Channels / layer.Groups;
        int taps = layer.WindowHeight * layer.WindowWidth * perGroup;
        Value input = editor.AddValue($"x{editor.Inputs.Count}",
            new TensorType(layer.In, new Shape(1, layer.Height, layer.Width, layer.Channels), new QuantizationParameters(0.05f, Zero(layer.In))));
        editor.Inputs.Add(input.Id);

        var weights = new TensorData(layer.Weights, new Shape(layer.Filters, layer.WindowHeight, layer.WindowWidth, perGroup));
        for (int i = 0; i < weights.Bytes.Length; i++) weights.Bytes[i] = unchecked((byte)Weight(i));
        // One zero point, one per channel, or none with a scale per channel.
        int zeros = random.Next(3);
        float[] scales = [.. Enumerable.Range(0, zeros == 0 ? 1 : layer.Filters).Select(_ => (float)(0.02 * (0.2 + random.NextDouble()) / Math.Sqrt(taps)))];
        if (layer.Seed % 3 == 0) scales = Array.ConvertAll(scales, s => random.Next(2) == 0 ? -s : s);
        Value constant = editor.AddConstant("weights", weights,
            new QuantizationParameters(scales.ToEquatableArray(),
                scales.Select(_ => zeros == 2 || layer.Pattern == "blocks" ? 0 : Zero(layer.Weights)).ToEquatableArray()));
        Value bias = editor.AddConstant("bias", TensorData.Of(new Shape(layer.Filters),
            Enumerable.Range(0, layer.Filters).Select(_ => random.Next(-30000, 30000)).ToArray()));
        var conv = new Conv(layer.Stride, layer.Stride, layer.Dilation, layer.Dilation, layer.Padding, layer.Padding, layer.Padding, layer.Padding,
            layer.Groups, random.Next(2) == 0 ? ActivationRange.None : ActivationRange.Relu);
        Value output = editor.Add("y", "Conv", conv, [input.Id, constant.Id, bias.Id], new QuantizationParameters(0.03f, Zero(layer.Out)), layer.Out);
        editor.Outputs.Add(output.Id);
        editor.OutputNames.Add($"y{editor.OutputNames.Count}");

        int Zero(ElementType type) => random.Next(type.MinValue(), type.MaxValue() + 1);

        int Weight(int i)
        {
            (int min, int max) = (layer.Weights.MinValue(), layer.Weights.MaxValue());
            return layer.Pattern switch
            {
                "largest" => max,
                "smallest" => min,
                "ends" => random.Next(2) == 0 ? min : max,
                "alternating" => i % 2 == 0 ? min : max,
                "sparse" => random.Next(8) == 0 ? random.Next(min, max + 1) : layer.Weights == ElementType.Int8 ? 0 : min,
                // Most blocks of 16 outputs × 4 inputs are zero.
                "blocks" => ((i / taps / 16 * 7919) + (i % taps / 4 * 104729) + layer.Seed) % 5 > 1 ? 0 : random.Next(min, max + 1),
                "seven bits" => random.Next(-63, 64),
                _ => random.Next(min, max + 1),
            };
        }
    }

    // Activations at the ends of their range make the largest sums.
    private static TensorData Extreme(Value input, Random random)
    {
        var data = new TensorData(input.Type, input.Shape);
        bool isExtreme = random.Next(2) == 0;
        for (int i = 0; i < data.Bytes.Length; i++)
            data.Bytes[i] = isExtreme ? unchecked((byte)(random.Next(4) == 0 ? input.Type.MinValue() : input.Type.MaxValue())) : (byte)random.Next(256);
        return data;
    }
}
