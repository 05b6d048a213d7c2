using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Benchmarks.Fit;

/// <summary>A layer as common networks have it, with random weights.</summary>
/// <param name="Network">Where such a layer occurs.</param>
/// <param name="Size">Height and width of the input.</param>
/// <param name="Channels">Input channels.</param>
/// <param name="Filters">Output channels.</param>
/// <param name="Window">Height and width of the window.</param>
/// <param name="Stride">Steps of the window.</param>
/// <param name="IsDepthwise">True when each channel has a window of its own.</param>
/// <param name="Bits">Bits of the weights.</param>
internal sealed record FitLayer(string Network, int Size, int Channels, int Filters, int Window, int Stride, bool IsDepthwise = false, int Bits = 8)
{
    /// <summary>The layers that are measured.</summary>
    public static IReadOnlyList<FitLayer> All { get; } =
    [
        new("MobileNet, first", 128, 3, 8, 3, 2),
        new("MobileNet, pointwise", 56, 16, 32, 1, 1),
        new("MobileNet, pointwise", 28, 32, 192, 1, 1),
        new("MobileNet, pointwise", 14, 128, 128, 1, 1),
        new("MobileNet, pointwise", 14, 128, 128, 1, 1, Bits: 7),
        new("MobileNet, pointwise", 7, 160, 320, 1, 1),
        new("MobileNet, pointwise", 3, 256, 256, 1, 1, Bits: 7),
        new("DS-CNN, pointwise", 12, 64, 64, 1, 1),
        new("ResNet", 32, 16, 16, 3, 1),
        new("ResNet", 16, 32, 32, 3, 1, Bits: 7),
        new("ResNet", 8, 64, 64, 3, 1),
        new("ResNet, strided", 56, 64, 128, 3, 2),
        new("Detector, head", 10, 96, 24, 1, 1),
        new("Text, narrow", 20, 40, 10, 1, 1, Bits: 7),
        new("Autoencoder, dense", 1, 640, 128, 1, 1),
        new("Classifier, dense", 1, 1024, 100, 1, 1, Bits: 7),
        new("MobileNet, depthwise", 48, 16, 16, 3, 1, true),
        new("MobileNet, depthwise", 28, 96, 96, 3, 2, true),
        new("MobileNet, depthwise", 14, 128, 128, 3, 1, true, 7),
        new("MobileNet, depthwise", 7, 192, 192, 3, 1, true),
        new("EfficientNet, depthwise", 14, 120, 120, 5, 1, true),
        new("Narrow, depthwise", 32, 8, 8, 3, 1, true),
    ];

    /// <summary>For the table.</summary>
    public string Name => FormattableString.Invariant(
        $"{Network} {Window}×{Window}/{Stride} {Size}×{Size}×{Channels} → {Filters}, {Bits} bits");

    /// <summary>The layer as a network whose kernel is of the family with this number among those that make offers.</summary>
    /// <param name="family">Number of the family.</param>
    /// <param name="offers">What it is given: the offers' estimates.</param>
    public ModelGraph Build(int family, Action<IReadOnlyList<KernelOffer>> offers)
    {
        var random = new Random(Size + Channels + Filters);
        var editor = new GraphEditor();
        int groups = IsDepthwise ? Channels : 1, pad = (Window - 1) / 2;
        Value input = editor.AddValue("x", new TensorType(ElementType.Int8, new Shape(1, Size, Size, Channels), new QuantizationParameters(0.05f, -7)));
        editor.Inputs.Add(input.Id);
        Value weights = editor.AddConstant("weights", Weights(random, Channels / groups),
            new QuantizationParameters(Enumerable.Repeat(0.004f, Filters).ToEquatableArray(), Enumerable.Repeat(0, Filters).ToEquatableArray()));
        Value bias = editor.AddConstant("bias", TensorData.Of(new Shape(Filters),
            Enumerable.Range(0, Filters).Select(_ => random.Next(-2000, 2000)).ToArray()));
        var conv = new Conv(Stride, Stride, 1, 1, pad, pad, pad, pad, groups, ActivationRange.Relu);
        Value output = editor.Add("layer", "layer", new OfferedConv(conv, family, offers), [input.Id, weights.Id, bias.Id],
            new QuantizationParameters(0.08f, -128), ElementType.Int8);
        editor.Outputs.Add(output.Id);
        editor.OutputNames.Add("y");
        return editor.ToGraph();
    }

    // Weights of a trained channel are spread like a bell, and the largest of them sets the scale.
    private TensorData Weights(Random random, int channels)
    {
        var data = new TensorData(ElementType.Int8, new Shape(Filters, Window, Window, channels));
        int most = (1 << (Bits - 1)) - 1, taps = data.Count / Filters;
        for (int filter = 0; filter < Filters; filter++)
        {
            double[] values = [.. Enumerable.Range(0, taps).Select(_ => Enumerable.Range(0, 6).Sum(_ => random.NextDouble()) - 3)];
            double scale = most / values.Max(Math.Abs);
            for (int i = 0; i < taps; i++) data.Bytes[(filter * taps) + i] = unchecked((byte)(sbyte)Math.Round(values[i] * scale));
        }

        return data;
    }
}
