using System;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Depthwise convolution in float32: padded input rows in a ring (<see cref="RowRing"/>), fused multiply-adds over the taps in order, 8 channels at a time,
/// a few pixels per tile.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels.</param>
/// <param name="Out">Result.</param>
/// <param name="Rows">Scratch: the ring of rows.</param>
/// <param name="Weights">Weights as <see cref="Pack"/> lays them out.</param>
/// <param name="Bias">Bias per channel.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Min">Lower bound of the fused activation.</param>
/// <param name="Max">Upper bound of the fused activation.</param>
public sealed record DepthwiseConvFloat32(
    TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, DataRef Bias, ConvGeometry Geometry, float Min, float Max) : Kernel
{
    private const int TilePixels = 4;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("float depthwise conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>Lays weights out as the kernel reads them: [taps][channels].</summary>
    /// <param name="weights">Channels × taps, row-major.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="taps">Taps per channel.</param>
    public static byte[] Pack(float[] weights, int channels, int taps)
    {
        var packed = new float[channels * taps];
        for (int channel = 0; channel < channels; channel++)
        {
            for (int tap = 0; tap < taps; tap++) packed[(tap * channels) + channel] = weights[(channel * taps) + tap];
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
        int tile = Math.Min(TilePixels, g.OutWidth);
        string method = writer.Method(
            $"DepthwiseFloat_{g.Name}",
            $"{Summary}: {g.Pixels} pixels × {g.Taps} taps.",
            "float* input, float* output, float* weights, float* bias, float* rows",
            code => ring.WriteRows(writer, code, "float", () =>
            {
                code.For("x", g.OutWidth / tile * tile, () => WriteTile(code, tile, "x"), tile);
                if (g.OutWidth % tile > 0) WriteTile(code, g.OutWidth % tile, Literals.Int(g.OutWidth / tile * tile));
            }));
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, (float*)({writer.Address(Weights)}), {writer.Address(Bias)}, {writer.Address(Rows)});");

        void WriteTile(SourceWriter code, int pixels, string x) =>
            code.Line($"{Tile(writer, pixels, g)}(window, {x} * {g.StrideRight * g.Channels}, weights, bias, output + (y * {g.OutWidth} + {x}) * {g.Channels});");
    }

    private string Tile(KernelWriter writer, int pixels, ConvGeometry g)
    {
        (string vector, string simd, int lanes) = (writer.Isa.Vector, writer.Isa.Simd, writer.Isa.Lanes);
        int vectored = writer.Isa.IsScalar ? 0 : g.Channels / lanes * lanes;
        return writer.Method(
            $"DepthwiseFloatTile_{pixels}x{g.Channels}_{g.WindowHeight}x{g.WindowWidth}",
            $"{pixels} pixels × {g.Channels} channels: bias + Σ input · weight over {g.Taps} taps, clamped.",
            "float** window, int at, float* weights, float* bias, float* output",
            code =>
            {
                code.Line("int channel = 0;");
                if (vectored > 0)
                {
                    code.Block($"for (; channel < {vectored}; channel += {lanes})", () =>
                    {
                        for (int p = 0; p < pixels; p++) code.Line($"{vector}<float> sum{p} = {vector}.Load(bias + channel);");
                        code.For("y", g.WindowHeight, () => code.For("x", g.WindowWidth, () =>
                        {
                            code.Line($"float* from = window[y] + at + x * {g.DilationRight * g.Channels} + channel;");
                            code.Line($"{vector}<float> w = {vector}.Load(weights + (y * {g.WindowWidth} + x) * {g.Channels} + channel);");
                            for (int p = 0; p < pixels; p++) code.Line($"sum{p} = {simd}.MultiplyAdd({vector}.Load(from + {p * g.StrideRight * g.Channels}), w, sum{p});");
                        }));
                        for (int p = 0; p < pixels; p++) code.Line($"({FloatClamp.Vector(vector, $"sum{p}", Min, Max)}).Store(output + {p * g.Channels} + channel);");
                    });
                }

                if (vectored < g.Channels)
                {
                    code.Block($"for (; channel < {g.Channels}; channel++)", () => code.For("pixel", pixels, () =>
                    {
                        code.Line("float sum = bias[channel];");
                        code.For("y", g.WindowHeight, () => code.For("x", g.WindowWidth, () =>
                            code.Line($"sum = Scalar.MultiplyAdd(window[y][at + (pixel * {g.StrideRight} + x * {g.DilationRight}) * {g.Channels} + channel], weights[(y * {g.WindowWidth} + x) * {g.Channels} + channel], sum);")));
                        code.Line($"output[pixel * {g.Channels} + channel] = {FloatClamp.Single("sum", Min, Max)};");
                    }));
                }
            });
    }
}
