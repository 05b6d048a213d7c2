namespace ModelCompiler.Core.Planning;

/// <summary>
/// Places buffers with known lifetimes in one arena: largest first, each at the lowest offset that is free for its whole life
/// (greedy by size; Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020).
/// </summary>
internal static class ArenaPlanner
{
    /// <summary>Offsets are multiples of this, in bytes: a cache line.</summary>
    public const int Alignment = 64;

    /// <summary>A buffer that is in use from step <paramref name="First"/> to step <paramref name="Last"/>, both included.</summary>
    public sealed record Buffer(int Id, long Bytes, int First, int Last);

    /// <summary>Gives every buffer an offset, and the size of the arena in bytes.</summary>
    public static (Dictionary<int, long> Offsets, long Total) Place(IReadOnlyList<Buffer> buffers)
    {
        var placed = new List<(Buffer Buffer, long Offset)>();
        foreach (Buffer buffer in buffers.OrderByDescending(b => b.Bytes).ThenBy(b => b.First).ThenBy(b => b.Id))
        {
            long offset = 0;
            foreach ((Buffer other, long start) in placed.Where(p => p.Buffer.First <= buffer.Last && buffer.First <= p.Buffer.Last).OrderBy(p => p.Offset))
            {
                if (offset + buffer.Bytes <= start) break;
                offset = Math.Max(offset, Align(start + other.Bytes));
            }

            placed.Add((buffer, offset));
        }

        long total = placed.Count == 0 ? Alignment : Align(placed.Max(p => p.Offset + p.Buffer.Bytes));
        return (placed.ToDictionary(p => p.Buffer.Id, p => p.Offset), total);
    }

    /// <summary>The most bytes in use at any one step: no placement needs less.</summary>
    public static long LowerBound(IReadOnlyList<Buffer> buffers) =>
        buffers.Count == 0 ? 0 : buffers.SelectMany(b => new[] { b.First, b.Last }).Distinct()
        .Max(step => buffers.Where(b => b.First <= step && step <= b.Last).Sum(b => Align(b.Bytes)));

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
