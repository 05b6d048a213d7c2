using System.Diagnostics;
using System.Globalization;
using ModelCompiler.Tool.Measuring;
using ModelCompiler.Benchmarks.Models;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Benchmarks.Layers;

/// <summary>The time of each step of a plan, with its speed as a share of the machine's peak.</summary>
internal static class LayersView
{
    private const int FewestRounds = 31;

    private static readonly string[] Columns = ["step", "kernel", "node", "µs", "share", "MACs", "GMAC/s", "of peak"];

    /// <summary>Prints a table for each row that the options name.</summary>
    public static int Run(BenchmarkOptions options)
    {
        if (SharedData.Root is null)
        {
            Console.WriteLine("Nothing to measure: the folder 'shared' beside the repository is not here.");
            return 1;
        }

        Timing.PinToOneCore();
        var floor = new MachineFloor(options.Target);
        foreach (ModelCase row in options.Cases) Measure(row, options, floor);
        Console.WriteLine("Products with weights that are zero count as multiply-accumulates, though kernels may leave them out: layers can be faster than "
            + "the peak.");
        return 0;
    }

    private static void Measure(ModelCase row, BenchmarkOptions options, MachineFloor floor)
    {
        CompilationResult result = row.Compile(options.Target);
        ModelPlan plan = result.Plan!;
        double peak = floor.Peak(row.IsFloat);
        using var programs = new StepPrograms(plan, result.Weights);
        (double[] times, double whole) = Time(programs, options.Seconds);
        double sum = times.Sum();
        var table = new TextTable(Columns) { RightAligned = Columns.Where(c => c is not ("kernel" or "node")).ToHashSet() };
        for (int i = 0; i < times.Length; i++)
        {
            long macs = plan.Steps[i].Kernel.Macs;
            double speed = macs / times[i] / 1000;
            table.Add(
                Text(i), plan.Steps[i].Kernel.Summary, plan.Steps[i].Name.Split(';')[0], Text(times[i], "F2"), Text(times[i] / sum, "P1"),
                macs == 0 ? "" : Text(macs), macs == 0 ? "" : Text(speed, "F1"), macs == 0 || peak == 0 ? "" : Text(speed / peak, "P0"));
        }

        Console.WriteLine($"{row.Name}, target {options.Target}, peak {Text(peak, "F0")} GMAC/s");
        Console.WriteLine();
        table.Write(Console.Out);
        long all = plan.Steps.Sum(s => s.Kernel.Macs);
        Console.WriteLine();
        Console.WriteLine($"Sum of the steps {Text(sum, "F1")} µs; in one run {Text(whole, "F1")} µs, {Text(all / whole / 1000, "F1")} GMAC/s.");
        Console.WriteLine();
    }

    // Medians of many rounds; each round runs all steps in order, then the whole.
    private static (double[] Steps, double Whole) Time(StepPrograms programs, double seconds)
    {
        Action[] actions = [.. programs.Steps, programs.All];
        List<double>[] times = [.. actions.Select(_ => new List<double>())];
        double clock = Clock();
        for (int i = 0; i < 2; i++) foreach (Action action in actions) action();
        long start = Stopwatch.GetTimestamp();
        for (int round = 0; round < FewestRounds || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; round++)
        {
            for (int i = 0; i < actions.Length; i++)
            {
                long from = Stopwatch.GetTimestamp();
                actions[i]();
                times[i].Add(Timing.Since(from) - clock);
            }
        }

        double[] medians = [.. times.Select(t => Math.Max(Timing.Of(t).Median, 0.001))];
        return (medians[..^1], medians[^1]);
    }

    // What a measurement of nothing shows.
    private static double Clock()
    {
        var times = new List<double>();
        for (int i = 0; i < 10_000; i++)
        {
            long from = Stopwatch.GetTimestamp();
            times.Add(Timing.Since(from));
        }

        return Timing.Of(times).Median;
    }

    private static string Text(IFormattable number, string? format = null) => number.ToString(format, CultureInfo.InvariantCulture);
}
