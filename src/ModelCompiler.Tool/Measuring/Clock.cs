using System.Runtime.CompilerServices;

namespace ModelCompiler.Tool.Measuring;

/// <summary>The processor's clock, measured by additions of which each waits for the one before.</summary>
internal static class Clock
{
    private const int Rounds = 4096, CyclesOfRound = 16;

    private const double Seconds = 0.2;

    /// <summary>An action that takes <see cref="Cycles"/> processor cycles.</summary>
    public static void Tick() => Sink = Chain(Sink | 1);

    /// <summary>Cycles of <see cref="Tick"/>: every processor adds, and computes exclusive or, in one.</summary>
    public static double Cycles => Rounds * CyclesOfRound;

    /// <summary>Cycles in a microsecond.</summary>
    public static double Measure() => Cycles / Timing.Measure(Seconds, Tick)[0].Least;

    // Keeps the chain from being left out.
    private static ulong Sink { get; set; }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static ulong Chain(ulong k)
    {
        ulong x = k;
        for (int i = 0; i < Rounds; i++)
        {
            x = (x + k) ^ k;
            x = (x + k) ^ k;
            x = (x + k) ^ k;
            x = (x + k) ^ k;
            x = (x + k) ^ k;
            x = (x + k) ^ k;
            x = (x + k) ^ k;
            x = (x + k) ^ k;
        }

        return x;
    }
}
