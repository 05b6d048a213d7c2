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
internal sealed record ConvSparseQuads(TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, WeightsRef Schedule, DataRef Bias, Rescaling Rescaling,
    ConvGeometry Geometry, int Vectors, int InZero) : Kernel
{
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
        if (quads.Any(q => q.Offset > ushort.MaxValue)) return null;
        var blocks = new QuadBlocks(g, isa, rows, most);
        List<Block> taken = [];
        int first = 0;
        double cycles = blocks.CopyCycles;
        foreach (int vectors in blocks.Vectors)
        {
            int channels = vectors * isa.Lanes;
            taken.Add(new(vectors, [.. quads.Select(q => (q.Offset, Weights: task.WeightsAt(q.Bytes, first, channels))).Where(q => q.Weights.Any(w => w != 0))
                .Select(q => (q.Offset, blocks.InOrder(q.Weights, first).Select(w => unchecked((byte)w)).ToArray()))]));
            first += channels;
            int sums = vectors * Math.Min(QuadTile.MostSumsOf(isa) / vectors, g.Pixels);
            double steps = taken[taken.Count - 1].Quads.Length * Math.Max(1, CostModel.Quads.LeastSums / (double)sums);
            cycles += g.Batch * g.Pixels * vectors * (steps + CostModel.Quads.Finish) * CostModel.Quads.Instruction(isa);
        }

        double share = taken.Sum(b => (double)b.Vectors * b.Quads.Length) / Math.Max(1, blocks.Vectors.Sum() * quads.Length);
        return new KernelOffer(cycles, FormattableString.Invariant($"four products at a time, of {100 * share:0} % of the weights"), made =>
        {
            Rescaling rescaling = task.Rescaling(made, blocks.InOrder(task.Factors));
            var kernel = new ConvSparseQuads(
                made.In, made.Out, default, made.Weights([.. taken.SelectMany(b => b.Quads).SelectMany(q => q.Weights)]),
                made.Constants(PackedBytes.Of(taken.SelectMany(b => b.Quads.Select(q => q.Offset).Prepend(b.Quads.Length)).Select(n => (ushort)n).ToArray())),
                made.Table("Bias", ElementType.Int32, blocks.InOrder([.. task.RaisedBias(rows.Zero)])), rescaling, g, most, task.InZero);
            return kernel with { Rows = made.Scratch(ElementType.UInt8, rows.ScratchBytes(blocks.BandRows)) };
        });
    }

    // The groups of four bytes that a block takes: offset, and weights in the order of the lanes.
    private sealed record Block(int Vectors, (int Offset, byte[] Weights)[] Quads);

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
        string method = writer.Method(
            $"SparseConv_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutChannels, "channel")} × {Literals.Count(g.Taps, "tap")}, without the "
            + "groups of four taps that have no weights in a block of channels.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, ushort* schedule, int* bias, {requantizer.Parameters}, byte* rows",
            code =>
            {
                code.Line("// The schedule of a block of channels: how many groups of four bytes it takes, and their offsets.");
                new QuadBlocks(g, isa, rows, Vectors).Write(writer, code, rows, tile);
            });
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, (ushort*)({writer.Address(Schedule)}), "
            + $"{writer.Address(Bias)}, {requantizer.Arguments()}, {writer.Address(Rows)});");
    }
}
