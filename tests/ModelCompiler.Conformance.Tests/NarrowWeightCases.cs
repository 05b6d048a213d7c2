using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Layers whose weights need 2 to 7 bits, which are packed and unpacked before every kernel that takes weights.</summary>
internal static class NarrowWeightCases
{
    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new(Enumerable.Range(2, 6).SelectMany(Cases));

    private static IEnumerable<KeyValuePair<string, Func<CaseBuilder, ModelGraph>>> Cases(int bits) =>
    [
        new($"conv 3x3 of {bits} bits", b => Conv(b, bits, ElementType.Int8, 7, 9, 13, 20, 3, groups: 1)),
        new($"conv 1x1 of {bits} bits", b => Conv(b, bits, ElementType.UInt8, 9, 8, 32, 40, 1, groups: 1)),
        new($"conv grouped of {bits} bits", b => Conv(b, bits, ElementType.Int8, 6, 6, 16, 24, 3, groups: 2)),
        new($"depthwise of {bits} bits", b => Conv(b, bits, ElementType.Int8, 7, 6, 72, 72, 3, groups: 72)),
        new($"fully connected of {bits} bits", b => b.Build(b.Apply(
            new FullyConnected(false, ActivationRange.None), ElementType.Int8, b.Parameters(ElementType.Int8), b.QuantizedInput(ElementType.Int8, 17, 40),
            Weights(b, bits, 30, 40), b.Bias(30)))),
    ];

    private static ModelGraph Conv(CaseBuilder b, int bits, ElementType type, int height, int width, int channels, int outputs, int window, int groups) =>
        b.Build(b.Apply(
        new Conv(1, 1, 1, 1, window / 2, window / 2, window / 2, window / 2, groups, ActivationRange.None), type, b.Parameters(type),
        b.QuantizedInput(type, 1, height, width, channels),
        Weights(b, bits, outputs, window, window, channels / groups), b.Bias(outputs)));

    // All integers of the bits, the smallest and the largest more often.
    private static Value Weights(CaseBuilder b, int bits, params int[] shape)
    {
        (int low, int high) = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1);
        var q = new QuantizationParameters(Enumerable.Range(0, shape[0]).Select(i => 0.5f / (1 << bits) / (1 + (i % 5))).ToEquatableArray(),
            new int[shape[0]].ToEquatableArray());
        return b.Numbers(ElementType.Int8, q, r => r.Next(4) switch { 0 => low, 1 => high, _ => r.Next(low, high + 1) }, shape);
    }
}
