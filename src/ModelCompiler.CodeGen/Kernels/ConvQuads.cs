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
internal sealed record ConvQuads(TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, DataRef Bias, Rescaling Rescaling, ConvGeometry Geometry,
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
        QuadBlocks blocks = BlocksOf(task.Geometry, isa, rows);
        int parts = WeightSegments.PartsOf8Bits(task.Weights);
        (int Y, int X, int Channel)[][] quads = [.. rows.Groups().Select(g => g.Bytes)];
        double sums = (double)task.Geometry.Batch * task.Geometry.Pixels * blocks.Vectors.Sum();
        double cycles = (sums * ((quads.Length * parts) + CostModel.Quads.Finish) * CostModel.Quads.Instruction(isa)) + blocks.CopyCycles;
        return new KernelOffer(cycles, "four products at a time", made =>
        {
            var bytes = new List<byte>();
            int first = 0;
            foreach (int channels in blocks.Vectors.Select(v => v * isa.Lanes))
            {
                for (int part = 1; part <= parts; part++)
                {
                    foreach ((int Y, int X, int Channel)[] quad in quads)
                    {
                        bytes.AddRange(blocks.InOrder(task.WeightsAt(quad, first, channels), first)
                            .Select(w => unchecked((byte)WeightSegments.Part(w, part, parts))));
                    }
                }

                first += channels;
            }

            Rescaling rescaling = task.Rescaling(made, blocks.InOrder(task.Factors));
            var kernel = new ConvQuads(
                made.In, made.Out, default, made.Weights([.. bytes]),
                made.Table("Bias", ElementType.Int32, blocks.InOrder([.. task.RaisedBias(rows.Zero)])), rescaling, task.Geometry, parts, task.InZero);
            return kernel with { Rows = made.Scratch(ElementType.UInt8, rows.ScratchBytes(blocks.BandRows)) };
        });
    }

    private static QuadBlocks BlocksOf(ConvGeometry g, Isa isa, InputRows rows) => new(g, isa, rows, isa.Registers > 16 || g.Pixels < 4 ? 4 : 2);

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
        string method = writer.Method(
            $"Conv_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.OutChannels, "channel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{(signed ? "sbyte" : "byte")}* input, {outType}* output, sbyte* weights, int* bias, {requantizer.Parameters}, byte* rows",
            code => BlocksOf(g, isa, rows).Write(writer, code, rows, tile));
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, {writer.Address(Weights)}, {writer.Address(Bias)}, "
            + $"{requantizer.Arguments()}, {writer.Address(Rows)});");
    }
}
