using System.Diagnostics;
using System.Globalization;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Tool.Measuring;

/// <summary>Energy of a run.</summary>
/// <param name="Microjoules">How much.</param>
/// <param name="IsMeasured">True when the processor's own counter said so; false for an estimate.</param>
/// <param name="Method">How it is known.</param>
internal sealed record Energy(double Microjoules, bool IsMeasured, string Method)
{
    private const string Counter = "/sys/class/powercap/intel-rapl:0/energy_uj", Range = "/sys/class/powercap/intel-rapl:0/max_energy_range_uj";
    private const double Seconds = 1;

    // Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014, 45 nm, in picojoules: a multiplication and an addition of 8-bit
    // integers (the sum of 32 bits), and of floats; a byte from a cache of 32 KB, 20 pJ for eight.
    private const double ByteMac = 0.2 + 0.1, FloatMac = 3.7 + 0.9, CacheByte = 20.0 / 8;

    /// <summary>Measures many runs where the processor has a counter that may be read, else estimates.</summary>
    public static Energy Of(ModelPlan plan, Action run) => Measure(run) ?? Estimate(plan);

    /// <summary>From operations and bytes, for comparisons of networks rather than for batteries.</summary>
    public static Energy Estimate(ModelPlan plan)
    {
        double arithmetic = plan.Steps.Sum(s => s.Kernel.Macs * (IsFloat(plan, s) ? FloatMac : ByteMac));
        double memory = CacheByte * (MachineFloor.ConstantBytes(plan) + (2.0 * plan.Tensors.Sum(t => (double)t.Bytes)));
        return new((arithmetic + memory) / 1e6, false, "estimate from operations and bytes (Horowitz 2014, 45 nm)");
    }

    /// <summary>True for a kernel on floats.</summary>
    internal static bool IsFloat(ModelPlan plan, StepPlan step) => step.Kernel.GetType().GetProperties()
        .Any(p => p.Name == "In" && p.GetValue(step.Kernel) is TensorRef { Id: >= 0 } input && plan.Tensors[input.Id].Type == ElementType.Float32);

    private static Energy? Measure(Action run)
    {
        if (Read(Counter) is not { } before) return null;
        long start = Stopwatch.GetTimestamp();
        long count = 0;
        for (; Stopwatch.GetElapsedTime(start).TotalSeconds < Seconds; count++) run();
        if (Read(Counter) is not { } after) return null;
        double used = after - before;
        if (used < 0) used += Read(Range) ?? 0;
        return new(used / count, true, "the processor package's counter (RAPL), everything else that ran included");
    }

    private static double? Read(string file)
    {
        try
        {
            return double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }
}
