using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Convolution (fully connected layers included) of 8-bit activations and weights with int32 sums, exact for any weights:
/// patches of a few pixels are widened to int16 (im2col, less the zero point, padding as zero) and multiplied by a register-tiled
/// matrix product of int16 pairs.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Patches">Scratch: <see cref="TilePixels"/> patches of int16.</param>
/// <param name="Weights">Weights as <see cref="Pack"/> lays them out.</param>
/// <param name="Bias">Int32 bias per channel, padded per group to a multiple of 8.</param>
/// <param name="Rescaling">How sums become results; factors per channel, padded like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="InZero">Zero point of the input.</param>
/// <param name="WeightsType">Type of the weights in memory: int8, uint8 or int16.</param>
/// <param name="WeightsZero">Zero point of uint8 weights.</param>
internal sealed record ConvInt8(
    TensorRef In, TensorRef Out, TensorRef Patches, WeightsRef Weights, DataRef Bias, Rescaling Rescaling, ConvGeometry Geometry, int InZero,
    ElementType WeightsType, int WeightsZero) : Kernel
{
    /// <summary>Pixels computed together.</summary>
    public const int TilePixels = 4;

    /// <summary>Channels that lie together in the packed weights.</summary>
    public const int BlockChannels = 8;

    private string WeightsName => WeightsType.CSharpName();

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>
    /// Lays weights out as the kernel reads them: [group][channels ÷ 8][taps ÷ 2][8 channels][2 taps], missing channels and taps zero.
    /// </summary>
    /// <param name="weights">Output channels × taps (height × width × input channels of the group), row-major, less their zero points.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="channels">Output channels, all groups.</param>
    /// <param name="taps">Taps per output channel.</param>
    public static int[] Pack(int[] weights, int groups, int channels, int taps)
    {
        int perGroup = channels / groups;
        int blocks = Blocks(perGroup);
        int pairs = (taps + 1) / 2;
        var packed = new int[groups * blocks * BlockChannels * pairs * 2];
        for (int channel = 0; channel < channels; channel++)
        {
            int block = (channel / perGroup * blocks) + (channel % perGroup / BlockChannels);
            for (int tap = 0; tap < taps; tap++)
            {
                packed[(((((block * pairs) + (tap / 2)) * BlockChannels) + (channel % perGroup % BlockChannels)) * 2) + (tap % 2)] =
                    weights[(channel * taps) + tap];
            }
        }

        return packed;
    }

    /// <summary>Blocks of 8 channels needed for one group.</summary>
    public static int Blocks(int channelsPerGroup) => (channelsPerGroup + BlockChannels - 1) / BlockChannels;

    /// <summary>Elements of the scratch tensor.</summary>
    public static int PatchElements(int taps) => TilePixels * (taps + (taps & 1));

    /// <summary>What this kernel would do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (task.Geometry.IsDepthwise) return null;
        double steps = (double)task.Geometry.Batch * task.Geometry.Pixels * task.Geometry.Groups * Blocks(task.OutPerGroup) * BlockChannels / 16;
        double gather = task.Geometry.IsPointwise ? task.Taps / CostModel.Pairs.WidenedPerCycle
            : task.Geometry.WindowHeight * CostModel.Pairs.GatherRow;
        double cycles = (steps * (((task.Taps + 3) / 4 * CostModel.Pairs.FourTaps) + CostModel.Pairs.Finish))
            + (task.Geometry.Batch * task.Geometry.Pixels * gather);
        if (!task.Isas[0].Has(Products.Pairs)) cycles *= CostModel.Pairs.WithoutPairs;
        return new KernelOffer(cycles, "int16 pairs", parts =>
        {
            StoredWeights stored = StoredWeights.For(task.Weights);
            Rescaling rescaling = task.Rescaling(parts, task.PaddedByGroup(task.Factors, BlockChannels));
            return new ConvInt8(
                parts.In, parts.Out, parts.Scratch(ElementType.Int16, PatchElements(task.Taps)),
                parts.Weights(stored.Bytes(Pack(task.Weights, task.Geometry.Groups, task.OutChannels, task.Taps)), stored.Type),
                parts.Table("Bias", ElementType.Int32, task.PaddedByGroup(task.Bias.Select(b => (double)b), BlockChannels)), rescaling,
                task.Geometry, task.InZero, stored.Type, stored.Zero);
        });
    }

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        string inType = writer.Tensor(In).Type.CSharpName();
        string outType = writer.Tensor(Out).Type.CSharpName();
        var requantizer = new Requantizer(writer, Rescaling);
        int patch = g.Taps + (g.Taps & 1);
        int blocks = Blocks(g.OutPerGroup);
        int tile = Math.Min(TilePixels, g.Pixels);

        var patches = new PatchWriter(g, patch, (from, to, count) =>
            $"{writer.Isa.Simd}.Widen{writer.Tensor(In).Type}({from}, {to}, {count}, {Literals.Int(InZero)});");
        string method = writer.Method(
            $"Conv_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutPerGroup, "channel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{inType}* input, {outType}* output, {WeightsName}* weights, int* bias, {requantizer.Parameters}, short* patches",
            WriteImage);
        g.WriteCalls(writer, (input, output, group) =>
        {
            string tables = group.Length == 0 ? "" : $" + {group} * {blocks * BlockChannels}";
            string weights = group.Length == 0 ? "" : $" + {group} * {blocks * BlockChannels * patch}";
            string typed = WeightsType == ElementType.Int8 ? $"{writer.Address(Weights)}{weights}" : $"({WeightsName}*)({writer.Address(Weights)}){weights}";
            return $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {typed}, {writer.Address(Bias)}{tables}, "
                + $"{requantizer.Arguments(tables)}, {writer.Address(Patches)});";
        });

        void WriteImage(SourceWriter code)
        {
            string gather = patches.Method(writer, inType);
            code.For("pixel", g.Pixels / tile * tile, pixel => WriteTile(code, tile, pixel, gather), tile);
            if (g.Pixels % tile > 0) WriteTile(code, g.Pixels % tile, Literals.Int(g.Pixels / tile * tile), gather);
        }

        void WriteTile(SourceWriter code, int pixels, string first, string gather)
        {
            code.Line(patches.Call(gather, first, pixels));
            if (writer.Isa.IsScalar)
            {
                string scalar = ScalarTile(writer, pixels, patch, g, outType, requantizer);
                code.Line($"{scalar}(patches, weights, bias, {requantizer.Forward("")}, {Terms.Plus("output", Terms.Times(first, g.OutChannels))});");
                return;
            }

            ChannelTiling.Write(code, writer.Isa, pixels, g.OutPerGroup, BlockChannels, (channel, blocks, channels) =>
            {
                string tileMethod = VectorTile(writer, pixels, blocks, channels, patch, g, outType, requantizer);
                return $"{tileMethod}(patches, {Terms.Plus("weights", Terms.Times(channel, patch))}, {Terms.Plus("bias", channel)}, "
                    + $"{requantizer.Forward(channel)}, {Terms.Plus(Terms.Plus("output", Terms.Times(first, g.OutChannels)), channel)});";
            });
        }
    }

    private string VectorTile(KernelWriter writer, int pixels, int blocks, int channels, int patch, ConvGeometry g, string outType, Requantizer requantizer)
    {
        (string vector, string simd, int lanes) = (writer.Isa.Vector, writer.Isa.Simd, writer.Isa.Lanes);
        int perBlock = BlockChannels / lanes;
        int vectors = blocks * perBlock;
        return writer.Method(
            $"ConvTile_{pixels}x{channels}_{g.Taps}",
            $"{Literals.Count(pixels, "pixel")} × {Literals.Count(channels, "channel")}: bias + Σ patch · weight over {Literals.Count(g.Taps, "tap")}, "
            + "requantised.",
            $"short* patches, {WeightsName}* weights, int* bias, {requantizer.Parameters}, {outType}* output",
            code =>
            {
                foreach ((int p, int v) in Grid()) code.Line($"{vector}<int> sum{p}_{v} = {vector}.Load(bias + {v * lanes});");
                code.For("pair", patch / 2, () =>
                {
                    for (int v = 0; v < vectors; v++)
                    {
                        string address = $"weights + {(v / perBlock * BlockChannels * patch) + (v % perBlock * lanes * 2)}";
                        string load = WeightsType == ElementType.Int16 ? $"{vector}.Load({address})" : $"{simd}.Load{WeightsType}({address})";
                        if (WeightsZero != 0) load += $" - {vector}.Create((short){Literals.Int(WeightsZero)})";
                        code.Line($"{vector}<short> w{v} = {load};");
                    }

                    for (int p = 0; p < pixels; p++)
                    {
                        code.Line($"{vector}<short> x{p} = {simd}.BroadcastPair(patches + {p * patch});");
                        for (int v = 0; v < vectors; v++) code.Line($"sum{p}_{v} += {simd}.MultiplyAddPairs(x{p}, w{v});");
                    }

                    code.Line($"patches += 2;\nweights += {BlockChannels * 2};");
                });
                foreach ((int p, int v) in Grid())
                {
                    int count = Math.Min(lanes, channels - (v * lanes));
                    if (count > 0) code.Line($"{simd}.StoreBytes((byte*)output + {(p * g.OutChannels) + (v * lanes)}, "
                        + $"{requantizer.Vector($"sum{p}_{v}", Literals.Int(v * lanes))}{(count < lanes ? ", " + Literals.Int(count) : "")});");
                }
            });

        IEnumerable<(int Pixel, int Vector)> Grid() =>
            Enumerable.Range(0, pixels).SelectMany(p => Enumerable.Range(0, vectors).Select(v => (p, v)));
    }

    private string ScalarTile(KernelWriter writer, int pixels, int patch, ConvGeometry g, string outType, Requantizer requantizer) => writer.Method(
        $"ConvTile_{pixels}x{g.OutPerGroup}_{g.Taps}",
        $"{Literals.Count(pixels, "pixel")} × {Literals.Count(g.OutPerGroup, "channel")}: bias + Σ patch · weight over {Literals.Count(g.Taps, "tap")}, "
        + "requantised.",
        $"short* patches, {WeightsName}* weights, int* bias, {requantizer.Parameters}, {outType}* output",
        code => code.For("pixel", pixels, () => code.For("channel", g.OutPerGroup, () =>
        {
            string W(int tap) => WeightsZero == 0 ? $"w[{tap}]" : $"(w[{tap}] - {Literals.Int(WeightsZero)})";
            code.Line($"{WeightsName}* w = weights + channel / {BlockChannels} * {BlockChannels * patch} + channel % {BlockChannels} * 2;");
            code.Line($"short* x = patches + pixel * {patch};\nint sum = bias[channel];");
            code.For("pair", patch / 2, () => code.Line($"sum += x[0] * {W(0)} + x[1] * {W(1)};\nx += 2;\nw += {BlockChannels * 2};"));
            code.Line($"output[pixel * {g.OutChannels} + channel] = ({outType}){requantizer.Single("sum", "channel")};");
        })));
}
