using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Writes the loops of <see cref="ConvFloat32"/> over rows, groups, channels and pixels, and its register tiles.</summary>
/// <param name="kernel">The kernel.</param>
/// <param name="g">All sizes, in as long rows as there are.</param>
/// <param name="block">Channels that lie together in the weights.</param>
/// <param name="writer">Where to write.</param>
internal sealed class FloatConvLoops(ConvFloat32 kernel, ConvGeometry g, int block, KernelWriter writer)
{
    private readonly Isa _isa = writer.Isa.Wide.Narrowed(g.OutPerGroup <= 4 ? 128 : g.OutPerGroup <= 8 ? 256 : writer.Isa.TileBits);

    private int Padded => (g.OutPerGroup + block - 1) / block * block;

    // Taps that lie one after the other in a row of input.
    private int Run => g.DilationRight == 1 && g.Groups == 1 ? g.WindowWidth * g.InPerGroup : g.InPerGroup;

    private bool IsOneRow => g.WindowHeight == 1;

    /// <summary>Writes the loop over the rows of an image.</summary>
    public void WriteImage(SourceWriter code)
    {
        if (g.HasPadding)
        {
            new RowRing(g, "float", 0, (from, to, count) => $"new ReadOnlySpan<float>({from}, {count}).CopyTo(new Span<float>({to}, {count}));")
                .WriteRows(writer, code, "float", y => WriteRow(code, IsOneRow ? "window[0]" : "window", y));
        }
        else if (g.OutHeight == 1 && IsOneRow)
        {
            WriteRow(code, "input", "0");
        }
        else
        {
            if (!IsOneRow) code.Line($"float** window = stackalloc float*[{g.WindowHeight}];");
            code.For("y", g.OutHeight, () =>
            {
                int step = g.Width * g.Channels;
                if (!IsOneRow) code.Line($"for (int i = 0; i < {g.WindowHeight}; i++) window[i] = input + (y * {g.StrideDown} + i * {g.DilationDown}) * "
                    + $"{step};");
                WriteRow(code, IsOneRow ? $"input + y * {g.StrideDown * step}" : "window", "y");
            });
        }
    }

    private void WriteRow(SourceWriter code, string window, string y)
    {
        if (g.Groups == 1) WriteGroup(code, window, y, "");
        else code.For("group", g.Groups, () => WriteGroup(code, window, y, "group"));
    }

    private void WriteGroup(SourceWriter code, string window, string y, string group)
    {
        int taps = g.Taps;
        if (_isa.IsScalar)
        {
            WriteCall(code, window, y, group, "0", g.OutWidth, "0", g.OutPerGroup);
            return;
        }

        FloatTiles tiles = FloatTiles.Choose(_isa, g.OutWidth, (g.OutPerGroup + _isa.Lanes - 1) / _isa.Lanes, block / _isa.Lanes);
        int channels = Math.Max(tiles.Vectors * _isa.Lanes, 1);
        // What is larger, weights or rows, is read once.
        if ((long)taps * g.OutPerGroup > (long)g.OutWidth * g.StrideRight * g.WindowHeight * g.Channels)
        {
            WriteChannels(code, channels, (channel, count) =>
                FloatTiles.Write(code, "x", g.OutWidth, tiles.Pixels, (x, pixels) => WriteCall(code, window, y, group, x, pixels, channel, count)));
        }
        else
        {
            FloatTiles.Write(code, "x", g.OutWidth, tiles.Pixels,
                (x, pixels) => WriteChannels(code, channels, (channel, count) => WriteCall(code, window, y, group, x, pixels, channel, count)));
        }
    }

    private void WriteChannels(SourceWriter code, int size, Action<string, int> body) => FloatTiles.Write(code, "channel", g.OutPerGroup, size, body);

    private void WriteCall(SourceWriter code, string window, string y, string group, string x, int pixels, string channel, int channels)
    {
        string at = Sum((x, g.StrideRight * g.Channels), (group, g.InPerGroup));
        string input = IsOneRow ? Plus(window, at) : $"{window}, {(at.Length == 0 ? "0" : at)}";
        string weights = Plus("weights", Sum((group, Padded * g.Taps), (channel, g.Taps)));
        string bias = Plus("bias", Sum((group, Padded), (channel, 1)));
        string output = Plus("output", Sum((y, g.OutWidth * g.OutChannels), (x, g.OutChannels), (group, g.OutPerGroup), (channel, 1)));
        code.Line($"{(_isa.IsScalar ? ScalarTile(pixels) : VectorTile(pixels, channels))}({input}, {weights}, {bias}, {output});");
    }

    private static string Plus(string address, string distance) => distance.Length == 0 ? address : $"{address} + {distance}";

    private static string Sum(params (string Index, int Step)[] terms) =>
        string.Join(" + ", terms.Where(t => t.Index is not ("" or "0")).Select(t => t.Step == 1 ? t.Index : $"{t.Index} * {Literals.Int(t.Step)}"));

    private string Method(int pixels, int channels, Action<SourceWriter> body) => writer.Method(
        $"Conv{(kernel.HasHalves ? "Half" : "Float")}Tile_{pixels}x{channels}_{g.WindowHeight}x{g.Taps / Math.Max(1, g.WindowHeight)}",
        $"{Literals.Count(pixels, "pixel")} × {Literals.Count(channels, "channel")}: bias + Σ input · weight over {Literals.Count(g.Taps, "tap")}, clamped.",
        (IsOneRow ? "float* row" : "float** window, int at") + $", {kernel.WeightType}* weights, float* bias, float* output",
        body);

    private string VectorTile(int pixels, int channels)
    {
        (string vector, string simd, int lanes) = (_isa.Vector, _isa.Simd, _isa.Lanes);
        int vectors = (channels + lanes - 1) / lanes;
        return Method(pixels, channels, code =>
        {
            foreach ((int p, int v) in Grid()) code.Line($"{vector}<float> sum{p}_{v} = {vector}.Load({Terms.Plus("bias", v * lanes)});");
            WriteTaps(code, row =>
            {
                string load = kernel.HasHalves ? $"{simd}.LoadHalves" : $"{vector}.Load";
                for (int v = 0; v < vectors; v++)
                    code.Line($"{vector}<float> w{v} = {load}({Terms.Plus("weights", (v * lanes / block * block * g.Taps) + (v * lanes % block))});");
                for (int p = 0; p < pixels; p++)
                {
                    code.Line($"{vector}<float> x{p} = {vector}.Create({row}[{p * g.StrideRight * g.Channels}]);");
                    for (int v = 0; v < vectors; v++) code.Line($"sum{p}_{v} = {simd}.MultiplyAdd(x{p}, w{v}, sum{p}_{v});");
                }

                code.Line($"{row}++;\nweights += {block};");
            });
            foreach ((int p, int v) in Grid())
            {
                int count = Math.Min(lanes, channels - (v * lanes));
                string sum = FloatClamp.Vector(vector, $"sum{p}_{v}", kernel.Min, kernel.Max);
                string to = Terms.Plus("output", (p * g.OutChannels) + (v * lanes));
                if (count == lanes) code.Line($"({sum}).Store({to});");
                else code.Line($"{simd}.StoreFloats({to}, {sum}, {count});");
            }
        });

        IEnumerable<(int Pixel, int Vector)> Grid() => Enumerable.Range(0, pixels).SelectMany(p => Enumerable.Range(0, vectors).Select(v => (p, v)));
    }

    // Loops over the window; the body gets the pointer to the tile's first pixel, and moves it and the weights on.
    private void WriteTaps(SourceWriter code, Action<string> body)
    {
        if (IsOneRow) WriteWindowRow("row");
        else code.For("y", g.WindowHeight, () =>
        {
            code.Line("float* row = window[y] + at;");
            WriteWindowRow("row");
        });

        void WriteWindowRow(string row)
        {
            if (Run * g.WindowHeight == g.Taps) code.For("tap", Run, () => body(row));
            else code.For("x", g.WindowWidth, () =>
            {
                code.Line($"float* column = {row} + x * {g.DilationRight * g.Channels};");
                code.For("tap", Run, () => body("column"));
            });
        }
    }

    private string ScalarTile(int pixels) => Method(pixels, g.OutPerGroup, code => code.For("pixel", pixels, () => code.For("channel", g.OutPerGroup, () =>
    {
        code.Line($"{kernel.WeightType}* w = weights + channel / {block} * {block * g.Taps} + channel % {block};\nfloat sum = bias[channel];");
        code.For("y", g.WindowHeight, () => code.For("x", g.WindowWidth, () =>
        {
            code.Line($"float* from = {(IsOneRow ? "row" : "window[y] + at")} + (pixel * {g.StrideRight} + x * {g.DilationRight}) * {g.Channels};");
            code.For("tap", g.InPerGroup, () =>
                code.Line($"sum = Scalar.MultiplyAdd(from[tap], {(kernel.HasHalves ? "Scalar.LoadHalves(w)" : "*w")}, sum);\nw += {block};"));
        }));
        code.Line($"output[pixel * {g.OutChannels} + channel] = {FloatClamp.Single("sum", kernel.Min, kernel.Max)};");
    })));
}
