using CsCheck;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Tests.Planning;

public class StepOrderTests
{
    // Step i fills buffer i (of the given size) from some of the buffers before it.
    private static readonly Gen<(long[] Bytes, StepOrder.Unit[] Units)> Networks = Gen.Select(Gen.Long[1, 9], Gen.Int[0, 1 << 12], Gen.Bool).Array[2, 8]
        .Select(steps => (steps.Select(s => s.Item1 * ArenaPlanner.Alignment).ToArray(), steps.Select((s, i) =>
        {
            int[] from = [.. Enumerable.Range(0, i).Where(j => ((s.Item2 >> j) & 1) != 0)];
            return new StepOrder.Unit([.. from, i], s.Item3 && from.Length > 0 ? [(from[0], i)] : []);
        }).ToArray()));

    [Fact]
    public void Branches_run_one_after_another()
    {
        // Two large branches of one small input, each reduced to something small: side by side they need twice the room.
        StepOrder.Unit[] units = [Unit(0, 1), Unit(0, 2), Unit(1, 3), Unit(2, 4), Unit(3, 4, 5)];
        long[] bytes = [64, 6400, 6400, 64, 64, 64];
        int[]? order = StepOrder.Find(units, b => bytes[b], new HashSet<int> { 0 }, new HashSet<int> { 5 });
        Assert.Contains(string.Join(' ', order!), new[] { "0 2 1 3 4", "1 3 0 2 4" });
    }

    [Fact]
    public void An_order_that_is_good_stays() =>
        Assert.Null(StepOrder.Find([Unit(0, 1), Unit(1, 2), Unit(0, 3), Unit(2, 3, 4)], _ => 64, new HashSet<int> { 0 }, new HashSet<int> { 4 }));

    [Fact]
    public void What_is_filled_before_the_first_step_waits_for_nobody()
    {
        StepOrder.Unit[] units = [Unit(0, 1), Unit(0, 2), Unit(1, 3), Unit(2, 3, 4)];
        Assert.Null(StepOrder.Find(units, _ => 64, new HashSet<int> { 0 }, new HashSet<int> { 0, 4 }));
    }

    [Fact]
    public void Of_small_networks_the_best_order_is_found() => Networks.Sample(network =>
    {
        (long[] bytes, StepOrder.Unit[] units) = network;
        int last = units.Length - 1;
        var kept = new HashSet<int> { last };
        int[] now = [.. Enumerable.Range(0, units.Length)];
        int[] order = StepOrder.Find(units, b => bytes[b], new HashSet<int>(), kept) ?? now;
        Assert.Equal(now, order.Order());
        Assert.True(IsPossible(units, order));
        long best = Orders(units, []).Min(o => Peak(units, bytes, o, last));
        Assert.Equal(best, Peak(units, bytes, order, last));
    }, iter: 300);

    private static StepOrder.Unit Unit(params int[] buffers) => new(buffers, []);

    private static bool IsPossible(StepOrder.Unit[] units, int[] order) =>
        order.Select((u, place) => units[u].Buffers.Where(b => b != u).All(b => Array.IndexOf(order, b) < place)).All(ok => ok);

    private static IEnumerable<int[]> Orders(StepOrder.Unit[] units, int[] done) => done.Length == units.Length ? [done]
        : Enumerable.Range(0, units.Length).Where(u => !done.Contains(u) && units[u].Buffers.All(b => b == u || done.Contains(b)))
            .SelectMany(u => Orders(units, [.. done, u]));

    // Written anew, from lifetimes: a buffer lives from the step that fills it to the last that reads it.
    private static long Peak(StepOrder.Unit[] units, long[] bytes, int[] order, int kept)
    {
        int End(int b) => b == kept ? order.Length : Enumerable.Range(0, order.Length).Last(i => units[order[i]].Buffers.Contains(b));
        return Enumerable.Range(0, order.Length).Max(i =>
        {
            long live = Enumerable.Range(0, bytes.Length).Where(b => Array.IndexOf(order, b) <= i && i <= End(b)).Sum(b => bytes[b]);
            bool isInPlace = units[order[i]].InPlace.Any(p => bytes[p.From] == bytes[p.To] && End(p.From) == i);
            return live - (isInPlace ? bytes[order[i]] : 0);
        });
    }
}
