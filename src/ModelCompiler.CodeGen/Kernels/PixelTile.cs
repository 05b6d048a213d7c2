using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Writes the steps of a tile of pixels whose sums lie pixel by pixel in vectors, one output channel after the other:
/// gather four neighbouring input bytes of every pixel side by side; multiply and sum; and turn the results, which come channel by channel, into pixels of
/// neighbouring channels. Methods know the vectors but neither channels nor pitches, so that all layers share them.
/// </summary>
/// <param name="writer">Where methods go.</param>
/// <param name="vectors">The pixels.</param>
/// <param name="requantizer">What happens to the sums.</param>
/// <param name="outType">C# type of the output.</param>
internal sealed class PixelTile(KernelWriter writer, PixelVectors vectors, Requantizer requantizer, string outType)
{
    /// <summary>Numbers of the schedule before a channel's groups: segments of 4, 3, 2 and 1 groups, and the channel.</summary>
    public const int Header = WeightSegments.Longest + 1;

    /// <summary>The statement that gathers the input of one part of the vectors.</summary>
    /// <param name="part">The vectors.</param>
    /// <param name="input">Pointer to the tile's first pixel.</param>
    /// <param name="chunks">Pointer to the chunks.</param>
    /// <param name="count">Number of chunks.</param>
    /// <param name="from">Where each pixel's window begins.</param>
    public string Gather(PixelVectors.Part part, string input, string chunks, int count, Func<int, int> from)
    {
        int first = from(part.FirstPixel), pitch = part.Pixels > 1 ? from(part.FirstPixel + 1) - first : 0;
        string arguments = $"{chunks}, {count}, {Terms.Plus("gathered", part.Offset)}";
        return part.IsFull && Enumerable.Range(0, part.Pixels).All(p => from(part.FirstPixel + p) == first + (p * pitch))
            ? $"{part.Isa.Simd}.Gather({Terms.Plus(input, first)}, {pitch}, {part.Vectors}, {arguments}, {vectors.Pitch});"
            : $"{GatherMethod(part, p => from(part.FirstPixel + Math.Min(p, part.Pixels - 1)) - first)}({Terms.Plus(input, first)}, {arguments});";
    }

    // For pixels of several rows, and for tiles with fewer pixels than a vector has lanes; those without a pixel repeat the last.
    private string GatherMethod(PixelVectors.Part part, Func<int, int> from) => writer.Method(
        $"Gather_{part.Pixels}",
        $"Gathers the input of {part.Pixels} pixels: for every group of four bytes, the pixels' groups side by side.",
        "byte* input, int* chunks, int count, byte* to",
        code =>
        {
            code.For("chunk", "count", () =>
            {
                code.Line($"byte* x = input + chunks[chunk];");
                for (int v = 0; v < part.Vectors; v++)
                {
                    int vector = v;
                    IEnumerable<string> rows = Enumerable.Range(0, 4).Select(place =>
                    {
                        IEnumerable<string> lanes = Enumerable.Range(0, part.Lanes).Select(lane => Terms.Plus("x", from(part.PixelAt(vector, lane, place))));
                        return $"{part.Isa.Simd}.LoadLanes({string.Join(", ", lanes)})";
                    });
                    code.Line($"{part.Isa.Simd}.StoreTransposed(\n    {string.Join(",\n    ", rows)},\n    {Terms.Plus("to", v * part.Isa.Bits / 8)}, "
                        + $"{vectors.Pitch});");
                }

                code.Line($"to += {4 * vectors.Pitch};");
            });
        });

    /// <summary>The statement that stores the results of one part of the vectors, pixel by pixel.</summary>
    public static string Store(PixelVectors.Part part, int rowPitch, string to, int channels) =>
        $"{part.Isa.Simd}.StorePixels({Terms.Plus("results", part.PackedOffset)}, {rowPitch}, (byte*){(to.IndexOf(' ') < 0 ? to : $"({to})")}, {channels}, "
        + $"{part.Vectors}, {part.Pixels});";

    /// <summary>Writes the method that sums the products of all channels and returns its name.</summary>
    /// <param name="isFirst">True when sums begin with the bias, false when they continue.</param>
    /// <param name="isLast">True when sums are requantised at the end, false when they are kept.</param>
    public string SumMethod(bool isFirst, bool isLast) => writer.Method(
        $"SumTile{(isFirst ? "" : "Next")}_{string.Join("_", vectors.Parts.GroupBy(p => p.Isa.Bits).Select(p => $"{p.Sum(v => v.Vectors)}x{p.Key}"))}",
        $"{vectors.Parts.Sum(p => p.Vectors * p.Isa.Lanes)} pixels, one channel at a time: {(isFirst ? "bias" : "the sums so far")} + Σ input · "
        + $"weight{(isLast ? ", requantised" : "")}.",
        "byte* input, sbyte* weights, ushort* schedule, int channels" + (isFirst ? ", int* bias" : "")
            + (isLast ? $", {requantizer.Parameters}, int zero, byte* results" : "") + (isFirst && isLast ? "" : ", int* kept"),
        code =>
        {
            code.Line("// The schedule of a channel: how many segments of 4, 3, 2 and 1 groups of inputs, the channel's number, and the groups. The compiler "
                + "has checked that products of one segment cannot saturate int16, whatever the input.");
            Isa[] widths = vectors.Parts.Select(p => p.Isa).Distinct().ToArray();
            for (int i = 0; i < widths.Length; i++)
                code.Line($"{widths[i].Vector}<short> ones{i} = "
                    + $"{widths[i].Vector}.Create((short)1){(isLast ? $", zero{i} = {widths[i].Vector}.Create((short)zero)" : "")};");
            code.For("channel", "channels", () =>
            {
                if (!isFirst || !isLast) code.Line($"int* own = kept + schedule[{WeightSegments.Longest}] * {vectors.Pitch / 4};");
                code.Line($"ushort* groups = schedule + {Header};");
                foreach (IGrouping<string, (int Vector, Isa Isa, int Offset)> same in Vectors.GroupBy(v => v.Isa.Vector))
                {
                    IEnumerable<string> sums = same.Select((v, i) => $"sum{v.Vector} = "
                        + (!isFirst ? $"{same.Key}.Load({Terms.Plus("own", v.Offset / 4)})" : i == 0 ? $"{same.Key}.Create(bias[channel])"
                            : $"sum{v.Vector - 1}"));
                    code.Line($"{same.Key}<int> {string.Join(", ", sums)};");
                }

                for (int count = WeightSegments.Longest; count > 0; count--)
                {
                    code.Block($"for (int n = schedule[{WeightSegments.Longest - count}]; n > 0; n--)", () => Segment(code, widths, count));
                }

                if (isLast) Finish(code, widths);
                else foreach ((int v, _, int at) in Vectors) code.Line($"sum{v}.Store({Terms.Plus("own", at / 4)});");
                code.Line("schedule = groups;");
            });
        });

    private IEnumerable<(int Vector, Isa Isa, int Offset)> Vectors =>
        vectors.Parts.SelectMany(p => Enumerable.Range(0, p.Vectors).Select(v => (p.First + v, p.Isa, p.Offset + (v * p.Isa.Bits / 8))));

    private void Segment(SourceWriter code, Isa[] widths, int count)
    {
        for (int k = 0; k < count; k++)
        {
            code.Line($"byte* x{k} = input + groups[{k}] * {vectors.Pitch};");
            code.Line($"{widths[0].Vector}<sbyte> w{k} = {widths[0].Simd}.Broadcast4((byte*)weights{(k == 0 ? "" : $" + {k * 4}")}).AsSByte();");
        }

        foreach ((int v, Isa isa, int at) in Vectors)
        {
            int i = Array.IndexOf(widths, isa);
            code.Line($"sum{v} = {isa.Simd}.AddProducts(sum{v}, ones{i}, "
                + $"{string.Join(", ", Enumerable.Range(0, count).Select(k => $"{Terms.Plus($"x{k}", at)}, w{k}{(i == 0 ? "" : ".GetLower()")}"))});");
        }

        code.Line($"{Terms.Advance("groups", count)}\n{Terms.Advance("weights", count * 4)}");
    }

    private void Finish(SourceWriter code, Isa[] widths)
    {
        for (int i = 0; i < widths.Length; i++) code.Line(requantizer.Broadcasts("channel", i, widths[i]));
        code.Line($"byte* result = results + schedule[{WeightSegments.Longest}] * {vectors.PackedBytes};");
        foreach (PixelVectors.Part part in vectors.Parts)
        {
            int i = Array.IndexOf(widths, part.Isa);
            code.Line(requantizer.PackedBytes($"packed{part.First}", outType,
                Enumerable.Range(0, 4).Select(v => ($"sum{part.First + Math.Min(v, part.Vectors - 1)}", i)), part.Isa, inLanes: true, $"zero{i}"));
            code.Line($"packed{part.First}.Store({Terms.Plus("result", part.PackedOffset)});");
        }
    }
}
