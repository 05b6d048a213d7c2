using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Convolution of bytes by bytes, two products to an int16 lane (<c>maddubs</c>), neighbouring pixels in neighbouring lanes.
/// All lanes meet the same four weights, so the proof that nothing saturates (<see cref="WeightSegments"/>) concerns one output channel alone, and succeeds for
/// arbitrary 8-bit weights with far fewer widenings than channels side by side allow; in exchange input and results must be transposed.
/// Best for 8-bit weights and many pixels.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Rows">Scratch for padded input rows.</param>
/// <param name="Gathered">Scratch for the input of a tile: [group of four bytes][pixel][4].</param>
/// <param name="Sums">Scratch for sums between blocks of groups: [channel][pixel], int32.</param>
/// <param name="Results">Scratch for the results of a tile: [channel][pixel].</param>
/// <param name="Weights">Weights in the order of the schedule: [block of groups][channel][group][4].</param>
/// <param name="Schedule">For every block of groups and every channel, uint16 each: segments of 4, 3, 2 and 1 groups, the channel, the groups.</param>
/// <param name="Chunks">Where in the window's rows each four groups begin, int32 each.</param>
/// <param name="Bias">Int32 bias per channel with the input's zero point folded in, in the order of the first block's schedule.</param>
/// <param name="Rescaling">How sums become results; factors per channel, in the order of the last block's schedule.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Vectors">Vectors of sums of a tile, at most.</param>
/// <param name="Blocks">Chunks of each block, which is as many as stay in the first-level cache.</param>
/// <param name="BlockWeights">Bytes of each block's weights.</param>
/// <param name="InZero">Zero point of the input.</param>
internal sealed record ConvBytesByPixel(
    TensorRef In, TensorRef Out, TensorRef Rows, TensorRef Gathered, TensorRef Sums, TensorRef Results, WeightsRef Weights, WeightsRef Schedule,
    WeightsRef Chunks, DataRef Bias, Rescaling Rescaling,
    ConvGeometry Geometry, int Vectors, EquatableArray<int> Blocks, EquatableArray<int> BlockWeights, int InZero) : Kernel
{
    // Bytes of one pixel's input that are gathered at a time, and of gathered input that keep to the first-level cache.
    private const int ChunkBytes = 16, GatheredBytes = 20 * 1024;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>The best that this kernel could do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (task.Geometry.IsDepthwise || !task.FitsByteProducts || !task.Isas[0].Has(Products.Bytes) || task.Geometry.Pixels < task.Isas[0].Wide.Lanes)
            return null;
        var rows = new InputRows(task.Geometry, task.SignedInput, task.InZero, ChunkBytes);
        List<Chunk> chunks = Chunked(rows);
        if (chunks.Count * 4 > ushort.MaxValue) return null;
        Isa isa = task.Isas[0].Wide;
        return new[] { 4, 6, 8, 12, MostVectors(isa) }.Where(v => v <= MostVectors(isa)).Select(v => Offer(task, rows, chunks, isa, v)).OrderBy(o => o.Cycles)
            .First();
    }

    private static int MostVectors(Isa isa) => isa.Bits == 512 ? 16 : 8;

    private static KernelOffer Offer(LinearTask task, InputRows rows, List<Chunk> chunks, Isa isa, int vectors)
    {
        int largest = GatheredBytes / (vectors * isa.Bits / 8 * 4);
        int count = (chunks.Count + largest - 1) / largest;
        int[] blocks = Enumerable.Range(0, count).Select(i => (chunks.Count * (i + 1) / count) - (chunks.Count * i / count)).ToArray();
        var packed = new List<Channel[]>();
        for (int i = 0, first = 0; i < count; first += blocks[i++]) packed.Add(Pack(task, chunks.GetRange(first, blocks[i])));

        double cycles = 0;
        foreach ((int pixels, int tiles) in TilesFor(rows, isa, vectors).Sizes())
        {
            double units = new PixelVectors(isa, pixels).Parts.Sum(p => p.Vectors * p.Isa.Bits / (double)isa.Bits);
            double gather = chunks.Count * units * CostModel.ByPixel.GatherChunk;
            double multiply = packed.Sum(b => b.Sum(c => CostModel.ByPixel.Channel + (units * WeightSegments.Cost(c.Segments))));
            double keep = units * task.OutChannels * (count - 1) * CostModel.ByPixel.KeepSums;
            double finish = units * task.OutChannels * CostModel.ByPixel.Finish;
            cycles += tiles * (gather + multiply + keep + finish);
        }

        double average = packed.Sum(b => b.Sum(c => c.Segments.Sum(s => s.Count))) / (double)Math.Max(1, packed.Sum(b => b.Sum(c => c.Segments.Count)));
        return new KernelOffer(
            task.Geometry.Batch * cycles * CostModel.ByPixel.Instruction(isa),
            FormattableString.Invariant($"bytes by pixel, {vectors * isa.Lanes} at a time, {average:0.0} of 4 products before widening"),
            parts =>
            {
                double[] bias = task.RaisedBias(rows.Zero).ToArray();
                Rescaling rescaling = task.Rescaling(parts, packed[packed.Count - 1].Select(c => task.Factors[c.Number]).ToArray());
                var kernel = new ConvBytesByPixel(
                    parts.In, parts.Out, default, default, default, default,
                    parts.Weights(packed.SelectMany(b => b.SelectMany(c => c.WeightBytes)).ToArray()),
                    parts.Constants(PackedBytes.Of(packed.SelectMany(b => b.SelectMany(c => c.Schedule)).ToArray())),
                    parts.Constants(PackedBytes.Of(chunks.Select(c => c.Offset).ToArray())),
                    parts.Table("Bias", ElementType.Int32, packed[0].Select(c => bias[c.Number])), rescaling,
                    task.Geometry, vectors, blocks.ToEquatableArray(),
                    packed.Select(b => b.Sum(c => c.WeightBytes.Count())).ToEquatableArray(), task.InZero);
                return kernel with
                {
                    Rows = parts.Scratch(ElementType.UInt8, task.Isas.Max(i => rows.ScratchBytes(TilesFor(rows, i.Wide, vectors).BandHeight))),
                    Gathered = parts.Scratch(ElementType.UInt8, task.Isas.Max(i => blocks.Max() * 4 * kernel.Largest(rows, i.Wide).Pitch)),
                    Sums = parts.Scratch(ElementType.Int32, count == 1 ? 0 : task.Isas.Max(i => task.OutChannels * kernel.Largest(rows, i.Wide).Pitch / 4)),
                    Results = parts.Scratch(ElementType.UInt8, task.Isas.Max(i => Math.Max(16, task.OutChannels) * kernel.Largest(rows, i.Wide).PackedBytes)),
                };
            });
    }

    /// <summary>Sixteen input bytes of a window: where they begin, and the groups of four that they hold.</summary>
    private sealed record Chunk(int Offset, (int Slot, (int Y, int X, int Channel)[] Bytes)[] Groups);

    /// <summary>The weights of an output channel in safe segments of groups, whose offsets are the groups' numbers.</summary>
    private sealed record Channel(int Number, List<List<WeightGroup>> Segments)
    {
        public int[] Counts { get; } = Enumerable.Range(0, WeightSegments.Longest).Select(i => Segments.Count(s => s.Count == WeightSegments.Longest - i))
            .ToArray();

        public IEnumerable<byte> WeightBytes => Segments.SelectMany(s => s.SelectMany(g => g.Weights.Select(w => unchecked((byte)w))));

        public IEnumerable<ushort> Schedule => Counts.Append(Number).Concat(Segments.SelectMany(s => s.Select(g => g.Offset))).Select(n => (ushort)n);
    }

    // Large weights first, which packs best. Channels of like segments follow one another, so that the processor predicts the loops.
    private static Channel[] Pack(LinearTask task, List<Chunk> chunks) => Enumerable.Range(0, task.OutChannels)
        .Select(c => new Channel(c, WeightSegments.Pack(chunks
            .SelectMany((chunk, i) => chunk.Groups.Select(g => new WeightGroup((i * 4) + g.Slot, task.WeightsAt(g.Bytes, c, 1))))
            .OrderByDescending(g => WeightSegments.LoadOf(g.Weights).Max()))))
        .OrderBy(c => c.Counts[0]).ThenBy(c => c.Counts[1]).ThenBy(c => c.Counts[2]).ThenBy(c => c.Counts[3]).ToArray();

    // Where the input is read as it is, the last chunk of a run begins earlier rather than reach past the end.
    private static List<Chunk> Chunked(InputRows rows)
    {
        var chunks = new List<Chunk>();
        (int Offset, (int Y, int X, int Channel)[] Bytes)[] groups = rows.Groups().ToArray();
        for (int i = 0; i < groups.Length;)
        {
            int run = 1;
            while (i + run < groups.Length && groups[i + run].Offset == groups[i].Offset + (4 * run)) run++;
            for (int j = 0; j < run; j += 4)
            {
                int begin = rows.IsDirect ? Math.Min(j, run - 4) : j;
                int from = j - begin;
                chunks.Add(new Chunk(groups[i].Offset + (4 * begin),
                    Enumerable.Range(from, Math.Min(4 - from, run - j)).Select(slot => (slot, groups[i + begin + slot].Bytes)).ToArray()));
            }

            i += run;
        }

        return chunks;
    }

    private static PixelTiles TilesFor(InputRows rows, Isa isa, int vectors) =>
        new(rows.OutHeight, rows.OutWidth, Math.Min(vectors, MostVectors(isa)) * isa.Lanes, rows.BandRows);

    // Bytes from group to group and of the packed results of any tile; half vectors may need more room than the whole ones of a larger tile.
    private (int Pitch, int PackedBytes) Largest(InputRows rows, Isa isa)
    {
        PixelVectors[] tiles = TilesFor(rows, isa, Vectors).Sizes().Select(s => new PixelVectors(isa, s.Pixels)).ToArray();
        return (tiles.Max(t => t.Pitch), tiles.Max(t => t.PackedBytes));
    }

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        bool signed = writer.Tensor(In).Type == ElementType.Int8;
        var rows = new InputRows(g, signed, InZero, ChunkBytes);
        var requantizer = new Requantizer(writer, Rescaling);
        Isa isa = writer.Isa.Wide;
        string outType = writer.Tensor(Out).Type.CSharpName();
        string method = writer.Method(
            $"Conv_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutChannels, "channel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, ushort* schedule, int* chunks, int* bias, {requantizer.Parameters}, "
            + "byte* rows, byte* gathered, int* sums, byte* results",
            code => TilesFor(rows, isa, Vectors).Write(code, (y, height) => rows.Prepare(writer, code, y, height), (input, _, _) => input,
                (window, x, y, height, width) => WriteTile(code, window, x, y, height, width)));

        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, (ushort*)({writer.Address(Schedule)}), "
            + $"(int*)({writer.Address(Chunks)}), {writer.Address(Bias)}, {requantizer.Arguments()}, {writer.Address(Rows)}, {writer.Address(Gathered)}, "
            + $"{writer.Address(Sums)}, {writer.Address(Results)});");

        void WriteTile(SourceWriter code, string window, string x, string y, int height, int width)
        {
            var vectors = new PixelVectors(isa, height * width);
            var tile = new PixelTile(writer, vectors, requantizer, outType);
            string pixels = Terms.Plus(window, Terms.Times(x, g.StrideRight * g.Channels));
            for (int block = 0, chunk = 0, weights = 0, schedule = 0; block < Blocks.Count; block++)
            {
                (bool isFirst, bool isLast) = (block == 0, block == Blocks.Count - 1);
                foreach (PixelVectors.Part part in vectors.Parts) code.Line(tile.Gather(part, pixels, Terms.Plus("chunks", chunk), Blocks[block], From));
                code.Line($"{tile.SumMethod(isFirst, isLast)}(gathered, {Terms.Plus("weights", weights)}, {Terms.Plus("schedule", schedule)}, "
                    + g.OutChannels + (isFirst ? ", bias" : "") + (isLast ? $", {requantizer.Forward("")}, {Rescaling.Zero}, results" : "")
                    + (isFirst && isLast ? "" : ", sums") + ");");
                chunk += Blocks[block];
                weights += BlockWeights[block];
                schedule += (BlockWeights[block] / 4) + (g.OutChannels * PixelTile.Header);
            }

            // The pixels of a tile follow one another, also those of several rows.
            string to = Terms.Plus("output", x == "0" ? Terms.Times(y, rows.OutWidth * g.OutChannels)
                : Terms.Times(Terms.Plus(Terms.Times(y, rows.OutWidth), x), g.OutChannels));
            foreach (PixelVectors.Part part in vectors.Parts)
                code.Line(PixelTile.Store(part, vectors.PackedBytes, Terms.Plus(to, part.FirstPixel * g.OutChannels), g.OutChannels));

            int From(int pixel) => (pixel / width * g.StrideDown * rows.Pitch) + (pixel % width * g.StrideRight * g.Channels);
        }
    }
}
