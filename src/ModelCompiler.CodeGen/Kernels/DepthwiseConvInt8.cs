using System;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Depthwise convolution of 8-bit activations with int32 sums, exact for any weights: input rows are widened to int16 once (<see cref="RowRing"/>);
/// two taps at a time are interleaved and multiplied as int16 pairs, 8 or 16 channels per vector, a few pixels per tile.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels, int8 or uint8.</param>
/// <param name="Out">Result, int8 or uint8.</param>
/// <param name="Rows">Scratch: the ring of rows, int16.</param>
/// <param name="Weights">Weights as <see cref="Pack"/> lays them out, zero point subtracted.</param>
/// <param name="Bias">Int32 bias per channel, padded to a multiple of 16.</param>
/// <param name="Rescaling">How sums become results; factors per channel, padded like the bias.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="InZero">Zero point of the input.</param>
internal sealed record DepthwiseConvInt8(
    TensorRef In, TensorRef Out, TensorRef Rows, WeightsRef Weights, DataRef Bias, Rescaling Rescaling, ConvGeometry Geometry, int InZero) : Kernel
{
    /// <summary>Channels that lie together in the packed weights.</summary>
    public const int BlockChannels = 16;

    private const int MaxUnrolledTaps = 32;
    private const int MaxUnrolledSteps = 64;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("depthwise conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>Lays weights out as the kernel reads them: [channels ÷ 16][taps][16 channels] of int16, missing channels zero.</summary>
    /// <param name="weights">Channels × taps, row-major, zero point subtracted.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="taps">Taps per channel.</param>
    public static byte[] Pack(int[] weights, int channels, int taps)
    {
        var packed = new short[(channels + BlockChannels - 1) / BlockChannels * BlockChannels * taps];
        for (int channel = 0; channel < channels; channel++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                packed[(((channel / BlockChannels * taps) + tap) * BlockChannels) + (channel % BlockChannels)] =
                    checked((short)weights[(channel * taps) + tap]);
            }
        }

        return PackedBytes.Of(packed);
    }

    /// <summary>What this kernel would do for a layer, or null when it does not apply.</summary>
    public static KernelOffer? Offer(LinearTask task)
    {
        if (!task.Geometry.IsDepthwise) return null;
        double cycles = (double)task.Geometry.Batch * task.Geometry.Pixels * ((task.OutChannels + 15) / 16)
            * (((task.Taps + 1) / 2 * CostModel.DepthwisePairs.TwoTaps) + CostModel.DepthwisePairs.Finish);
        return new KernelOffer(cycles, "int16 pairs", parts =>
        {
            Rescaling rescaling = task.Rescaling(parts, task.Padded(task.Factors, BlockChannels));
            return new DepthwiseConvInt8(
                parts.In, parts.Out, parts.Scratch(ElementType.Int16, RowElements(task.Geometry)),
                parts.Weights(Pack(task.Weights, task.OutChannels, task.Taps), ElementType.Int16),
                parts.Table("Bias", ElementType.Int32, task.Padded(task.Bias.Select(b => (double)b), BlockChannels)), rescaling,
                task.Geometry, task.InZero);
        });
    }

    /// <summary>Elements of the scratch tensor.</summary>
    public static int RowElements(ConvGeometry geometry) => RowRing.ElementsFor(geometry, BlockChannels);

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        string inType = writer.Tensor(In).Type.CSharpName();
        string outType = writer.Tensor(Out).Type.CSharpName();
        var requantizer = new Requantizer(writer, Rescaling);
        var ring = new RowRing(g, "short", BlockChannels, (from, to, count) =>
            $"{writer.Isa.Simd}.Widen{writer.Tensor(In).Type}({from}, {to}, {count}, {Literals.Int(InZero)});");
        int tile = Math.Max(1, Math.Min(Math.Min(4, g.OutWidth), MaxUnrolledSteps / ((g.Taps + 1) / 2)));
        string method = writer.Method(
            $"Depthwise_{g.Name}",
            $"{Summary}: {Literals.Count(g.Pixels, "pixel")} × {Literals.Count(g.Taps, "tap")}.",
            $"{inType}* input, {outType}* output, short* weights, int* bias, {requantizer.Parameters}, short* rows",
            code => ring.WriteRows(writer, code, inType, y =>
            {
                code.For("x", g.OutWidth / tile * tile, x => WriteTile(code, tile, x, y), tile);
                if (g.OutWidth % tile > 0) WriteTile(code, g.OutWidth % tile, Literals.Int(g.OutWidth / tile * tile), y);
            }));
        g.WriteImageCalls(writer, (input, output) =>
            $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, (short*)({writer.Address(Weights)}), {writer.Address(Bias)}, "
            + $"{requantizer.Arguments()}, {writer.Address(Rows)});");

        void WriteTile(SourceWriter code, int pixels, string x, string y)
        {
            string at = Terms.Times(x, g.StrideRight * g.Channels);
            string to = Terms.Plus("output", x == "0" ? Terms.Times(y, g.OutWidth * g.Channels)
                : Terms.Times(Terms.Plus(Terms.Times(y, g.OutWidth), x), g.Channels));
            if (writer.Isa.IsScalar)
            {
                code.Line($"{ScalarTile(writer, pixels, g, ring, outType, requantizer)}(window, {at}, weights, bias, {requantizer.Forward("")}, {to});");
                return;
            }

            int step = writer.Isa.Lanes * 2;
            int full = g.Channels / step * step;
            code.For("channel", full, channel => code.Line(Call(VectorTile(writer, pixels, step, g, ring, outType, requantizer), channel)), step);
            if (full < g.Channels) code.Line(Call(VectorTile(writer, pixels, g.Channels - full, g, ring, outType, requantizer), Literals.Int(full)));

            string Call(string tileMethod, string channel)
            {
                // Vectors narrower than a block of weights start inside it.
                string weights = step == BlockChannels || channel == "0" ? Terms.Times(channel, g.Taps)
                    : $"{channel} / {BlockChannels} * {BlockChannels * g.Taps} + {channel} % {BlockChannels}";
                return $"{tileMethod}(window, {Terms.Plus(at, channel)}, {Terms.Plus("weights", weights)}, {Terms.Plus("bias", channel)}, "
                    + $"{requantizer.Forward(channel)}, {Terms.Plus(to, channel)});";
            }
        }
    }

    private string VectorTile(KernelWriter writer, int pixels, int channels, ConvGeometry g, RowRing ring, string outType, Requantizer requantizer)
    {
        (string vector, string simd, int step) = (writer.Isa.Vector, writer.Isa.Simd, writer.Isa.Lanes * 2);
        return writer.Method(
            $"DepthwiseTile_{pixels}x{channels}_{g.WindowHeight}x{g.WindowWidth}",
            $"{Literals.Count(pixels, "pixel")} × {Literals.Count(channels, "channel")}: bias + Σ input · weight over {Literals.Count(g.Taps, "tap")}, "
            + "requantised.",
            $"short** window, int at, short* weights, int* bias, {requantizer.Parameters}, {outType}* output",
            code =>
            {
                for (int p = 0; p < pixels; p++) code.Line($"{vector}<int> lower{p} = {simd}.LoadZipLower(bias), upper{p} = {simd}.LoadZipUpper(bias);");
                if (!writer.Isa.Has(Products.Pairs)) WriteByLane(code);
                else if (g.Taps <= MaxUnrolledTaps) WriteUnrolled(code);
                else WriteRolled(code);
                for (int p = 0; p < pixels; p++)
                {
                    code.Line($"{simd}.StoreZippedBytes((byte*)output + {p * g.Channels}, {requantizer.ZippedVector($"lower{p}", "Lower")}, "
                        + $"{requantizer.ZippedVector($"upper{p}", "Upper")}{(channels < step ? ", " + Literals.Int(channels) : "")});");
                }
            });

        void WriteByLane(SourceWriter code)
        {
            bool unrolled = g.Taps <= MaxUnrolledTaps;
            for (int y = 0; unrolled && y < g.WindowHeight; y++) code.Line($"short* row{y} = window[{y}] + at;");
            for (int tap = 0; unrolled && tap < g.Taps; tap++) WriteTap(tap);
            if (!unrolled) WriteLoops(code, () => WriteTap(0));

            void WriteTap(int tap)
            {
                code.Line($"{vector}<short> w{tap} = {vector}.Load(weights{(tap == 0 ? "" : $" + {tap * BlockChannels}")});");
                for (int p = 0; p < pixels; p++)
                {
                    code.Line($"{vector}<short> x{tap}_{p} = {vector}.Load({ring.Tap(tap, p)});");
                    foreach (string half in new[] { "Lower", "Upper" })
                        code.Line($"{half.ToLowerInvariant()}{p} = {simd}.MultiplyAdd{half}({half.ToLowerInvariant()}{p}, x{tap}_{p}, w{tap});");
                }
            }
        }

        void WriteUnrolled(SourceWriter code)
        {
            for (int y = 0; y < g.WindowHeight; y++) code.Line($"short* row{y} = window[{y}] + at;");
            for (int tap = 0; tap < g.Taps; tap += 2)
            {
                bool pair = tap + 1 < g.Taps;
                string second = pair ? $"{vector}.Load(weights + {(tap + 1) * BlockChannels})" : $"{vector}<short>.Zero";
                code.Line($"{vector}<short> w{tap}a = {vector}.Load(weights + {tap * BlockChannels}), w{tap}b = {second};");
                code.Line($"{vector}<short> w{tap}l = {simd}.ZipLower(w{tap}a, w{tap}b), w{tap}u = {simd}.ZipUpper(w{tap}a, w{tap}b);");
                for (int p = 0; p < pixels; p++)
                {
                    string x = $"x{tap}_{p}";
                    code.Line($"{vector}<short> {x}a = {vector}.Load({ring.Tap(tap, p)}), {x}b = "
                        + $"{(pair ? $"{vector}.Load({ring.Tap(tap + 1, p)})" : $"{vector}<short>.Zero")};");
                    code.Line($"lower{p} += {simd}.MultiplyAddPairs({simd}.ZipLower({x}a, {x}b), w{tap}l);");
                    code.Line($"upper{p} += {simd}.MultiplyAddPairs({simd}.ZipUpper({x}a, {x}b), w{tap}u);");
                }
            }
        }

        void WriteRolled(SourceWriter code) => WriteLoops(code, () =>
        {
            code.Line($"{vector}<short> w = {vector}.Load(weights), zero = {vector}<short>.Zero;");
            for (int p = 0; p < pixels; p++)
            {
                code.Line($"{vector}<short> x{p} = {vector}.Load({ring.Tap(0, p)});");
                code.Line($"lower{p} += {simd}.MultiplyAddPairs({simd}.ZipLower(x{p}, zero), {simd}.ZipLower(w, zero));");
                code.Line($"upper{p} += {simd}.MultiplyAddPairs({simd}.ZipUpper(x{p}, zero), {simd}.ZipUpper(w, zero));");
            }
        });

        void WriteLoops(SourceWriter code, Action tap) => code.For("y", g.WindowHeight, () =>
        {
            code.Line("short* row0 = window[y] + at;");
            code.For("x", g.WindowWidth, () =>
            {
                tap();
                code.Line($"{Terms.Advance("row0", g.DilationRight * g.Channels)}\nweights += {BlockChannels};");
            });
        });
    }

    private static string ScalarTile(KernelWriter writer, int pixels, ConvGeometry g, RowRing ring, string outType, Requantizer requantizer) => writer.Method(
        $"DepthwiseTile_{pixels}x{g.Channels}_{g.WindowHeight}x{g.WindowWidth}",
        $"{Literals.Count(pixels, "pixel")} × {Literals.Count(g.Channels, "channel")}: bias + Σ input · weight over {Literals.Count(g.Taps, "tap")}, "
        + "requantised.",
        $"short** window, int at, short* weights, int* bias, {requantizer.Parameters}, {outType}* output",
        code => code.For("pixel", pixels, () => code.For("channel", g.Channels, () =>
        {
            code.Line($"short* w = weights + channel / {BlockChannels} * {BlockChannels * g.Taps} + channel % {BlockChannels};\nint sum = bias[channel];");
            string place = Terms.Plus(Terms.Times("pixel", g.StrideRight), Terms.Times("x", g.DilationRight));
            code.For("y", g.WindowHeight, () => code.For("x", g.WindowWidth, () =>
                code.Line($"sum += window[y][at + {Terms.Times(place, g.Channels)} + channel] * w[(y * {g.WindowWidth} + x) * {BlockChannels}];")));
            code.Line($"output[pixel * {g.Channels} + channel] = ({outType}){requantizer.Single("sum", "channel")};");
        })));
}
