using System;
using System.Collections.Generic;
using System.Linq;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Weights of one or more channels that meet the same four neighbouring input bytes.</summary>
/// <param name="Offset">Where the four bytes lie, from the pixel's first.</param>
/// <param name="Weights">Channels × 4, less their zero point.</param>
internal sealed record WeightGroup(int Offset, int[] Weights);

/// <summary>
/// Build-time proof that products of uint8 activations with constant weights never saturate int16, and the order that follows from it.
/// <c>maddubs</c> sums two products in int16; a few such sums may be added before they are widened to int32. With any activations of 0…255
/// this is exact as long as, in each int16 lane, the positive weights sum to at most 128, and the negative ones to at least −128
/// (255 · 128 &lt; 2¹⁵). Groups whose pairs break this alone are split into parts; then groups are packed, first fit, into segments of at most
/// four groups that are safe together. Groups of zeros disappear.
/// </summary>
internal static class WeightSegments
{
    /// <summary>Most groups in a segment.</summary>
    public const int Longest = 4;

    private const int Limit = 128;

    // How many open segments first fit looks at, which bounds the time for layers with many taps.
    private const int Reach = 64;

    /// <summary>Packs groups into segments, longest first, otherwise in the order of the groups.</summary>
    public static List<List<WeightGroup>> Pack(IEnumerable<WeightGroup> groups)
    {
        var done = new List<(List<WeightGroup> Groups, int[] Load)>();
        var open = new List<(List<WeightGroup> Groups, int[] Load)>();
        foreach (WeightGroup group in groups.SelectMany(Split))
        {
            int[] load = LoadOf(group.Weights);
            int fit = open.FindIndex(s => Fits(s.Load, load));
            if (fit < 0)
            {
                var fresh = (new List<WeightGroup> { group }, load);
                done.Add(fresh);
                open.Add(fresh);
                if (open.Count > Reach) open.RemoveAt(0);
                continue;
            }

            (List<WeightGroup> members, int[] sum) = open[fit];
            members.Add(group);
            for (int i = 0; i < sum.Length; i++) sum[i] += load[i];
            if (members.Count == Longest) open.RemoveAt(fit);
        }

        return done.Select(s => s.Groups).OrderByDescending(s => s.Count).ToList();
    }

    /// <summary>Every group as a segment of its own, for instructions that add four products in int32; several where weights are beyond 8 bits.</summary>
    public static List<List<WeightGroup>> Single(IEnumerable<WeightGroup> groups) =>
        groups.SelectMany(g => Parts(g, PartsOf8Bits(g.Weights))).Select(g => new List<WeightGroup> { g }).ToList();

    /// <summary>Summands of 8 bits that weights less their zero points are written as: 1, or up to 3.</summary>
    public static int PartsOf8Bits(int[] weights) => Enumerable.Range(1, 3)
        .First(parts => weights.All(w => Enumerable.Range(1, parts).All(i => IsSByte(Part(w, i, parts)))));

    /// <summary>One of the summands that a weight is written as, counted from 1.</summary>
    public static int Part(int weight, int part, int parts) => (weight * part / parts) - (weight * (part - 1) / parts);

    /// <summary>
    /// The one structure (groups of each segment) for all blocks of a layer that costs least, when that saves time: then code needs no counters and no branches
    /// that the processor cannot predict. Blocks are filled up with groups of zeros. Empty when blocks differ too much or are too long.
    /// </summary>
    /// <param name="blocks">The blocks; replaced by filled ones when there is a structure.</param>
    /// <param name="pixels">Pixels of a register tile.</param>
    /// <param name="vectors">Vectors of a block; methods must not grow past what the just-in-time compiler inlines.</param>
    public static int[] Unify(List<List<WeightGroup>>[] blocks, int pixels, int vectors = 1)
    {
        int longest = blocks.Max(b => b.Sum(s => s.Count));
        if (longest == 0 || longest * pixels > MostUnrolledSteps || longest * (vectors + pixels) > 2 * MostUnrolledSteps) return [];
        int segments = blocks.Max(b => b.Count);
        int[] largest = Enumerable.Range(0, segments).Select(i => blocks.Max(b => i < b.Count ? b[i].Count : 0)).ToArray();
        int[] singles = Enumerable.Repeat(1, longest).ToArray();
        int[] structure = Cost(largest) <= Cost(singles) ? largest : singles;
        if (Cost(structure) > blocks.Average(b => WeightSegments.Cost(b)) + (CostModel.Segments.Misprediction / pixels)) return [];
        int size = blocks.SelectMany(b => b.SelectMany(s => s)).First().Weights.Length;
        for (int i = 0; i < blocks.Length; i++)
        {
            List<List<WeightGroup>> segmentsOfBlock = structure == largest ? blocks[i] : blocks[i].SelectMany(s => s.Select(g => new List<WeightGroup> { g }))
                .ToList();
            blocks[i] = structure.Select((count, j) => Filled(j < segmentsOfBlock.Count ? segmentsOfBlock[j] : [], count)).ToList();
        }

        return structure;

        static int Cost(IEnumerable<int> counts) => counts.Sum(c => c + CostModel.Segments.Widening);

        List<WeightGroup> Filled(List<WeightGroup> segment, int count) =>
            segment.Concat(Enumerable.Repeat(new WeightGroup(0, new int[size]), count - segment.Count)).ToList();
    }

    private const int MostUnrolledSteps = 160;

    /// <summary>
    /// Vector instructions that bound the time of the segments, per accumulator: multiplications of bytes, and one widening multiplication a segment.
    /// </summary>
    public static int Cost(List<List<WeightGroup>> segments) => segments.Sum(s => s.Count + CostModel.Segments.Widening);

    /// <summary>Parts of a group that are safe each, and sum to it.</summary>
    private static IEnumerable<WeightGroup> Split(WeightGroup group)
    {
        if (group.Weights.All(w => w == 0)) return [];
        for (int parts = 1; ; parts++)
        {
            WeightGroup[] split = Parts(group, parts);
            if (split.All(p => AreSafe([p.Weights]))) return split;
        }
    }

    private static WeightGroup[] Parts(WeightGroup group, int parts) =>
        Enumerable.Range(0, parts).Select(i => new WeightGroup(group.Offset, Array.ConvertAll(group.Weights, w => Part(w, i + 1, parts)))).ToArray();

    /// <summary>True when the products of these groups may be summed in int16, whatever the activations.</summary>
    internal static bool AreSafe(IReadOnlyList<int[]> groups)
    {
        if (!groups.All(g => g.All(IsSByte))) return false;
        var sum = new int[groups[0].Length];
        foreach (int[] load in groups.Select(LoadOf))
        {
            if (!Fits(sum, load)) return false;
            for (int i = 0; i < sum.Length; i++) sum[i] += load[i];
        }

        return true;
    }

    private static bool IsSByte(int weight) => weight is >= sbyte.MinValue and <= sbyte.MaxValue;

    /// <summary>Positive and negative weights of each int16 lane.</summary>
    internal static int[] LoadOf(int[] weights)
    {
        var load = new int[weights.Length];
        for (int i = 0; i < weights.Length; i += 2)
        {
            load[i] = Math.Max(weights[i], 0) + Math.Max(weights[i + 1], 0);
            load[i + 1] = Math.Max(-weights[i], 0) + Math.Max(-weights[i + 1], 0);
        }

        return load;
    }

    private static bool Fits(int[] sum, int[] load)
    {
        for (int i = 0; i < sum.Length; i++)
        {
            if (sum[i] + load[i] > Limit) return false;
        }

        return true;
    }
}
