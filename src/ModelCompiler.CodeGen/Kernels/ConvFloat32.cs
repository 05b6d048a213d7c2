using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Convolution (fully connected layers included) in float32: rows of input, padded where windows reach over the edge, times packed weights in register tiles of
/// fused multiply-adds, taps in order, so that every instruction set gives the same bits.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels.</param>
/// <param name="Out">Result.</param>
/// <param name="Rows">Scratch: the ring of padded rows, of <see cref="RowElements"/>.</param>
/// <param name="Weights">Weights as <see cref="Pack"/> lays them out, in blocks of <see cref="BlockOf"/>.</param>
/// <param name="Bias">Bias per channel, padded per group to whole blocks.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Min">Lower bound of the fused activation.</param>
/// <param name="Max">Upper bound of the fused activation.</param>
/// <param name="HasHalves">True when the weights are IEEE 754 binary16, widened as they are read.</param>
internal sealed record ConvFloat32(
    TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, DataRef Bias, ConvGeometry Geometry, float Min, float Max, bool HasHalves) : Kernel
{
    /// <summary>Fewest channels that lie together in the packed weights.</summary>
    public const int BlockChannels = 8;

    // A long row of few channels is not worth a padded copy of the whole of it.
    private const int MostRowElements = 1 << 14;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe(HasHalves ? "half conv" : "float conv");

    /// <summary>C# name of the type of the weights.</summary>
    internal string WeightType => HasHalves ? "ushort" : "float";

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>Channels that lie together in the packed weights of a layer: those of the widest vector that it fills.</summary>
    /// <param name="isas">The instruction sets that the kernel must be written for.</param>
    /// <param name="channels">Output channels of a group.</param>
    public static int BlockOf(IEnumerable<Isa> isas, int channels) =>
        channels <= BlockChannels ? BlockChannels : Math.Max(BlockChannels, isas.Max(i => i.Wide.Lanes));

    /// <summary>Lays weights out as the kernel reads them: [group][channels ÷ block][taps][block], missing channels zero.</summary>
    /// <param name="weights">Output channels × taps, row-major.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="channels">Output channels, all groups.</param>
    /// <param name="taps">Taps per output channel.</param>
    /// <param name="block">Channels that lie together.</param>
    public static byte[] Pack(float[] weights, int groups, int channels, int taps, int block = BlockChannels)
    {
        int perGroup = channels / groups;
        int blocks = (perGroup + block - 1) / block;
        var packed = new float[groups * blocks * block * taps];
        for (int channel = 0; channel < channels; channel++)
        {
            int at = ((channel / perGroup * blocks) + (channel % perGroup / block)) * taps;
            for (int tap = 0; tap < taps; tap++) packed[((at + tap) * block) + (channel % perGroup % block)] = weights[(channel * taps) + tap];
        }

        return PackedBytes.Of(packed);
    }

    /// <summary>Elements of the scratch tensor.</summary>
    public static int RowElements(ConvGeometry geometry) => Flat(geometry) is { HasPadding: true } g ? RowRing.ElementsFor(g, 0) : 1;

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Flat(Geometry);
        var loops = new FloatConvLoops(this, g, BlockOf(Target.Of(writer.Plan.Target).InstructionSets, g.OutPerGroup), writer);
        string method = writer.Method(
            $"Conv{(HasHalves ? "Half" : "Float")}_{Geometry.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutPerGroup, "channel")} × {Literals.Count(g.Taps, "tap")}.",
            $"float* input, float* output, {WeightType}* weights, float* bias" + (g.HasPadding ? ", float* rows" : ""),
            loops.WriteImage);
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, ({WeightType}*)({writer.Address(Weights)}), "
            + $"{writer.Address(Bias)}{(g.HasPadding ? ", " + writer.Address(Rows) : "")});");
    }

    // Pixels that lie one after the other as one row: tiles of many pixels use registers best.
    private static ConvGeometry Flat(ConvGeometry g) =>
        g.IsPointwise ? g with { Height = 1, Width = g.Height * g.Width, OutHeight = 1, OutWidth = g.Pixels }
        : g.Width == 1 && g.OutWidth == 1 && g.WindowWidth == 1 && g.PadLeft == 0 && (!g.HasPadding || g.Height * g.Channels <= MostRowElements) ? g with
        {
            Height = 1, Width = g.Height, OutHeight = 1, OutWidth = g.OutHeight, WindowHeight = 1, WindowWidth = g.WindowHeight,
            StrideDown = 1, StrideRight = g.StrideDown, DilationDown = 1, DilationRight = g.DilationDown, PadTop = 0, PadLeft = g.PadTop,
        }
        : g;
}
