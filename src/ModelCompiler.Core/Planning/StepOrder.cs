using System.Numerics;

namespace ModelCompiler.Core.Planning;

/// <summary>
/// Finds an order of steps that keeps fewer bytes alive at once: a beam search over the sets of steps that may be done first. What is alive after a set of
/// steps does not depend on their order, so of all ways to a set only the one of the lowest peak is followed (Ahn et al., "Ordering Chaos: Memory-Aware
/// Scheduling of Irregularly Wired Neural Networks for Edge Devices", 2020).
/// </summary>
internal static class StepOrder
{
    // Sets of steps that are followed at a time, fewer in networks of so many steps that looking at all of them would be felt.
    private const int WidestBeam = 64, NarrowestBeam = 4, MostWork = 60_000;

    /// <summary>Steps that stay together, such as those of one node.</summary>
    /// <param name="Buffers">All buffers it touches, each once.</param>
    /// <param name="InPlace">Buffers it may write over buffers it reads, where those are not needed afterwards.</param>
    public sealed record Unit(IReadOnlyList<int> Buffers, IReadOnlyList<(int From, int To)> InPlace);

    /// <summary>The order, or null when none is better than the one there is.</summary>
    /// <param name="units">The units in an order that works: the first to touch a buffer fills it, unless it is given.</param>
    /// <param name="bytes">Size of a buffer.</param>
    /// <param name="given">Buffers that are filled before the first step.</param>
    /// <param name="kept">Buffers that are needed after the last step.</param>
    public static int[]? Find(IReadOnlyList<Unit> units, Func<int, long> bytes, IReadOnlySet<int> given, IReadOnlySet<int> kept)
    {
        if (units.Count < 2) return null;
        var problem = new Problem(units, bytes, given, kept);
        long now = problem.PeakOf([.. Enumerable.Range(0, units.Count)]), least = problem.LeastPeak;
        if (now <= least || !problem.HasChoice) return null;
        int width = Math.Clamp(MostWork / units.Count, NarrowestBeam, WidestBeam);
        State? best = problem.Search(width, now, least);
        return best?.Order(units.Count);
    }

    /// <summary>A set of steps that are done, and the best way to it.</summary>
    /// <param name="Hash">Tells the set.</param>
    /// <param name="Live">Bytes alive after it.</param>
    /// <param name="Peak">Most bytes alive on the way.</param>
    /// <param name="Last">The last step of the way.</param>
    /// <param name="Before">The way before that step.</param>
    private sealed record State(ulong Hash, long Live, long Peak, int Last, State? Before)
    {
        /// <summary>Steps that can be next.</summary>
        public required int[] Ready { get; init; }

        public int[] Order(int count)
        {
            int[] order = new int[count];
            State state = this;
            for (int i = count - 1; i >= 0; i--) (order[i], state) = (state.Last, state.Before!);
            return order;
        }
    }

    private sealed class Problem
    {
        private readonly IReadOnlyList<Unit> _units;
        private readonly Dictionary<int, long> _bytes;
        private readonly Dictionary<int, int> _producer = [];
        private readonly Dictionary<int, List<int>> _users = [];
        private readonly IReadOnlySet<int> _kept;
        private readonly int[][] _needs; // units that must be done before a unit
        private readonly List<int>[] _next;
        private readonly ulong[] _hashes;
        private readonly long _first;

        public Problem(IReadOnlyList<Unit> units, Func<int, long> bytes, IReadOnlySet<int> given, IReadOnlySet<int> kept)
        {
            (_units, _kept) = (units, kept);
            _bytes = units.SelectMany(u => u.Buffers).Concat(given).Distinct().ToDictionary(b => b, bytes);
            for (int u = 0; u < units.Count; u++)
            {
                foreach (int buffer in units[u].Buffers)
                {
                    if (!given.Contains(buffer)) _producer.TryAdd(buffer, u);
                    if (!_users.TryGetValue(buffer, out List<int>? users)) _users.Add(buffer, users = []);
                    users.Add(u);
                }
            }

            _needs = [.. units.Select((unit, u) => unit.Buffers.Where(_producer.ContainsKey)
                .Select(b => _producer[b]).Where(p => p != u).Distinct().ToArray())];
            _next = [.. units.Select(_ => new List<int>())];
            for (int u = 0; u < units.Count; u++)
            {
                foreach (int before in _needs[u]) _next[before].Add(u);
            }

            _hashes = new ulong[units.Count];
            ulong seed = 0;
            for (int u = 0; u < units.Count; u++) _hashes[u] = Mix(seed += 0x9E3779B97F4A7C15);
            _first = given.Sum(b => _bytes[b]);
        }

        /// <summary>What the unit that needs most needs by itself: no order needs less.</summary>
        public long LeastPeak => _units.Max(u => u.Buffers.Sum(b => _bytes[b]) - u.InPlace.Select(p => p.To).Distinct().Sum(b => _bytes[b]));

        /// <summary>False in a chain, where each step needs the one before.</summary>
        public bool HasChoice => Enumerable.Range(1, _units.Count - 1).Any(u => !_needs[u].Contains(u - 1));

        public long PeakOf(IReadOnlyList<int> order)
        {
            (long live, long peak) = (_first, _first);
            bool[] done = new bool[_units.Count];
            foreach (int unit in order) (live, peak) = Do(unit, done, live, peak);
            return peak;
        }

        /// <summary>The best order of a peak below <paramref name="limit"/>; peaks up to <paramref name="least"/> are as good as each other.</summary>
        public State? Search(int width, long limit, long least)
        {
            List<State> beam = [new(0, _first, _first, -1, null) { Ready = [.. Enumerable.Range(0, _units.Count).Where(u => _needs[u].Length == 0)] }];
            for (int depth = 0; depth < _units.Count; depth++)
            {
                var reached = new Dictionary<ulong, State>();
                foreach (State state in beam)
                {
                    bool[] done = DoneIn(state);
                    foreach (int unit in state.Ready)
                    {
                        (long live, long peak) = Do(unit, done, state.Live, state.Peak);
                        ulong hash = state.Hash ^ _hashes[unit];
                        if (peak < limit && (!reached.TryGetValue(hash, out State? other) || peak < other.Peak))
                        {
                            reached[hash] = new State(hash, live, peak, unit, state)
                            {
                                Ready = [.. state.Ready.Where(u => u != unit), .. _next[unit].Where(u => Array.TrueForAll(_needs[u], n => done[n]))],
                            };
                        }

                        done[unit] = false;
                    }
                }

                if (reached.Count == 0) return null;
                beam = [.. reached.Values.OrderBy(s => Math.Max(s.Peak, least)).ThenBy(s => s.Live).ThenBy(s => s.Last).ThenBy(s => s.Hash).Take(width)];
            }

            return beam[0];
        }

        private bool[] DoneIn(State state)
        {
            bool[] done = new bool[_units.Count];
            for (State? s = state; s is { Last: >= 0 }; s = s.Before) done[s.Last] = true;
            return done;
        }

        // What a unit fills is added, what nobody needs after it goes; what it writes over takes no room of its own.
        private (long Live, long Peak) Do(int unit, bool[] done, long live, long peak)
        {
            done[unit] = true;
            Unit work = _units[unit];
            long filled = 0, freed = 0, shared = 0;
            foreach (int buffer in work.Buffers)
            {
                if (_producer.TryGetValue(buffer, out int producer) && producer == unit) filled += _bytes[buffer];
                if (IsOver(buffer)) freed += _bytes[buffer];
            }

            foreach (IGrouping<int, (int From, int To)> pairs in work.InPlace.GroupBy(p => p.To))
            {
                if (pairs.Any(p => _bytes[p.From] == _bytes[p.To] && IsOver(p.From))) shared += _bytes[pairs.Key];
            }

            return (live + filled - freed, Math.Max(peak, live + filled - shared));

            bool IsOver(int buffer) => !_kept.Contains(buffer) && _users[buffer].TrueForAll(u => done[u]);
        }

        private static ulong Mix(ulong x)
        {
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return BitOperations.RotateLeft(x ^ (x >> 31), 17);
        }
    }
}
