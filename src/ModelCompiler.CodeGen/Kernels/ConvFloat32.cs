using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Convolution (fully connected layers included) in float32: patches of a few pixels (im2col; the input itself when pointwise) times packed weights in
/// register tiles of fused multiply-adds, taps in order, so that every instruction set gives the same bits.
/// </summary>
/// <param name="In">Activations, batch × height × width × channels.</param>
/// <param name="Out">Result.</param>
/// <param name="Patches">Scratch: <see cref="TilePixels"/> patches.</param>
/// <param name="Weights">Weights as <see cref="Pack"/> lays them out.</param>
/// <param name="Bias">Bias per channel, padded per group to a multiple of 8.</param>
/// <param name="Geometry">All sizes.</param>
/// <param name="Min">Lower bound of the fused activation.</param>
/// <param name="Max">Upper bound of the fused activation.</param>
public sealed record ConvFloat32(
    TensorRef In, TensorRef Out, TensorRef Patches, WeightsRef Weights, DataRef Bias, ConvGeometry Geometry, float Min, float Max) : Kernel
{
    /// <summary>Pixels computed together.</summary>
    public const int TilePixels = 4;

    /// <summary>Channels that lie together in the packed weights.</summary>
    public const int BlockChannels = 8;

    /// <inheritdoc/>
    public override string Summary => Geometry.Describe("float conv");

    /// <inheritdoc/>
    public override long Macs => Geometry.Macs;

    /// <summary>Lays weights out as the kernel reads them: [group][channels ÷ 8][taps][8 channels], missing channels zero.</summary>
    /// <param name="weights">Output channels × taps, row-major.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="channels">Output channels, all groups.</param>
    /// <param name="taps">Taps per output channel.</param>
    public static byte[] Pack(float[] weights, int groups, int channels, int taps)
    {
        int perGroup = channels / groups;
        int blocks = ConvInt8.Blocks(perGroup);
        var packed = new float[groups * blocks * BlockChannels * taps];
        for (int channel = 0; channel < channels; channel++)
        {
            int block = (channel / perGroup * blocks) + (channel % perGroup / BlockChannels);
            for (int tap = 0; tap < taps; tap++) packed[(((block * taps) + tap) * BlockChannels) + (channel % perGroup % BlockChannels)] = weights[(channel * taps) + tap];
        }

        return PackedBytes.Of(packed);
    }

    /// <summary>Elements of the scratch tensor.</summary>
    public static int PatchElements(int taps) => TilePixels * taps;

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        ConvGeometry g = Geometry;
        int blocks = ConvInt8.Blocks(g.OutPerGroup);
        int tile = Math.Min(TilePixels, g.Pixels);
        var patches = new PatchWriter(g, g.Taps, (from, to, count) => $"new ReadOnlySpan<float>({from}, {count}).CopyTo(new Span<float>({to}, {count}));") { PatchType = "float" };
        string method = writer.Method(
            $"ConvFloat_{g.Name}",
            $"{Summary}: {g.Pixels} pixels × {g.OutPerGroup} channels × {g.Taps} taps.",
            "float* input, float* output, float* weights, float* bias, float* patches",
            WriteImage);
        g.WriteCalls(writer, (input, output, group) =>
        {
            string tables = group.Length == 0 ? "" : $" + {group} * {blocks * BlockChannels}";
            string weights = group.Length == 0 ? "" : $" + {group} * {blocks * BlockChannels * g.Taps}";
            return $"{method}({writer.Address(In)}{input}, {writer.Address(Out)}{output}, (float*)({writer.Address(Weights)}){weights}, {writer.Address(Bias)}{tables}, {writer.Address(Patches)});";
        });

        void WriteImage(SourceWriter code)
        {
            string gather = g.IsPointwise ? "" : patches.Method(writer, "float");
            code.For("pixel", g.Pixels / tile * tile, () => WriteTile(code, tile, "pixel", gather), tile);
            if (g.Pixels % tile > 0) WriteTile(code, g.Pixels % tile, Literals.Int(g.Pixels / tile * tile), gather);
        }

        void WriteTile(SourceWriter code, int pixels, string first, string gather)
        {
            if (g.IsPointwise) code.Line($"patches = input + {first} * {g.Channels};");
            else code.Line(patches.Call(gather, first, pixels));
            if (writer.Isa.IsScalar)
            {
                code.Line($"{ScalarTile(writer, pixels, g)}(patches, weights, bias, output + {first} * {g.OutChannels});");
                return;
            }

            ChannelTiling.Write(code, writer.Isa, pixels, g.OutPerGroup, BlockChannels, (channel, count, channels) =>
                $"{VectorTile(writer, pixels, count, channels, g)}(patches, weights + {channel} * {g.Taps}, bias + {channel}, output + {first} * {g.OutChannels} + {channel});");
        }
    }

    private string VectorTile(KernelWriter writer, int pixels, int blocks, int channels, ConvGeometry g)
    {
        (string vector, string simd, int lanes) = (writer.Isa.Vector, writer.Isa.Simd, writer.Isa.Lanes);
        int perBlock = BlockChannels / lanes;
        return writer.Method(
            $"ConvFloatTile_{pixels}x{channels}_{g.Taps}",
            $"{pixels} pixels × {channels} channels: bias + Σ patch · weight over {g.Taps} taps, clamped.",
            "float* patches, float* weights, float* bias, float* output",
            code =>
            {
                foreach ((int p, int v) in Grid()) code.Line($"{vector}<float> sum{p}_{v} = {vector}.Load(bias + {v * lanes});");
                code.For("tap", g.Taps, () =>
                {
                    for (int v = 0; v < blocks * perBlock; v++) code.Line($"{vector}<float> w{v} = {vector}.Load(weights + {(v / perBlock * BlockChannels * g.Taps) + (v % perBlock * lanes)});");
                    for (int p = 0; p < pixels; p++)
                    {
                        code.Line($"{vector}<float> x{p} = {vector}.Create(patches[{p * g.Taps}]);");
                        for (int v = 0; v < blocks * perBlock; v++) code.Line($"sum{p}_{v} = {simd}.MultiplyAdd(x{p}, w{v}, sum{p}_{v});");
                    }

                    code.Line($"patches++;\nweights += {BlockChannels};");
                });
                foreach ((int p, int v) in Grid())
                {
                    int count = Math.Min(lanes, channels - (v * lanes));
                    string sum = FloatClamp.Vector(vector, $"sum{p}_{v}", Min, Max);
                    string to = $"output + {(p * g.OutChannels) + (v * lanes)}";
                    if (count == lanes) code.Line($"({sum}).Store({to});");
                    else if (count > 0) code.Line($"{simd}.StoreFloats({to}, {sum}, {count});");
                }
            });

        IEnumerable<(int Pixel, int Vector)> Grid() => Enumerable.Range(0, pixels).SelectMany(p => Enumerable.Range(0, blocks * perBlock).Select(v => (p, v)));
    }

    private string ScalarTile(KernelWriter writer, int pixels, ConvGeometry g) => writer.Method(
        $"ConvFloatTile_{pixels}x{g.OutPerGroup}_{g.Taps}",
        $"{pixels} pixels × {g.OutPerGroup} channels: bias + Σ patch · weight over {g.Taps} taps, clamped.",
        "float* patches, float* weights, float* bias, float* output",
        code => code.For("pixel", pixels, () => code.For("channel", g.OutPerGroup, () =>
        {
            code.Line($"float* w = weights + channel / {BlockChannels} * {BlockChannels * g.Taps} + channel % {BlockChannels};\nfloat sum = bias[channel];");
            code.For("tap", g.Taps, () => code.Line($"sum = Scalar.MultiplyAdd(patches[pixel * {g.Taps} + tap], w[tap * {BlockChannels}], sum);"));
            code.Line($"output[pixel * {g.OutChannels} + channel] = {FloatClamp.Single("sum", Min, Max)};");
        })));
}
