using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// As <see cref="ConvQuads"/>, for weights with many zeros: a block of output channels takes only the groups of four input bytes for which one of its channels
/// has a weight. Which these are is known when the code is written; lists of offsets say it.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Rows">Scratch for padded input rows.</param>
/// <param name="Weights">Weights: [block][quad of the block][vector][lane][4].</param>
/// <param name="Schedule">For each block as uint16: the number of its quads, and their offsets in bytes from the window.</param>
/// <param name="Bias">Int32 bias per channel with the input's zero point folded in, in the order of the lanes, padded to whole vectors.</param>
/// <param name="Rescaling">How sums become results; factors per channel, like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Vectors">Vectors of a block at most: 1, 2 or 4.</param>
/// <param name="InZero">Zero point of the input.</param>
public sealed record ConvSparseQuads(TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, WeightsRef Schedule, DataRef Bias, Rescaling Rescaling,
    ConvGeometry Geometry, int Vectors, int InZero) : Kernel
{
    // Chains of additions that keep the multipliers busy: one takes about five cycles, and two start in each.
    private const int LeastSums = 8;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>What this kernel would do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (task.Geometry.IsDepthwise || !task.FitsByteProducts || !task.Isas.All(i => i.Has(Products.Quads))
            || WeightSegments.PartsOf8Bits(task.Weights) > 1) return null;
        return new[] { 1, 2, 4 }.Select(most => Offer(task, task.Isas[0].Wide, most)).OfType<KernelOffer>().OrderBy(o => o.Cycles).FirstOrDefault();
    }

    private static KernelOffer? Offer(LinearTask task, Isa isa, int most)
    {
        ConvGeometry g = task.Geometry;
        var rows = new InputRows(g, task.SignedInput, task.InZero);
        (int Offset, (int Y, int X, int Channel)[] Bytes)[] quads = [.. rows.Groups()];
        int[] vectors = ConvQuads.Vectors(g, isa, most), order = [.. ConvQuads.Order(vectors, isa.Lanes)];
        List<Block> blocks = [];
        for (int block = 0, first = 0; block < vectors.Length; first += vectors[block++] * isa.Lanes)
        {
            int channels = vectors[block] * isa.Lanes;
            blocks.Add(new(vectors[block], [.. quads.Select(q => (q.Offset, task.WeightsAt(q.Bytes, first, channels))).Where(q => q.Item2.Any(w => w != 0))
                .Select(q => (q.Offset, InOrder(q.Item2, order, first)))]));
        }

        if (quads.Length > 0 && quads.Max(q => q.Offset) > ushort.MaxValue) return null;
        double cycles = 0;
        foreach (Block block in blocks)
        {
            int sums = block.Vectors * Math.Min(QuadTile.MostSumsOf(isa) / block.Vectors, g.Pixels);
            double steps = block.Quads.Length * Math.Max(1, (double)LeastSums / sums);
            cycles += g.Batch * g.Pixels * block.Vectors * (steps + CostModel.Quads.Finish) * CostModel.Quads.Instruction(isa);
        }

        double copies = rows.IsDirect ? 0 : (double)g.Batch * g.Height * g.Width * g.Channels / CostModel.Quads.CopiedPerCycle;
        double share = blocks.Sum(b => (double)b.Vectors * b.Quads.Length) / Math.Max(1, blocks.Sum(b => b.Vectors) * quads.Length);
        return new KernelOffer(cycles + copies, FormattableString.Invariant($"four products at a time, of {100 * share:0} % of the weights"), made =>
        {
            Rescaling rescaling = task.Rescaling(made, Padded(task.Factors));
            var kernel = new ConvSparseQuads(
                made.In, made.Out, default, made.Weights([.. blocks.SelectMany(b => b.Quads).SelectMany(q => q.Weights)]),
                made.Constants(PackedBytes.Of(blocks.SelectMany(b => b.Quads.Select(q => q.Offset).Prepend(b.Quads.Length)).Select(n => (ushort)n).ToArray())),
                made.Table("Bias", ElementType.Int32, Padded([.. task.RaisedBias(rows.Zero)])), rescaling, g, most, task.InZero);
            return kernel with { Rows = made.Scratch(ElementType.UInt8, rows.ScratchBytes(BandRows(rows))) };

            double[] Padded(double[] table) => Array.ConvertAll(order, c => c < table.Length ? table[c] : 0);
        });
    }

    // Weights of a quad, channels × 4, in the order of the lanes.
    private static byte[] InOrder(int[] weights, int[] order, int first) =>
        [.. Enumerable.Range(0, weights.Length / 4).SelectMany(lane => Enumerable.Range((order[first + lane] - first) * 4, 4))
            .Select(i => unchecked((byte)weights[i]))];

    private sealed record Block(int Vectors, (int Offset, byte[] Weights)[] Quads);

    private static int BandRows(InputRows rows) => rows.IsDirect ? rows.OutHeight : Math.Min(rows.OutHeight, rows.BandRows);

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        Isa isa = writer.Isa.Wide;
        bool signed = writer.Tensor(In).Type == ElementType.Int8;
        string outType = writer.Tensor(Out).Type.CSharpName();
        var rows = new InputRows(g, signed, InZero);
        var requantizer = new Requantizer(writer, Rescaling);
        var tile = new QuadTile(writer, requantizer, rows, g, 1, outType, Rescaling.Zero, isSparse: true);
        int[] vectors = ConvQuads.Vectors(g, isa, Vectors);
        int band = BandRows(rows);
        string method = writer.Method(
            $"SparseConv_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutChannels, "channel")} × {Literals.Count(g.Taps, "tap")}, without the "
            + "groups of four taps that have no weights in a block of channels.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, ushort* schedule, int* bias, {requantizer.Parameters}, byte* rows",
            code =>
            {
                code.Line("// The schedule of a block of channels: how many groups of four bytes it takes, and their offsets.");
                for (int y = 0; y < rows.OutHeight; y += band) Band(code, Literals.Int(y), Math.Min(band, rows.OutHeight - y), y == 0);
            });
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, (ushort*)({writer.Address(Schedule)}), "
            + $"{writer.Address(Bias)}, {requantizer.Arguments()}, {writer.Address(Rows)});");

        void Band(SourceWriter code, string y, int height, bool isFirst)
        {
            (string input, int pitch) = rows.Prepare(writer, code, y, height);
            string output = Terms.Plus("output", Terms.Times(y, rows.OutWidth * g.OutChannels));
            code.Line($"{(isFirst ? "sbyte* " : "")}w = weights;\n{(isFirst ? "ushort* " : "")}quads = schedule;");
            for (int block = 0, first = 0; block < vectors.Length;)
            {
                int size = vectors[block] * isa.Lanes, alike = vectors.Skip(block).TakeWhile(v => v == vectors[block]).Count();

                // The last block may be a part of a vector.
                if (first + (alike * size) > g.OutChannels && alike > 1) alike--;
                int channels = Math.Min(size, g.OutChannels - first), count = vectors[block];
                if (alike == 1) Block(Literals.Int(first));
                else code.Block($"for (int channel = {first}; channel < {first + (alike * size)}; channel += {size})", () => Block("channel"));
                first += alike * size;
                block += alike;

                void Block(string channel)
                {
                    tile.WriteCalls(code, count, channels, channel, input, pitch, output, height);
                    code.Line($"w += quads[0] * {size * 4};\nquads += 1 + quads[0];");
                }
            }
        }
    }
}
