using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Depthwise convolution of bytes by bytes (<c>maddubs</c>): four input rows at a time are interleaved into quads, so that each 32-bit lane holds one channel's
/// column of the window; quads are shared by all windows that contain the column. Windows of one row take four columns instead. Where a quad has room, a tap's
/// weight is spread over two bytes, which makes more sums safe (<see cref="WeightSegments"/>). Rows are flat: with stride 1, vectors run over
/// pixels × channels, so that few channels waste no lanes.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Rows">Scratch for padded input rows.</param>
/// <param name="Quads">Scratch for interleaved rows.</param>
/// <param name="Weights">Weights in the order of the schedule: [block][group][channel][4].</param>
/// <param name="Schedule">For every block: segments of 4, 3, 2 and 1 groups; then every group's offset in the quads, int32 each.</param>
/// <param name="Bias">Int32 bias per channel with the input's zero point folded in, repeated and padded to whole blocks.</param>
/// <param name="Rescaling">How sums become results; factors per channel, like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Block">Channels of a block.</param>
/// <param name="Repeat">Pixels that are computed as one with as many times the channels.</param>
/// <param name="Structure">Groups of each segment, when they are the same for all blocks.</param>
/// <param name="InZero">Zero point of the input.</param>
internal sealed record DepthwiseBytes(
    TensorRef In, TensorRef Out, TensorRef Rows, TensorRef Quads, WeightsRef Weights, WeightsRef Schedule, DataRef Bias, Rescaling Rescaling,
    ConvGeometry Geometry, int Block, int Repeat, EquatableArray<int> Structure, int InZero) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("depthwise conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>What this kernel would do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (!task.Geometry.IsDepthwise || !task.FitsByteProducts || !task.Isas[0].Has(Products.Bytes)) return null;
        Isa isa = task.Isas[0].Wide;
        ConvGeometry g = task.Geometry;
        var quads = new QuadRows(g);
        int block = isa.Lanes;
        int repeat = RepeatFor(g, block);
        List<List<WeightGroup>>[] blocks = Enumerable.Range(0, ((g.Channels * repeat) + block - 1) / block)
            .Select(b => quads.Groups(task.Weights, task.Taps, b * block, block, g.Channels * repeat))
            .Select(b => isa.Has(Products.Quads) ? WeightSegments.Single(b) : WeightSegments.Pack(b)).ToArray();

        double vectors = (double)g.OutHeight * ((g.OutWidth + repeat - 1) / repeat);
        double cycles = vectors * blocks.Sum(b => (isa.Has(Products.Quads) ? b.Count : WeightSegments.Cost(b))
            + CostModel.DepthwiseByChannel.Finish + (CostModel.DepthwiseByChannel.Tile / Math.Min(g.OutWidth, isa.TileSums)));
        double interleave = (double)g.OutHeight * quads.Elements / block * CostModel.DepthwiseByChannel.Interleave;
        double average = blocks.Sum(b => b.Sum(s => s.Count)) / (double)Math.Max(1, blocks.Sum(b => b.Count));
        int[] structure = WeightSegments.Unify(blocks, Math.Min(task.Geometry.OutWidth, isa.TileSums));
        return new KernelOffer(
            task.Geometry.Batch * CostModel.DepthwiseByChannel.Loads * (cycles + interleave) * CostModel.DepthwiseByChannel.Instruction(isa),
            FormattableString.Invariant($"bytes by channel, {average:0.0} of 4 products before widening"),
            parts =>
            {
                Rescaling rescaling = task.Rescaling(parts, Repeated(task.Factors));
                var kernel = new DepthwiseBytes(
                    parts.In, parts.Out, default, default, parts.Weights(ByteTile.WeightBytes(blocks)),
                    parts.Constants(ByteTile.ScheduleBytes(blocks, structure.Length > 0)),
                    parts.Table("Bias", ElementType.Int32, Repeated(task.RaisedBias(new InputRows(g, task.SignedInput, task.InZero).Zero))), rescaling,
                    task.Geometry, block, repeat, structure.ToEquatableArray(), task.InZero);
                return kernel with
                {
                    Rows = parts.Scratch(ElementType.UInt8, task.Isas.Max(i => kernel.RowBytes(i, task.SignedInput))),
                    Quads = parts.Scratch(ElementType.UInt8, task.Isas.Max(kernel.QuadBytes)),
                };
            });

        IReadOnlyList<double> Repeated(IEnumerable<double> table)
        {
            double[] once = table.ToArray();
            return Enumerable.Range(0, blocks.Length * block).Select(i => i < once.Length * repeat ? once[i % once.Length] : 0).ToArray();
        }
    }

    // With stride 1, neighbouring pixels follow each other in the quads as in the output.
    private static int RepeatFor(ConvGeometry g, int block)
    {
        if (g.StrideRight != 1 || g.Channels % block == 0) return 1;
        int repeat = 1;
        while (g.Channels * repeat % block != 0) repeat++;
        return repeat <= g.OutWidth && g.Channels * repeat <= 8 * block ? repeat : 1;
    }

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        bool signed = writer.Tensor(In).Type == ElementType.Int8;
        var rows = new InputRows(g, signed, InZero);
        var quads = new QuadRows(g);
        var requantizer = new Requantizer(writer, Rescaling);
        PixelTiles tiles = TilesFor(rows, writer.Isa.Wide);
        string outType = writer.Tensor(Out).Type.CSharpName();
        int channels = g.Channels * Repeat;
        int remainder = g.OutWidth % Repeat * g.Channels;
        var tile = new ByteTile(writer, channels, Block, isBroadcast: false, requantizer, outType, Rescaling.Zero, Structure);
        var rest = new ByteTile(writer, remainder, Block, isBroadcast: false, requantizer, outType, Rescaling.Zero, Structure);
        int step = g.StrideRight * channels * 4;
        string method = writer.Method(
            $"Depthwise_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, int* schedule, int* bias, {requantizer.Parameters}, byte* rows, byte* "
            + "quads",
            code => tiles.Write(
                code,
                (y, height) => rows.Prepare(writer, code, y, height),
                (input, y, height) =>
                {
                    string window = quads.Prepare(writer, code, input, rows.Pitch, g.StrideDown * rows.Pitch, height);
                    if (remainder > 0) Call(code, rest, $"DepthwiseRest_{height}_{g.Name}", window, Literals.Int(g.OutWidth / Repeat), y, height, 1);
                    return window;
                },
                (window, x, y, height, width) => Call(code, tile, $"DepthwiseTile_{height}x{width}_{g.Name}", window, x, y, height, width)));
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, (int*)({writer.Address(Schedule)}), "
            + $"{writer.Address(Bias)}, {requantizer.Arguments()}, {writer.Address(Rows)}, {writer.Address(Quads)});");

        void Call(SourceWriter code, ByteTile byteTile, string name, string window, string x, string y, int height, int width)
        {
            string call = byteTile.Method(
                name,
                Enumerable.Range(0, height * width).Select(p => (p / width * quads.Pitch) + (p % width * step)).ToArray(),
                Enumerable.Range(0, height * width).Select(p => (p / width * g.OutWidth * g.Channels) + (p % width * channels)).ToArray());
            string at = Terms.Plus(Terms.Times(y, g.OutWidth * g.Channels), Terms.Times(x, channels));
            code.Line($"{call}({Terms.Plus(window, Terms.Times(x, step))}, weights, schedule, bias, {requantizer.Forward("")}, {Terms.Plus("output", at)});");
        }
    }

    private PixelTiles TilesFor(InputRows rows, Isa isa) =>
        new(Geometry.OutHeight, Geometry.OutWidth / Repeat, isa.TileSums * isa.Lanes / Block, rows.BandRows);

    /// <summary>Bytes of scratch for padded rows on an instruction set.</summary>
    public int RowBytes(Isa isa, bool signed)
    {
        var rows = new InputRows(Geometry, signed, InZero);
        return rows.ScratchBytes(TilesFor(rows, isa.Wide).BandHeight);
    }

    /// <summary>Bytes of scratch for quads on an instruction set.</summary>
    public int QuadBytes(Isa isa)
    {
        var rows = new InputRows(Geometry, true, InZero);
        return (new QuadRows(Geometry).Pitch * TilesFor(rows, isa.Wide).Height) + (Block * 4);
    }
}
