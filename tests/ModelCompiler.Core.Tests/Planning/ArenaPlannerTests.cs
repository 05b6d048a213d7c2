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

    [Fact]
    public void A_chain_of_layers_needs_two_neighbours_at_a_time()
    {
        ArenaPlanner.Buffer[] chain = [.. Enumerable.Range(0, 10).Select(i => new ArenaPlanner.Buffer(i, 640, i, i + 1))];
        Assert.Equal(1280, ArenaPlanner.Place(chain).Total);
        Assert.Equal(1280, ArenaPlanner.LowerBound(chain));
    }
}
