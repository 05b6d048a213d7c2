using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Convolution (fully connected layers included) of bytes by bytes, two products to an int16 lane (<c>maddubs</c>), neighbouring output channels in
/// neighbouring lanes. The weights of a block of channels are packed into segments that provably cannot saturate (<see cref="WeightSegments"/>), so the
/// result is exact. Best when weights are small (7 bits) or pixels few.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Rows">Scratch for padded input rows.</param>
/// <param name="Weights">Weights in the order of the schedule: [block][group][channel][4].</param>
/// <param name="Schedule">For every block: segments of 4, 3, 2 and 1 groups; then every group's offset in the rows, int32 each.</param>
/// <param name="Bias">Int32 bias per channel with the input's zero point folded in, padded to whole blocks.</param>
/// <param name="Rescaling">How sums become results; factors per channel, padded like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Block">Channels of a block.</param>
/// <param name="Structure">Groups of each segment, when they are the same for all blocks.</param>
/// <param name="InZero">Zero point of the input.</param>
internal sealed record ConvBytesByChannel(
    TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, WeightsRef Schedule, DataRef Bias, Rescaling Rescaling, ConvGeometry Geometry, int Block,
    EquatableArray<int> Structure, int InZero) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>The best that this kernel could do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (task.Geometry.IsDepthwise || !task.FitsByteProducts || !task.Isas[0].Has(Products.Bytes)) return null;
        int lanes = task.Isas[0].Wide.Lanes;
        int pixels = task.Geometry.Pixels * task.Geometry.Batch;

        // One vector of sums to a block, or four where there are too few pixels to keep the processor busy; half a vector wastes less of some channel numbers.
        int most = (task.OutChannels + lanes - 1) / lanes * lanes;
        int[] blocks = pixels == 1 ? [Math.Min(4 * lanes, most)] : pixels <= 3 ? [Math.Min(2 * lanes, most)] : lanes == 16 ? [16, 8] : [lanes];
        return blocks.Select(b => Offer(task, b)).OrderBy(o => o.Cycles).First();
    }

    private static KernelOffer Offer(LinearTask task, int block)
    {
        Isa isa = task.Isas[0].Narrowed(block * 32);
        var rows = new InputRows(task.Geometry, task.SignedInput, task.InZero);
        var groups = rows.Groups().ToArray();
        List<List<WeightGroup>>[] blocks = Enumerable.Range(0, (task.OutChannels + block - 1) / block)
            .Select(b => WeightSegments.Pack(groups.Select(g => new WeightGroup(g.Offset, task.WeightsAt(g.Bytes, b * block, block))))).ToArray();

        double vectors = task.Geometry.Pixels * (block / (double)isa.Lanes);
        double multiply = vectors * blocks.Sum(WeightSegments.Cost);
        double finish = vectors * blocks.Length * CostModel.ByChannel.Finish;
        double average = blocks.Sum(b => b.Sum(s => s.Count)) / (double)Math.Max(1, blocks.Sum(b => b.Count));
        int[] structure = WeightSegments.Unify(blocks, Math.Min(task.Geometry.Pixels, Math.Max(1, isa.TileSums * isa.Lanes / block)), block / isa.Lanes);
        return new KernelOffer(
            task.Geometry.Batch * (multiply + finish) * CostModel.ByChannel.Instruction(isa, task.Isas[0].Wide),
            FormattableString.Invariant($"bytes by channel, blocks of {block}, {average:0.0} of 4 products before widening"),
            parts =>
            {
                Rescaling rescaling = task.Rescaling(parts, task.Padded(task.Factors, block));
                var kernel = new ConvBytesByChannel(
                    parts.In, parts.Out, default, parts.Weights(ByteTile.WeightBytes(blocks)),
                    parts.Constants(ByteTile.ScheduleBytes(blocks, structure.Length > 0)),
                    parts.Table("Bias", ElementType.Int32, task.Padded(task.RaisedBias(rows.Zero), block)), rescaling,
                    task.Geometry, block, structure.ToEquatableArray(), task.InZero);
                return kernel with { Rows = parts.Scratch(ElementType.UInt8, task.Isas.Max(i => kernel.RowBytes(i, task.SignedInput))) };
            });
    }

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        bool signed = writer.Tensor(In).Type == ElementType.Int8;
        var rows = new InputRows(g, signed, InZero);
        var requantizer = new Requantizer(writer, Rescaling);
        PixelTiles tiles = TilesFor(rows, writer.Isa.Narrowed(Block * 32));
        string outType = writer.Tensor(Out).Type.CSharpName();
        var tile = new ByteTile(writer, g.OutChannels, Block, isBroadcast: true, requantizer, outType, Rescaling.Zero, Structure);
        string method = writer.Method(
            $"Conv_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutChannels, "channel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, int* schedule, int* bias, {requantizer.Parameters}, byte* rows",
            code => tiles.Write(code, (y, height) => rows.Prepare(writer, code, y, height), (input, _, _) => input, (window, x, y, height, width) =>
            {
                string call = tile.Method(
                    $"ConvTile_{height}x{width}_{g.Name}",
                    Enumerable.Range(0, height * width).Select(p => (p / width * g.StrideDown * rows.Pitch) + (p % width * g.StrideRight * g.Channels))
                    .ToArray(),
                    Enumerable.Range(0, height * width).Select(p => ((p / width * rows.OutWidth) + (p % width)) * g.OutChannels).ToArray());
                string pixel = Terms.Plus(Terms.Times(y, rows.OutWidth), x);
                code.Line($"{call}({Terms.Plus(window, Terms.Times(x, g.StrideRight * g.Channels))}, weights, schedule, bias, {requantizer.Forward("")}, "
                    + $"{Terms.Plus("output", Terms.Times(pixel, g.OutChannels))});");
            }));
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, (int*)({writer.Address(Schedule)}), "
            + $"{writer.Address(Bias)}, {requantizer.Arguments()}, {writer.Address(Rows)});");
    }

    private PixelTiles TilesFor(InputRows rows, Isa isa) => new(rows.OutHeight, rows.OutWidth, Math.Max(1, isa.TileSums / (Block / isa.Lanes)), rows.BandRows);

    /// <summary>Bytes of scratch that the kernel needs on an instruction set.</summary>
    public int RowBytes(Isa isa, bool signed)
    {
        var rows = new InputRows(Geometry, signed, InZero);
        return rows.ScratchBytes(TilesFor(rows, isa.Narrowed(Block * 32)).BandHeight);
    }
}
