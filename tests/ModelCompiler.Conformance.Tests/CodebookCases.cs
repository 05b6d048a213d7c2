using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Layers whose weights have few different values, which are stored as indices and looked up before every kernel that takes weights.</summary>
internal static class CodebookCases
{
    // Each side of every number of values at which an index gets another bit, and more than there are indices for.
    private static readonly int[] Values = [2, 3, 9, 16, 17, 32, 33, 64, 65];

    // The look-up is the same before every kind of layer: one layer has all numbers of values, the others an index of 2, 4 and 6 bits.
    private static readonly int[] FewValues = [3, 16, 33];

    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new([.. Values.SelectMany(EveryWidth), .. FewValues.SelectMany(Others)]);

    private static IEnumerable<KeyValuePair<string, Func<CaseBuilder, ModelGraph>>> EveryWidth(int values) =>
    [
        new($"conv 1x1 of {values} values", b => Conv(b, values, ElementType.UInt8, 9, 8, 32, 40, 1, groups: 1)),
    ];

    private static IEnumerable<KeyValuePair<string, Func<CaseBuilder, ModelGraph>>> Others(int values) =>
    [
        new($"conv 3x3 of {values} values", b => Conv(b, values, ElementType.Int8, 7, 9, 13, 20, 3, groups: 1)),
        new($"conv grouped of {values} values", b => Conv(b, values, ElementType.Int8, 6, 6, 16, 24, 3, groups: 2)),
        new($"conv of {values} values, with zero points", b => Conv(b, values, ElementType.UInt8, 6, 7, 16, 12, 3, groups: 1, zero: 200)),
        new($"depthwise of {values} values", b => Conv(b, values, ElementType.Int8, 7, 6, 72, 72, 3, groups: 72)),
        new($"fully connected of {values} values", b => b.Build(b.Apply(
            new FullyConnected(false, ActivationRange.None), ElementType.Int8, b.Parameters(ElementType.Int8), b.QuantizedInput(ElementType.Int8, 17, 40),
            Weights(b, values, 0, 30, 40), b.Bias(30)))),
    ];

    private static ModelGraph Conv(
        CaseBuilder b, int values, ElementType type, int height, int width, int channels, int outputs, int window, int groups, int zero = 0) =>
        b.Build(b.Apply(
        new Conv(1, 1, 1, 1, window / 2, window / 2, window / 2, window / 2, groups, ActivationRange.None), type, b.Parameters(type),
        b.QuantizedInput(type, 1, height, width, channels),
        Weights(b, values, zero, outputs, window, window, channels / groups), b.Bias(outputs)));

    // Zero among so many values of 7 bits, so that kernels neither split them nor fill them up with another; where they have a zero point, values of 8 bits.
    private static Value Weights(CaseBuilder b, int values, int zero, params int[] shape)
    {
        var q = new QuantizationParameters(Enumerable.Range(0, shape[0]).Select(i => 0.5f / 64 / (1 + (i % 5))).ToEquatableArray(),
            Enumerable.Repeat(zero, shape[0]).ToEquatableArray());
        int spread = zero == 0 ? 126 : 255;
        int[] all = [.. Enumerable.Range(0, values).Select(i => (i * spread / Math.Max(1, values - 1)) - (zero == 0 ? 63 : 0))];
        all[Array.FindIndex(all, v => v >= zero)] = zero;
        return b.Numbers(zero == 0 ? ElementType.Int8 : ElementType.UInt8, q, r => all[r.Next(values)], shape);
    }
}
