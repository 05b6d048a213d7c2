using System;
using System.Collections.Generic;
using System.Linq;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// How a depthwise window's columns become safe products of bytes: which columns are multiplied, in one part or in two halves, and which are summed in int16;
/// see <see cref="WeightSegments"/> for the condition.
/// </summary>
/// <param name="Columns">Window column of every entry.</param>
/// <param name="Structure">Entries of each sum in int16, in order.</param>
/// <param name="Weights">For every entry, channels × 4.</param>
internal sealed record ColumnEntries(int[] Columns, int[] Structure, int[][] Weights)
{
    /// <summary>The cheapest structure that is safe for some channels, or null when weights are too large even in halves.</summary>
    /// <param name="task">The layer.</param>
    /// <param name="order">The channels.</param>
    /// <param name="areQuads">True for instructions that add all four products in int32, where any weights of 8 bits are safe.</param>
    public static ColumnEntries? Of(LinearTask task, int[] order, bool areQuads)
    {
        (int height, int width, int channels) = (task.Geometry.WindowHeight, task.Geometry.WindowWidth, order.Length);
        var columns = new List<int>();
        var weights = new List<int[]>();
        for (int x = 0; x < width; x++)
        {
            var whole = new int[channels * 4];
            for (int c = 0; c < channels; c++)
            {
                for (int y = 0; y < height; y++) whole[(c * 4) + y] = task.Weights[(order[c] * task.Taps) + (y * width) + x];
                if (height == 3) (whole[(c * 4) + 1], whole[(c * 4) + 3]) = Spread(whole[c * 4], whole[(c * 4) + 1], whole[(c * 4) + 2]);
            }

            if (areQuads)
            {
                int summands = WeightSegments.PartsOf8Bits(whole);
                columns.AddRange(Enumerable.Repeat(x, summands));
                weights.AddRange(Enumerable.Range(1, summands).Select(i => Array.ConvertAll(whole, w => WeightSegments.Part(w, i, summands))));
                continue;
            }

            int[][] parts = WeightSegments.AreSafe([whole]) ? [whole] : [Array.ConvertAll(whole, w => w / 2), Array.ConvertAll(whole, w => w - (w / 2))];
            if (!parts.All(p => WeightSegments.AreSafe([p]))) return null;
            foreach (int[] part in parts)
            {
                columns.Add(x);
                weights.Add(part);
            }
        }

        if (areQuads) return new ColumnEntries([.. columns], [.. Enumerable.Repeat(1, columns.Count)], [.. weights]);

        // Sums of as many neighbouring entries as are safe.
        var structure = new List<int>();
        for (int first = 0; first < weights.Count; first += structure[structure.Count - 1])
        {
            int count = 1;
            while (first + count < weights.Count && WeightSegments.AreSafe([.. weights.Skip(first).Take(count + 1)])) count++;
            structure.Add(count);
        }

        return new ColumnEntries([.. columns], [.. structure], [.. weights]);
    }

    /// <summary>The weights: [entry][channel][4].</summary>
    public IEnumerable<byte> Bytes => Weights.SelectMany(w => w).Select(w => unchecked((byte)w));

    /// <summary>Divides the middle weight between two bytes so that the larger of the two pairs becomes as small as can be.</summary>
    public static (int First, int Second) Spread(int upper, int middle, int lower) => Enumerable.Range(0, Math.Abs(middle) + 1)
        .Select(i => (First: Math.Sign(middle) * i, Second: middle - (Math.Sign(middle) * i)))
        .OrderBy(s => Math.Max(Load(upper, s.First), Load(lower, s.Second))).ThenBy(s => Math.Abs(s.First - s.Second)).First();

    private static int Load(int a, int b) => WeightSegments.LoadOf([a, b]).Max();
}
