using CsCheck;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Core.Tests.Planning;

public class ArenaPlannerTests
{
    private static readonly Gen<ArenaPlanner.Buffer[]> Buffers = Gen.Select(Gen.Long[1, 5000], Gen.Int[0, 20], Gen.Int[0, 6]).Array[0, 40]
        .Select(items => items.Select((b, i) => new ArenaPlanner.Buffer(i, b.Item1, b.Item2, b.Item2 + b.Item3)).ToArray());

    [Fact]
    public void Buffers_that_live_at_the_same_time_never_overlap() => Buffers.Sample(buffers =>
    {
        (Dictionary<int, long> offsets, long total) = ArenaPlanner.Place(buffers);
        foreach (ArenaPlanner.Buffer a in buffers)
        {
            Assert.Equal(0, offsets[a.Id] % ArenaPlanner.Alignment);
            Assert.True(offsets[a.Id] + a.Bytes <= total);
            foreach (ArenaPlanner.Buffer b in buffers.Where(b => b.Id > a.Id && b.First <= a.Last && a.First <= b.Last))
            {
                Assert.True(offsets[a.Id] + a.Bytes <= offsets[b.Id] || offsets[b.Id] + b.Bytes <= offsets[a.Id]);
            }
        }
    });

    [Fact]
    public void The_arena_is_never_smaller_than_the_lower_bound() =>
        Buffers.Sample(buffers => ArenaPlanner.Place(buffers).Total >= ArenaPlanner.LowerBound(buffers));

    // Two blocks of 2 at the bottom leave gaps of 1 each; the large one then does not fit below 5.
    [Fact]
    public void An_order_other_than_by_size_is_found_where_that_one_needs_more()
    {
        ArenaPlanner.Buffer[] buffers = [Of(0, 5, 2, 3), Of(1, 4, 0, 1), Of(2, 3, 1, 2), Of(3, 1, 0, 3), Of(4, 2, 3, 4), Of(5, 6, 4, 5), Of(6, 1, 1, 5)];
        Assert.Equal(ArenaPlanner.LowerBound(buffers), ArenaPlanner.Place(buffers).Total);

        static ArenaPlanner.Buffer Of(int id, long units, int first, int last) => new(id, units * ArenaPlanner.Alignment, first, last);
    }

    [Fact]
    public void A_chain_of_layers_needs_two_neighbours_at_a_time()
    {
        ArenaPlanner.Buffer[] chain = [.. Enumerable.Range(0, 10).Select(i => new ArenaPlanner.Buffer(i, 640, i, i + 1))];
        Assert.Equal(1280, ArenaPlanner.Place(chain).Total);
        Assert.Equal(1280, ArenaPlanner.LowerBound(chain));
    }
}
