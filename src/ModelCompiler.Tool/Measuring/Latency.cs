using System.Diagnostics;

namespace ModelCompiler.Tool.Measuring;

/// <summary>Times of single runs, in microseconds; of runs that are shorter than the clock tells, means of a few.</summary>
/// <param name="Least">The fastest.</param>
/// <param name="Median">Half are faster.</param>
/// <param name="P95">19 of 20 are faster.</param>
/// <param name="P99">99 of 100 are faster.</param>
/// <param name="Runs">How many were timed.</param>
internal sealed record Latency(double Least, double Median, double P95, double P99, long Runs)
{
    // The clock counts in tens of nanoseconds.
    private const double ShortestTimed = 20;
    private const int FewestTimes = 31;
    private const double WarmUpSeconds = 0.3;

    /// <summary>Times actions in turns, so that what disturbs the machine disturbs all alike.</summary>
    /// <param name="seconds">How long, for each.</param>
    /// <param name="actions">What to time.</param>
    public static Latency[] Measure(double seconds, params Action[] actions)
    {
        int[] runs = [.. actions.Select(WarmUp)];
        List<double>[] times = [.. actions.Select(_ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        while (times[0].Count < FewestTimes || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds * actions.Length)
        {
            for (int i = 0; i < actions.Length; i++)
            {
                long from = Stopwatch.GetTimestamp();
                for (int run = 0; run < runs[i]; run++) actions[i]();
                times[i].Add(Timing.Since(from) / runs[i]);
            }
        }

        return [.. times.Select((t, i) => Of(t, runs[i]))];
    }

    /// <summary>Of times, one each of some runs.</summary>
    internal static Latency Of(List<double> times, int runs)
    {
        times.Sort();
        return new(times[0], At(0.5), At(0.95), At(0.99), (long)times.Count * runs);

        double At(double share) => times[Math.Min(times.Count - 1, (int)(share * times.Count))];
    }

    // Until what is compiled just in time is compiled for good; and how many runs the clock can tell.
    private static int WarmUp(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        long count = 0;
        for (; count < 3 || Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds; count++) action();
        return (int)Math.Clamp(ShortestTimed / (Timing.Since(start) / count), 1, 10_000);
    }
}
