using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Convolution (fully connected layers included) of uint8 by int8, four products added to an int32 lane at once (VPDPBUSD), which is exact for any weights.
/// Blocks of one, two or four vectors of output channels meet the same four bytes of some pixels in a register tile; channels stand in the order that packing
/// the finished sums within 128-bit lanes puts right.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Rows">Scratch for padded input rows.</param>
/// <param name="Weights">Weights: [block][quad][vector][lane][4].</param>
/// <param name="Bias">Int32 bias per channel with the input's zero point folded in, in the order of the lanes, padded to whole vectors.</param>
/// <param name="Rescaling">How sums become results; factors per channel, like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Parts">1, or more when weights are beyond 8 bits and come as several summands.</param>
/// <param name="InZero">Zero point of the input.</param>
public sealed record ConvQuads(TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, DataRef Bias, Rescaling Rescaling, ConvGeometry Geometry,
    int Parts, int InZero) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>What this kernel would do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (task.Geometry.IsDepthwise || !task.FitsByteProducts || !task.Isas.All(i => i.Has(Products.Quads))) return null;
        Isa isa = task.Isas[0].Wide;
        var rows = new InputRows(task.Geometry, task.SignedInput, task.InZero);
        int parts = WeightSegments.PartsOf8Bits(task.Weights);
        (int Y, int X, int Channel)[][] quads = [.. rows.Groups().Select(g => g.Bytes)];
        int[] vectors = Vectors(task.Geometry, isa);
        double sums = (double)task.Geometry.Batch * task.Geometry.Pixels * vectors.Sum();
        double copies = rows.IsDirect ? 0
            : (double)task.Geometry.Batch * task.Geometry.Height * task.Geometry.Width * task.Geometry.Channels / CostModel.Quads.CopiedPerCycle;
        double cycles = (sums * ((quads.Length * parts) + CostModel.Quads.Finish) * CostModel.Quads.Instruction(isa)) + copies;
        return new KernelOffer(cycles, "four products at a time", made =>
        {
            int[] order = [.. Order(vectors, isa.Lanes)];
            var bytes = new List<byte>();
            for (int block = 0, first = 0; block < vectors.Length; first += vectors[block++] * isa.Lanes)
            {
                for (int part = 1; part <= parts; part++)
                {
                    foreach ((int Y, int X, int Channel)[] quad in quads)
                    {
                        int[] weights = task.WeightsAt(quad, first, vectors[block] * isa.Lanes);
                        for (int lane = 0; lane < vectors[block] * isa.Lanes; lane++)
                        {
                            int at = (order[first + lane] - first) * 4;
                            for (int i = at; i < at + 4; i++) bytes.Add(unchecked((byte)WeightSegments.Part(weights[i], part, parts)));
                        }
                    }
                }
            }

            Rescaling rescaling = task.Rescaling(made, InOrder(task.Factors));
            var kernel = new ConvQuads(
                made.In, made.Out, default, made.Weights([.. bytes]), made.Table("Bias", ElementType.Int32, InOrder([.. task.RaisedBias(rows.Zero)])),
                rescaling, task.Geometry, parts, task.InZero);
            return kernel with { Rows = made.Scratch(ElementType.UInt8, rows.ScratchBytes(BandRows(rows))) };

            double[] InOrder(double[] table) => Array.ConvertAll(order, c => c < table.Length ? table[c] : 0);
        });
    }

    private static int[] Vectors(ConvGeometry g, Isa isa) => Vectors(g, isa, isa.Registers > 16 || g.Pixels < 4 ? 4 : 2);

    /// <summary>The vectors of each block: four where there are (or as many as blocks have at most), then two, then one, which may be a part of one.</summary>
    public static int[] Vectors(ConvGeometry g, Isa isa, int most)
    {
        int whole = g.OutChannels / isa.Lanes;
        var blocks = new List<int>();
        for (int size = most; size > 0; size /= 2)
        {
            for (; whole >= size; whole -= size) blocks.Add(size);
        }

        if (g.OutChannels % isa.Lanes > 0) blocks.Add(1);
        return [.. blocks];
    }

    /// <summary>The channel of every lane. Packing four vectors puts four lanes of each side by side: of one pixel, of two or of four.</summary>
    public static IEnumerable<int> Order(IEnumerable<int> vectors, int lanes)
    {
        int first = 0;
        foreach (int count in vectors)
        {
            for (int v = 0; v < count; v++)
            {
                for (int lane = 0; lane < lanes; lane++) yield return first + (count == 1 ? lane : (lane / 4 * 4 * count) + (4 * v) + (lane % 4));
            }

            first += count * lanes;
        }
    }

    // Weights stay in the cache for as many rows as are there at once.
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
        var tile = new QuadTile(writer, requantizer, rows, g, Parts, outType, Rescaling.Zero);
        int[] vectors = Vectors(g, isa);
        int band = BandRows(rows), whole = rows.OutHeight / band * band;
        string method = writer.Method(
            $"Conv_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutChannels, "channel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, int* bias, {requantizer.Parameters}, byte* rows",
            code =>
            {
                if (whole == band) Band(code, "0", band);
                else code.For("y", whole, () => Band(code, "y", band), band);
                if (whole < rows.OutHeight) Band(code, Literals.Int(whole), rows.OutHeight - whole);
            });
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, {writer.Address(Bias)}, "
            + $"{requantizer.Arguments()}, {writer.Address(Rows)});");

        void Band(SourceWriter code, string y, int height)
        {
            (string input, int pitch) = rows.Prepare(writer, code, y, height);
            string output = Terms.Plus("output", Terms.Times(y, rows.OutWidth * g.OutChannels));
            for (int block = 0, first = 0; block < vectors.Length;)
            {
                int alike = vectors.Skip(block).TakeWhile(v => v == vectors[block]).Count();
                int size = vectors[block] * isa.Lanes;

                // The last block may be a part of a vector.
                if (first + (alike * size) > g.OutChannels && alike > 1) alike--;
                int channels = Math.Min(size, g.OutChannels - first);
                if (alike == 1) tile.WriteCalls(code, vectors[block], channels, Literals.Int(first), input, pitch, output, height);
                else if (first == 0) code.For("channel", alike * size,
                    () => tile.WriteCalls(code, vectors[block], channels, "channel", input, pitch, output, height), size);
                else code.Block($"for (int channel = {first}; channel < {first + (alike * size)}; channel += {size})",
                    () => tile.WriteCalls(code, vectors[block], channels, "channel", input, pitch, output, height));
                first += alike * size;
                block += alike;
            }
        }
    }
}
