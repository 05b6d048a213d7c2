using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Convolution (fully connected layers included) of int8 by int8 on 64-bit Arm, four products to an int32 lane (SDOT). Patches of a few pixels are gathered as
/// int8 (im2col; uint8 less 128; the zero point as padding) and multiplied by a register-tiled matrix product. What the zero points contribute is in the
/// bias, so the result is exact for any weights that fit 8 bits less one zero point. On processors without SDOT,
/// products of int8 are summed in int16 where that is proved to fit.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Patches">Scratch: <see cref="TilePixels"/> patches of int8.</param>
/// <param name="Weights">Weights as <see cref="Pack"/> lays them out.</param>
/// <param name="Bias">Int32 bias per channel with the zero points folded in, padded per group to a multiple of 8.</param>
/// <param name="Rescaling">How sums become results; factors per channel, padded like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="InZero">Zero point of the input.</param>
/// <param name="WeightsZero">Zero point of the weights as int8.</param>
/// <param name="PairsFit">True when the sum of two products, of taps that are four apart, fits int16 whatever the input.</param>
internal sealed record ConvDotInt8(
    TensorRef In, TensorRef Out, TensorRef Patches, WeightsRef Weights, DataRef Bias, Rescaling Rescaling, ConvGeometry Geometry, int InZero, int WeightsZero,
    bool PairsFit) : Kernel
{
    /// <summary>Pixels computed together: 8 × 8 sums are 16 of the 32 registers.</summary>
    public const int TilePixels = 8;

    /// <summary>Channels that lie together in the packed weights.</summary>
    public const int BlockChannels = 8;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>What this kernel would do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (task.Geometry.IsDepthwise || !task.Isas.All(i => i.Has(Products.Lanes))) return null;
        StoredWeights stored = StoredWeights.For(task.Weights);
        if (stored.Type == ElementType.Int16) return null;
        int blocks = ConvInt8.Blocks(task.OutPerGroup);
        int patch = PatchLength(task.Taps);
        double products = (double)task.Geometry.Batch * task.Geometry.Pixels * task.Geometry.Groups * blocks * CostModel.Dots.VectorsOfBlock * (patch / 4);
        double finish = (double)task.Geometry.Batch * task.Geometry.Pixels * task.Geometry.Groups
            * (blocks * CostModel.Dots.FinishBlock + patch / CostModel.Dots.GatheredPerCycle);
        return new KernelOffer((products * CostModel.Dots.Product) + finish, "dot products of four", parts =>
        {
            int zero = stored.Type == ElementType.UInt8 ? stored.Zero - 128 : 0;
            sbyte[] weights = Array.ConvertAll(task.Weights, w => checked((sbyte)(w + zero)));
            sbyte[] packed = Pack(weights, task.Geometry.Groups, task.OutChannels, task.Taps);
            Rescaling rescaling = task.Rescaling(parts, task.PaddedByGroup(task.Factors, BlockChannels));
            IEnumerable<double> bias = task.RaisedBias(task.InZero - (task.SignedInput ? 0 : 128)).Select(b => (double)unchecked((int)(long)b));
            return new ConvDotInt8(
                parts.In, parts.Out, parts.Scratch(ElementType.Int8, TilePixels * patch), parts.Weights(Array.ConvertAll(packed, w => unchecked((byte)w))),
                parts.Table("Bias", ElementType.Int32, task.PaddedByGroup(bias, BlockChannels)), rescaling,
                task.Geometry, task.InZero, zero,
                SumsOfTwoFit(packed, patch));
        });
    }

    /// <summary>Lays weights out as the kernel reads them: [group][channels ÷ 8][taps ÷ 4][8 channels][4 taps], missing channels and taps zero.</summary>
    /// <param name="weights">Output channels × taps (height × width × input channels of the group), row-major.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="channels">Output channels, all groups.</param>
    /// <param name="taps">Taps per output channel.</param>
    public static sbyte[] Pack(sbyte[] weights, int groups, int channels, int taps)
    {
        int perGroup = channels / groups;
        int blocks = ConvInt8.Blocks(perGroup);
        int patch = PatchLength(taps);
        var packed = new sbyte[groups * blocks * BlockChannels * patch];
        for (int channel = 0; channel < channels; channel++)
        {
            int block = (channel / perGroup * blocks) + (channel % perGroup / BlockChannels);
            for (int tap = 0; tap < taps; tap++)
            {
                packed[(block * BlockChannels * patch) + (((tap / 4 * BlockChannels) + (channel % perGroup % BlockChannels)) * 4) + (tap % 4)] =
                    weights[(channel * taps) + tap];
            }
        }

        return packed;
    }

    /// <summary>Taps with those that fill the last four.</summary>
    private static int PatchLength(int taps) => (taps + 3) / 4 * 4;

    // 128 · 255 fits int16; only −128 with −128 goes beyond.
    private static bool SumsOfTwoFit(sbyte[] packed, int patch)
    {
        const int Quad = BlockChannels * 4;
        for (int block = 0; block < packed.Length; block += BlockChannels * patch)
        {
            for (int i = block; i < block + (patch / 8 * 2 * Quad); i++)
            {
                if ((i - block) / Quad % 2 == 0 && Math.Abs((int)packed[i]) + Math.Abs((int)packed[i + Quad]) > 255) return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        var requantizer = new Requantizer(writer, Rescaling);
        int patch = PatchLength(g.Taps);
        int padded = ConvInt8.Blocks(g.OutPerGroup) * BlockChannels;
        string dot = ImageMethod(writer, requantizer, new DotProductTile(this, patch));
        string? pairs = writer.Isa.Has(Products.Dots) ? null : ImageMethod(writer, requantizer, new ProductPairTile(this, patch));
        g.WriteCalls(writer, (input, output, group) =>
        {
            string tables = group.Length == 0 ? "" : $" + {group} * {padded}";
            string weights = group.Length == 0 ? "" : $" + {group} * {padded * patch}";
            string call = $"({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}{weights}, {writer.Address(Bias)}{tables}, "
                + $"{requantizer.Arguments(tables)}, {writer.Address(Patches)});";
            return pairs is null ? dot + call : $"if (Dp.IsSupported) {dot}{call}\nelse {pairs}{call}";
        });
    }

    private string ImageMethod(KernelWriter writer, Requantizer requantizer, DotTile tile)
    {
        ConvGeometry g = Geometry;
        bool signed = writer.Tensor(In).Type == ElementType.Int8;
        (string inType, string outType) = (writer.Tensor(In).Type.CSharpName(), writer.Tensor(Out).Type.CSharpName());
        int patch = PatchLength(g.Taps);
        int most = Math.Min(tile.Pixels, g.Pixels);
        bool direct = signed && g.IsPointwise && patch == g.Taps;
        var patches = new PatchWriter(g, patch, (from, to, count) => signed ? $"Unsafe.CopyBlockUnaligned({to}, {from}, (uint)({count}));"
            : $"{writer.Isa.Simd}.CopyLowered({from}, {to}, {count});")
        {
            PatchType = "sbyte",
            Zero = InZero - (signed ? 0 : 128),
        };
        return writer.Method(
            $"Conv{tile.Name}_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutPerGroup, "channel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{inType}* input, {outType}* output, sbyte* weights, int* bias, {requantizer.Parameters}, sbyte* patches",
            code =>
            {
                string gather = direct ? "" : patches.Method(writer, inType);
                if (WeightsZero != 0) code.Line($"int* offsets = stackalloc int[{most}]; // what the zero point of the weights contributes");
                code.For("pixel", g.Pixels / most * most, pixel => WriteTile(most, pixel), most);
                if (g.Pixels % most > 0) WriteTile(g.Pixels % most, Literals.Int(g.Pixels / most * most));

                void WriteTile(int pixels, string first)
                {
                    code.Line(direct ? $"patches = {Terms.Plus("input", Terms.Times(first, g.Channels))};" : patches.Call(gather, first, pixels));
                    if (WeightsZero != 0) code.Line($"for (int i = 0; i < {pixels}; i++) offsets[i] = {Literals.Int(-WeightsZero)} * "
                        + $"{writer.Isa.Simd}.SumInt8(patches + i * {patch}, {patch});");
                    ChannelTiling.Write(code, writer.Isa, pixels, g.OutPerGroup, BlockChannels, (channel, blocks, channels) =>
                        $"{tile.Method(writer, requantizer, pixels, blocks, channels, outType)}(patches, "
                        + $"{Terms.Plus("weights", Terms.Times(channel, patch))}, {Terms.Plus("bias", channel)}, {requantizer.Forward(channel)}"
                        + $"{(WeightsZero != 0 ? ", offsets" : "")}, {Terms.Plus(Terms.Plus("output", Terms.Times(first, g.OutChannels)), channel)});");
                }
            });
    }
}
