using System.Diagnostics;

namespace ModelCompiler.Tool.Measuring;

/// <summary>Time of one call, in microseconds.</summary>
/// <param name="Median">Median of many blocks of calls.</param>
/// <param name="Least">The fastest block.</param>
internal readonly record struct Timing(double Median, double Least)
{
    private const double BlockMicroseconds = 1000;

    private const int FewestBlocks = 15;

    /// <summary>Keeps this thread, and those it starts, on one core; says nothing where the system cannot.</summary>
    public static void PinToOneCore()
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsWindows()) return;
        using var process = Process.GetCurrentProcess();
        process.ProcessorAffinity = (nint)(1L << Math.Min(Environment.ProcessorCount - 1, 62));
    }

    /// <summary>
    /// Measures actions in turns, a block of at least a millisecond each, so that what disturbs the machine disturbs all alike.
    /// </summary>
    public static Timing[] Measure(double seconds, params Action[] actions)
    {
        int[] runs = [.. actions.Select(Calibrate)];
        List<double>[] times = [.. actions.Select(_ => new List<double>())];
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < FewestBlocks || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds * actions.Length; round++)
        {
            for (int i = 0; i < actions.Length; i++)
            {
                int turn = (round + i) % actions.Length;
                times[turn].Add(Block(actions[turn], runs[turn]));
            }
        }

        return [.. times.Select(Of)];
    }

    /// <summary>Microseconds since a time stamp, as finely as the clock goes.</summary>
    public static double Since(long start) => (Stopwatch.GetTimestamp() - start) * 1e6 / Stopwatch.Frequency;

    /// <summary>Median and least of some times.</summary>
    public static Timing Of(List<double> times)
    {
        times.Sort();
        return new(times[times.Count / 2], times[0]);
    }

    // Runs per block; also warms up.
    private static int Calibrate(Action action)
    {
        action();
        int runs = 1;
        while (Block(action, runs) * runs < BlockMicroseconds) runs *= 2;
        return runs;
    }

    private static double Block(Action action, int runs)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < runs; i++) action();
        return Since(start) / runs;
    }
}
