namespace ModelCompiler.Core.Planning;

/// <summary>
/// Places buffers with known lifetimes in one arena, one after another, each at the lowest offset that is free for its whole life: largest first (greedy by
/// size; Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020), and where that needs more than the steps do, in orders that
/// a local search finds by moving buffers at the top of the arena forward.
/// </summary>
internal static class ArenaPlanner
{
    /// <summary>Offsets are multiples of this, in bytes: a cache line.</summary>
    public const int Alignment = 64;

    // Pairs of buffers that the local search may look at, and orders that it may try: a fraction of a second.
    private const long MostPairs = 40_000_000;
    private const int MostTries = 4_000;

    /// <summary>A buffer that is in use from step <paramref name="First"/> to step <paramref name="Last"/>, both included.</summary>
    public sealed record Buffer(int Id, long Bytes, int First, int Last)
    {
        /// <summary>True when both are in use at some step.</summary>
        public bool Meets(Buffer other) => First <= other.Last && other.First <= Last;
    }

    /// <summary>Gives every buffer an offset, and the size of the arena in bytes.</summary>
    public static (Dictionary<int, long> Offsets, long Total) Place(IReadOnlyList<Buffer> buffers)
    {
        Buffer[] order = [.. buffers.OrderByDescending(b => b.Bytes).ThenBy(b => b.First).ThenBy(b => b.Id)];
        int[][] meets = [.. order.Select(b => Enumerable.Range(0, order.Length).Where(o => order[o] != b && order[o].Meets(b)).ToArray())];
        int[] best = [.. Enumerable.Range(0, order.Length)];
        long[] offsets = Place(order, best, meets);
        long bound = LowerBound(buffers), total = Total(order, offsets);
        long tries = Math.Min(MostTries, MostPairs / Math.Max(1, meets.Sum(m => (long)m.Length)));
        ulong random = 1;
        for (long i = 0; i < tries && total > bound; i++)
        {
            int[] next = WithTopMovedForward(order, best, offsets, meets, ref random);
            long[] placed = Place(order, next, meets);
            if (Total(order, placed) > total) continue;
            (best, offsets, total) = (next, placed, Total(order, placed));
        }

        return (order.Select((b, i) => (b.Id, Offset: offsets[i])).ToDictionary(p => p.Id, p => p.Offset), Math.Max(total, Alignment));
    }

    /// <summary>The most bytes in use at any one step: no placement needs less.</summary>
    public static long LowerBound(IReadOnlyList<Buffer> buffers) =>
        buffers.Count == 0 ? 0 : buffers.Select(b => b.First).Distinct().Max(step => LiveBytes(buffers, step));

    /// <summary>Bytes in use at a step.</summary>
    public static long LiveBytes(IReadOnlyList<Buffer> buffers, int step) =>
        buffers.Where(b => b.First <= step && step <= b.Last).Sum(b => Align(b.Bytes));

    private static long[] Place(Buffer[] buffers, int[] order, int[][] meets)
    {
        long[] offsets = new long[buffers.Length];
        Array.Fill(offsets, -1);
        var taken = new List<(long Start, long End)>();
        foreach (int b in order)
        {
            taken.Clear();
            foreach (int other in meets[b])
            {
                if (offsets[other] >= 0) taken.Add((offsets[other], Align(offsets[other] + buffers[other].Bytes)));
            }

            taken.Sort();
            long offset = 0;
            foreach ((long start, long end) in taken)
            {
                if (offset + buffers[b].Bytes <= start) break;
                offset = Math.Max(offset, end);
            }

            offsets[b] = offset;
        }

        return offsets;
    }

    // A buffer that ends at the top, or one that it meets, takes an earlier place in the order.
    private static int[] WithTopMovedForward(Buffer[] buffers, int[] order, long[] offsets, int[][] meets, ref ulong random)
    {
        long total = Total(buffers, offsets);
        int[] top = [.. order.Where(b => Align(offsets[b] + buffers[b].Bytes) == total)];
        int chosen = top[Next(ref random, top.Length)];
        if (meets[chosen].Length > 0 && Next(ref random, 2) == 0) chosen = meets[chosen][Next(ref random, meets[chosen].Length)];
        var next = order.ToList();
        int place = next.IndexOf(chosen);
        next.RemoveAt(place);
        next.Insert(Next(ref random, place + 1), chosen);
        return [.. next];
    }

    // Knuth's multiplier for 64 bits: the same numbers with every version of .NET.
    private static int Next(ref ulong state, int count) => (int)(((state = (state * 6364136223846793005) + 1442695040888963407) >> 33) % (ulong)count);

    private static long Total(Buffer[] buffers, long[] offsets)
    {
        long total = 0;
        for (int i = 0; i < buffers.Length; i++) total = Math.Max(total, Align(offsets[i] + buffers[i].Bytes));
        return total;
    }

    /// <summary>Bytes up to the next multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
