using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Float layers whose weights half precision holds exactly: they are stored so, and widened before the kernel.</summary>
internal static class HalfWeightCases
{
    public static Dictionary<string, Func<CaseBuilder, ModelGraph>> All { get; } = new()
    {
        ["conv 3x3 half"] = b => Conv(b, 7, 9, 13, 20, 3, groups: 1),
        ["conv 1x1 half"] = b => Conv(b, 9, 8, 32, 40, 1, groups: 1),
        ["conv grouped half"] = b => Conv(b, 6, 6, 16, 24, 3, groups: 2),
        ["depthwise half"] = b => Conv(b, 7, 6, 72, 72, 3, groups: 72),
        ["fully connected half"] = b => b.Build(b.Apply(new FullyConnected(false, ActivationRange.None), b.Input(17, 40), Weights(b, 30, 40), b.Constant(30))),
    };

    private static ModelGraph Conv(CaseBuilder b, int height, int width, int channels, int outputs, int window, int groups) => b.Build(b.Apply(
        new Conv(1, 1, 1, 1, window / 2, window / 2, window / 2, window / 2, groups, ActivationRange.Relu6),
        b.Input(1, height, width, channels), Weights(b, outputs, window, window, channels / groups), b.Constant(outputs)));

    // Normal and subnormal numbers, zeros of both signs among them.
    private static Value Weights(CaseBuilder b, params int[] shape) => b.Numbers(ElementType.Float32, null, r =>
        (double)(r.Next(4) == 0 ? BitConverter.UInt16BitsToHalf((ushort)(r.Next(0x400) | (r.Next(2) << 15))) : (Half)((r.NextDouble() * 2) - 1)), shape);
}
