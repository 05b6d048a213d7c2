using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Writes the three methods of a tile of pixels whose sums lie pixel by pixel in vectors, one output channel after the other: gather four neighbouring input bytes of every
/// pixel side by side; multiply and sum; and turn the results, which come channel by channel, into pixels of neighbouring channels.
/// </summary>
/// <param name="writer">Where methods go.</param>
/// <param name="channels">Output channels.</param>
/// <param name="groupPitch">Bytes from one group of input bytes to the next.</param>
/// <param name="rowPitch">Bytes from one channel's results to the next.</param>
/// <param name="requantizer">What happens to the sums.</param>
/// <param name="outType">C# type of the output.</param>
/// <param name="outZero">Zero point of the output.</param>
internal sealed class PixelTile(KernelWriter writer, int channels, int groupPitch, int rowPitch, Requantizer requantizer, string outType, int outZero)
{
    /// <summary>Numbers of the schedule before a channel's groups: segments of 4, 3, 2 and 1 groups, and the channel.</summary>
    public const int Header = WeightSegments.Longest + 1;

    /// <summary>Writes the method that gathers the input of one part of the vectors and returns its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="part">The vectors.</param>
    /// <param name="from">Where each pixel's window begins, from that of the part's first; pixels past the end repeat the last.</param>
    public string GatherMethod(string name, PixelVectors.Part part, Func<int, int> from) => writer.Method(
        name,
        $"Gathers the input of {part.Vectors * part.Isa.Lanes} pixels: for every group of four bytes, the pixels' groups side by side.",
        "byte* input, int* chunks, int count, byte* to",
        code =>
        {
            int[][] offsets = Enumerable.Range(0, part.Vectors).Select(v => Enumerable.Range(0, part.Lanes * 4).Select(i => from(part.PixelAt(v, i / 4, i % 4)) - from(part.PixelAt(v, 0, 0))).ToArray()).ToArray();
            int step = part.Vectors > 1 ? from(part.PixelAt(1, 0, 0)) - from(part.PixelAt(0, 0, 0)) : 0;
            bool isRegular = part.Vectors > 1 && Enumerable.Range(0, part.Vectors).All(v => offsets[v].SequenceEqual(offsets[0]) && from(part.PixelAt(v, 0, 0)) == from(part.PixelAt(0, 0, 0)) + (v * step));
            int bytes = part.Isa.Bits / 8;
            if (isRegular)
            {
                code.Block($"for (int v = 0; v < {part.Vectors}; v++)", () => Vector(code, Terms.Plus("input", Terms.Times("v", step)), offsets[0], $"to + v * {bytes}"));
                return;
            }

            for (int v = 0; v < part.Vectors; v++)
            {
                int first = from(part.PixelAt(v, 0, 0)) - from(0);
                code.Block("", () => Vector(code, Terms.Plus("input", first), offsets[v], Terms.Plus("to", v * bytes)));
            }
        });

    private void Vector(SourceWriter code, string input, int[] offsets, string to)
    {
        code.Block("for (int chunk = 0; chunk < count; chunk++)", () =>
        {
            code.Line($"byte* x = {input} + chunks[chunk];");
            Isa isa = writer.Isa.Narrowed(offsets.Length * 32);
            IEnumerable<string> rows = Enumerable.Range(0, 4).Select(place => $"{isa.Simd}.LoadLanes({string.Join(", ", Enumerable.Range(0, offsets.Length / 4).Select(lane => Terms.Plus("x", offsets[(lane * 4) + place])))})");
            code.Line($"{isa.Simd}.StoreTransposed(\n    {string.Join(",\n    ", rows)},\n    {to} + chunk * {4 * groupPitch}, {groupPitch});");
        });
    }

    /// <summary>C# parameters of the method that multiplies.</summary>
    public string Parameters => $"byte* input, sbyte* weights, ushort* schedule, int* bias, {requantizer.Parameters}, int* sums, byte* results";

    /// <summary>Writes the method that sums the products of all channels and returns its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="tile">The vectors.</param>
    /// <param name="isFirst">True when sums begin with the bias, false when they continue.</param>
    /// <param name="isLast">True when sums are requantised at the end, false when they are kept.</param>
    public string SumMethod(string name, PixelVectors tile, bool isFirst, bool isLast) => writer.Method(
        name,
        $"{tile.Pixels} pixels × {channels} channels: {(isFirst ? "bias" : "the sums so far")} + Σ input · weight, one channel at a time{(isLast ? ", requantised" : "")}.",
        Parameters,
        code =>
        {
            Isa[] widths = tile.Parts.Select(p => p.Isa).Distinct().ToArray();
            for (int i = 0; i < widths.Length; i++) code.Line($"{widths[i].Vector}<short> ones{i} = {widths[i].Vector}.Create((short)1){(isLast ? $", zero{i} = {widths[i].Vector}.Create((short){Literals.Int(outZero)})" : "")};");
            code.For("channel", channels, () =>
            {
                code.Line($"ushort* groups = schedule + {Header};");
                foreach ((int v, Isa isa, int at) in Vectors(tile))
                {
                    code.Line(isFirst
                        ? $"{isa.Vector}<int> sum{v} = {(IsFirstOf(v, isa, tile) ? $"{isa.Vector}.Create(bias[channel])" : $"sum{v - 1}")};"
                        : $"{isa.Vector}<int> sum{v} = {isa.Vector}.Load({Terms.Plus($"sums + schedule[{WeightSegments.Longest}] * {groupPitch / 4}", at / 4)});");
                }

                for (int count = WeightSegments.Longest; count > 0; count--)
                {
                    code.Block($"for (int n = schedule[{WeightSegments.Longest - count}]; n > 0; n--)", () => Segment(code, tile, widths, count));
                }

                if (isLast) Finish(code, tile, widths);
                else foreach ((int v, _, int at) in Vectors(tile)) code.Line($"sum{v}.Store({Terms.Plus($"sums + schedule[{WeightSegments.Longest}] * {groupPitch / 4}", at / 4)});");
                code.Line("schedule = groups;");
            });
        });

    private static bool IsFirstOf(int v, Isa isa, PixelVectors tile) => v == tile.Parts.First(p => p.Isa == isa).First;

    private static IEnumerable<(int Vector, Isa Isa, int Offset)> Vectors(PixelVectors tile) =>
        tile.Parts.SelectMany(p => Enumerable.Range(0, p.Vectors).Select(v => (p.First + v, p.Isa, p.Offset + (v * p.Isa.Bits / 8))));

    private void Segment(SourceWriter code, PixelVectors tile, Isa[] widths, int count)
    {
        for (int k = 0; k < count; k++)
        {
            code.Line($"byte* x{k} = input + groups[{k}] * {groupPitch};");
            code.Line($"{widths[0].Vector}<sbyte> w{k} = {widths[0].Simd}.Broadcast4((byte*)weights{(k == 0 ? "" : $" + {k * 4}")}).AsSByte();");
        }

        foreach ((int v, Isa isa, int at) in Vectors(tile))
        {
            int i = Array.IndexOf(widths, isa);
            string[] products = Enumerable.Range(0, count).Select(k => $"{isa.Simd}.MultiplyAddBytes({isa.Vector}.Load({Terms.Plus($"x{k}", at)}), w{k}{(i == 0 ? "" : ".GetLower()")})").ToArray();
            code.Line($"sum{v} += {isa.Simd}.MultiplyAddPairs({string.Join(" + ", products)}, ones{i});");
        }

        code.Line($"groups += {count};\nweights += {count * 4};");
    }

    private void Finish(SourceWriter code, PixelVectors tile, Isa[] widths)
    {
        for (int i = 0; i < widths.Length; i++) code.Line(requantizer.Broadcasts("channel", i, widths[i]));
        code.Line($"byte* result = results + schedule[{WeightSegments.Longest}] * {rowPitch};");
        foreach (PixelVectors.Part part in tile.Parts)
        {
            int i = Array.IndexOf(widths, part.Isa);
            code.Line(requantizer.PackedBytes($"packed{part.First}", outType, Enumerable.Range(0, 4).Select(v => ($"sum{part.First + Math.Min(v, part.Vectors - 1)}", i)), part.Isa, inLanes: true, $"zero{i}"));
            code.Line($"packed{part.First}.Store({Terms.Plus("result", part.PackedOffset)});");
        }
    }

    /// <summary>Writes the method that stores the results of one part of the vectors, pixel by pixel, and returns its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="part">The vectors.</param>
    /// <param name="pixels">Pixels of the part.</param>
    /// <param name="to">Where each pixel's channels go, from those of the part's first.</param>
    public string StoreMethod(string name, PixelVectors.Part part, int pixels, Func<int, int> to) => writer.Method(
        name,
        $"Turns the results of {pixels} pixels × {channels} channels, which lie channel by channel, into pixels.",
        $"byte* results, {outType}* output",
        code =>
        {
            // Four perfect shuffles of 16 rows are a transposition. Where channels do not divide by 16, the last ones are done twice.
            code.Block(channels <= 16 ? "" : $"for (int channel = 0; channel < {channels}; channel += 16)", () =>
            {
                string first = channels <= 16 ? "" : channels % 16 == 0 ? "channel" : "first";
                if (first == "first") code.Line($"int first = Math.Min(channel, {channels - 16});");
                code.Line($"byte* from = {Terms.Plus("results", Terms.Times(first, rowPitch))}, to = {Terms.Plus("(byte*)output", first)};");
                string vector = part.Isa.Vector;
                for (int i = 0; i < 16; i++) code.Line($"{vector}<byte> a{i} = {vector}.Load({Terms.Plus("from", Math.Min(i, channels - 1) * rowPitch)});");
                for (int round = 0; round < 4; round++)
                {
                    (char a, char b) = ((char)('a' + round), (char)('a' + round + 1));
                    for (int i = 0; i < 8; i++)
                    {
                        code.Line($"{vector}<byte> {b}{2 * i} = {part.Isa.Simd}.ZipLowerBytes({a}{i}, {a}{i + 8}).AsByte(), {b}{(2 * i) + 1} = {part.Isa.Simd}.ZipUpperBytes({a}{i}, {a}{i + 8}).AsByte();");
                    }
                }

                for (int lane = 0; lane < part.Lanes; lane++)
                {
                    for (int place = 0; place < 16; place++)
                    {
                        int pixel = part.PackedPixelAt(lane, place);
                        if (pixel >= 0 && pixel < pixels) code.Line($"{part.Isa.Simd}.StoreLane({Terms.Plus("to", to(pixel))}, e{place}, {lane}{(channels < 16 ? $", {channels}" : "")});");
                    }
                }
            });
        });
}
