using System.Globalization;
using ModelCompiler.Tool.Measuring;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Benchmarks.Fit;

/// <summary>
/// The estimates by which kernels are chosen beside measured times: every family that makes an offer for a layer computes it, in turns with the others.
/// </summary>
internal static class FitView
{
    // Within this share of the fastest one, a choice is as good.
    private const double Noise = 0.03;

    private const double SecondsOfLayer = 0.02;

    /// <summary>Prints Markdown tables for all targets of one instruction set that the machine runs, or for the one that was asked for.</summary>
    public static int Run(BenchmarkOptions options, bool isTargetGiven)
    {
        Timing.PinToOneCore();
        double clock = Clock.Measure();
        Console.WriteLine($"Clock: {Text(clock / 1000, "F2")} GHz. Cycles are least times of many, the families of a layer in turns.\n");
        string[] targets = isTargetGiven ? [options.Target]
            : [.. RunnableTargets.Single.Where(t => Target.Of(t).Framework <= Environment.Version.Major)];
        Console.WriteLine("| target | layer | family | estimated | measured | measured ÷ estimated | |\n|---|---|---|--:|--:|--:|---|");
        List<FitResult> results = [];
        foreach (string target in targets)
        {
            foreach (FitLayer layer in FitLayer.All)
            {
                FitResult[] offers = Measure(layer, target);
                Print(offers);
                results.AddRange(offers);
            }
        }

        PrintFamilies(results);
        PrintChoices(results);
        return 0;
    }

    private static FitResult[] Measure(FitLayer layer, string target)
    {
        List<StepPrograms> programs = [];
        List<string> families = [];
        IReadOnlyList<KernelOffer> offers = [];
        try
        {
            for (int i = 0; i == 0 || i < offers.Count; i++)
            {
                (ModelPlan plan, byte[] weights) = Lowering.Run(layer.Build(i, o => offers = o),
                    new CompilationInput("layer.tflite", default, new CompilationOptions { Target = target }), Target.Of(target), []);
                programs.Add(new StepPrograms(plan, weights));
                families.Add(plan.Steps[^1].Kernel.GetType().Name);
            }

            // The clock runs in turns with the layers, because it may change.
            Timing[] times = Timing.Measure(SecondsOfLayer, [Clock.Tick, .. programs.Select(p => p.All)]);
            double cycles = Clock.Cycles / times[0].Least;
            return [.. families.Select((family, i) => new FitResult(target, layer.Name, family, offers[i].Cycles, times[i + 1].Least * cycles))];
        }
        finally
        {
            foreach (StepPrograms program in programs) program.Dispose();
        }
    }

    private static void Print(FitResult[] offers)
    {
        FitResult chosen = offers.MinBy(o => o.Estimated)!, fastest = offers.MinBy(o => o.Measured)!;
        foreach (FitResult r in offers)
        {
            string mark = $"{(r == chosen ? "chosen" : "")}{(r == chosen && r == fastest ? ", " : "")}{(r == fastest ? "fastest" : "")}";
            Console.WriteLine($"| {r.Target} | {r.Layer} | {r.Family} | {Text(r.Estimated, "F0")} | {Text(r.Measured, "F0")} | "
                + $"{Text(r.Measured / r.Estimated, "F2")} | {mark} |");
        }
    }

    private static void PrintFamilies(List<FitResult> results)
    {
        Console.WriteLine("\nFactors by which the numbers of a family in CostModel would have to be multiplied (least squares of relative errors), and the "
            + "relative error that is left then.\n");
        Console.WriteLine("| target | family | layers | estimated | measured | least … most ratio | factor | error now | error left |");
        Console.WriteLine("|---|---|--:|--:|--:|---|--:|--:|--:|");
        foreach (IGrouping<(string Target, string Family), FitResult> family in results.GroupBy(r => (r.Target, r.Family)))
        {
            FitResult[] all = [.. family];
            double scale = FitResult.Scale(all);
            Console.WriteLine($"| {family.Key.Target} | {family.Key.Family} | {Text(all.Length)} | {Text(all.Sum(r => r.Estimated), "F0")} | "
                + $"{Text(all.Sum(r => r.Measured), "F0")} | {Text(all.Min(r => r.Measured / r.Estimated), "F2")} … "
                + $"{Text(all.Max(r => r.Measured / r.Estimated), "F2")} | {Text(scale, "F2")} | {Text(FitResult.Error(all, 1), "P0")} | "
                + $"{Text(FitResult.Error(all, scale), "P0")} |");
        }
    }

    private static void PrintChoices(List<FitResult> results)
    {
        Console.WriteLine($"\nChoices among several families. Right: no more than {Text(Noise, "P0")} slower than the fastest; then how much slower the chosen "
            + "kernels are on average and at most, and the same with the factors above.\n");
        Console.WriteLine("| target | layers | right | slower, average | slower, most | right, fitted | average, fitted | most, fitted |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|");
        foreach (IGrouping<string, FitResult> target in results.GroupBy(r => r.Target))
        {
            Dictionary<string, double> scales = target.GroupBy(r => r.Family).ToDictionary(f => f.Key, f => FitResult.Scale([.. f]));
            List<FitResult>[] layers = [.. target.GroupBy(r => r.Layer).Select(l => l.ToList()).Where(l => l.Count > 1)];
            if (layers.Length == 0) continue;
            Console.WriteLine($"| {target.Key} | {Text(layers.Length)} | {Choices(r => r.Estimated)} | {Choices(r => r.Estimated * scales[r.Family])} |");

            string Choices(Func<FitResult, double> estimate)
            {
                double[] losses = [.. layers.Select(l => FitResult.Loss(l, estimate))];
                return $"{Text(losses.Count(l => l <= Noise))} | {Text(losses.Average(), "P1")} | {Text(losses.Max(), "P1")}";
            }
        }
    }

    private static string Text(IFormattable number, string? format = null) => number.ToString(format, CultureInfo.InvariantCulture);
}
