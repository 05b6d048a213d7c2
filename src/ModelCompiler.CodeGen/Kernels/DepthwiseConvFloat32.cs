using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Depthwise convolution in float32: padded input rows in a ring (<see cref="RowRing"/>), fused multiply-adds over the taps in order, a vector of channels of
/// a few pixels per tile. Few channels are repeated until they fill a vector, which then holds several pixels.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels.</param>
/// <param name="Out">Result.</param>
/// <param name="Rows">Scratch: the ring of rows.</param>
/// <param name="Weights">Weights as <see cref="Pack"/> lays them out.</param>
/// <param name="Bias">Bias per channel, repeated like the weights.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Min">Lower bound of the fused activation.</param>
/// <param name="Max">Upper bound of the fused activation.</param>
internal sealed record DepthwiseConvFloat32(
    TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, DataRef Bias, ConvGeometry Geometry, float Min, float Max) : Kernel
{
    // Pixels of a tile, and the widest window whose rows are written out: their sums and weights fit 16 registers.
    private const int TilePixels = 8, MostWrittenOut = 5;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("float depthwise conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>Channels of the packed weights: those of the layer, or those of several pixels that together fill a vector.</summary>
    /// <param name="isas">The instruction sets that the kernel must be written for.</param>
    /// <param name="geometry">All sizes.</param>
    public static int UnitOf(IEnumerable<Isa> isas, ConvGeometry geometry)
    {
        int lanes = isas.Max(i => i.Wide.Lanes);
        bool fits = geometry.StrideRight == 1 && geometry.Channels < lanes && lanes % geometry.Channels == 0
            && geometry.OutWidth * geometry.Channels % lanes == 0;
        return fits ? lanes : geometry.Channels;
    }

    /// <summary>Lays weights out as the kernel reads them: [taps][unit], the channels repeated.</summary>
    /// <param name="weights">Channels × taps, row-major.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="taps">Taps per channel.</param>
    /// <param name="unit">Channels of the packed weights, a multiple of the layer's.</param>
    public static byte[] Pack(float[] weights, int channels, int taps, int unit)
    {
        var packed = new float[unit * taps];
        for (int channel = 0; channel < unit; channel++)
        {
            for (int tap = 0; tap < taps; tap++) packed[(tap * unit) + channel] = weights[(channel % channels * taps) + tap];
        }

        return PackedBytes.Of(packed);
    }

    /// <summary>Elements of the scratch tensor.</summary>
    public static int RowElements(ConvGeometry geometry) => RowRing.ElementsFor(geometry, 0);

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        var ring = new RowRing(g, "float", 0, (from, to, count) => $"new ReadOnlySpan<float>({from}, {count}).CopyTo(new Span<float>({to}, {count}));");
        int unit = UnitOf(Target.Of(writer.Plan.Target).InstructionSets, g);
        int places = g.OutWidth * g.Channels / unit;
        int tiles = Math.Max(1, (places + TilePixels - 1) / TilePixels);
        string method = writer.Method(
            $"DepthwiseFloat_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.Taps, "tap")}.",
            "float* input, float* output, float* weights, float* bias, float* rows",
            code => ring.WriteRows(writer, code, "float", y => FloatTiles.Write(code, "x", places, (places + tiles - 1) / tiles, (x, count) =>
                code.Line($"{Tile(writer, count, unit)}(window, {Terms.Times(x, g.StrideRight * unit)}, weights, bias, "
                + $"{Terms.Plus(Terms.Plus("output", Terms.Times(y, g.OutWidth * g.Channels)), Terms.Times(x, unit))});"))));
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, (float*)({writer.Address(Weights)}), {writer.Address(Bias)}, "
            + $"{writer.Address(Rows)});");
    }

    private string Tile(KernelWriter writer, int places, int unit)
    {
        ConvGeometry g = Geometry;
        Isa isa = writer.Isa.Wide.Narrowed(unit < 8 ? 128 : unit < 16 ? 256 : writer.Isa.TileBits);
        return writer.Method(
            $"DepthwiseFloatTile_{places}x{unit}_{g.WindowHeight}x{g.WindowWidth}",
            $"{Literals.Count(places, "pixel")} × {Literals.Count(unit, "channel")}: bias + Σ input · weight over {Literals.Count(g.Taps, "tap")}, clamped.",
            "float** window, int at, float* weights, float* bias, float* output",
            code =>
            {
                if (isa.IsScalar || unit < isa.Lanes) WriteScalar(code, places, unit);
                else if (unit % isa.Lanes == 0) code.For("channel", unit, () => WriteVector(code, isa, places, unit), isa.Lanes);
                else
                {
                    // The last vector computes some channels again.
                    string step = $"channel += channel < {unit - (2 * isa.Lanes)} ? {isa.Lanes} : {unit - isa.Lanes} - channel";
                    code.Block($"for (int channel = 0; ; {step})", () =>
                    {
                        WriteVector(code, isa, places, unit);
                        code.Line($"if (channel == {unit - isa.Lanes}) break;");
                    });
                }
            });
    }

    private void WriteVector(SourceWriter code, Isa isa, int places, int unit)
    {
        ConvGeometry g = Geometry;
        (string vector, string simd, int next, int tap) = (isa.Vector, isa.Simd, g.StrideRight * unit, g.DilationRight * g.Channels);
        for (int p = 0; p < places; p++) code.Line($"{vector}<float> sum{p} = {vector}.Load(bias + channel);");
        code.For("y", g.WindowHeight, () =>
        {
            code.Line("float* from = window[y] + at + channel;");
            code.Line($"float* w = weights + y * {g.WindowWidth * unit} + channel;");
            if (g.WindowWidth > MostWrittenOut)
            {
                code.For("x", g.WindowWidth, () =>
                {
                    for (int p = 0; p < places; p++) code.Line($"sum{p} = {simd}.MultiplyAdd({vector}.Load(from + {p * next}), {vector}.Load(w), sum{p});");
                    code.Line($"from += {tap};\nw += {unit};");
                });
                return;
            }

            for (int x = 0; x < g.WindowWidth; x++) code.Line($"{vector}<float> w{x} = {vector}.Load(w + {x * unit});");
            // Each input is read once for all the windows that it is in; from left to right, every window meets its taps in order.
            foreach (IGrouping<int, (int Place, int X)> input in Enumerable.Range(0, places * g.WindowWidth)
                .Select(i => (Place: i / g.WindowWidth, X: i % g.WindowWidth)).GroupBy(i => (i.Place * next) + (i.X * tap)).OrderBy(i => i.Key))
            {
                string load = $"{vector}.Load(from + {input.Key})";
                if (input.Count() > 1) code.Line($"{vector}<float> x{input.Key} = {load};");
                foreach ((int p, int x) in input) code.Line($"sum{p} = {simd}.MultiplyAdd({(input.Count() > 1 ? $"x{input.Key}" : load)}, w{x}, sum{p});");
            }
        });
        for (int p = 0; p < places; p++) code.Line($"({FloatClamp.Vector(vector, $"sum{p}", Min, Max)}).Store(output + {p * unit} + channel);");
    }

    private void WriteScalar(SourceWriter code, int places, int unit)
    {
        ConvGeometry g = Geometry;
        code.For("pixel", places, () => code.For("channel", unit, () =>
        {
            code.Line("float sum = bias[channel];");
            code.For("y", g.WindowHeight, () => code.For("x", g.WindowWidth, () =>
                code.Line($"sum = Scalar.MultiplyAdd(window[y][at + pixel * {g.StrideRight * unit} + x * {g.DilationRight * g.Channels} + channel], "
                + $"weights[(y * {g.WindowWidth} + x) * {unit} + channel], sum);")));
            code.Line($"output[pixel * {unit} + channel] = {FloatClamp.Single("sum", Min, Max)};");
        }));
    }
}
