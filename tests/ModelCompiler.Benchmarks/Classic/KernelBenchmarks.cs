using BenchmarkDotNet.Attributes;
using ModelCompiler.Tool.Measuring;
using ModelCompiler.Benchmarks.Models;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;

namespace ModelCompiler.Benchmarks.Classic;

/// <summary>The longest step of each kind of kernel in MobileNetV2.</summary>
[Config(typeof(InProcess))]
public class KernelBenchmarks : IDisposable
{
    private static readonly Lazy<CompilationResult> Network =
        new(() => ModelCases.All.First(c => c.Model.StartsWith("MobileNetV2", StringComparison.Ordinal) && !c.Calibrate).Compile(BenchmarkOptions.BestTarget));

    private StepPrograms? _programs;
    private Action _step = () => { };

    /// <summary>What the steps compute.</summary>
    public static IEnumerable<string> Kernels => SharedData.Root is null ? [] : Network.Value.Plan!.Steps.GroupBy(s => s.Kernel.GetType())
        .Select(g => g.MaxBy(s => s.Kernel.Macs)!.Kernel.Summary);

    /// <summary>The step.</summary>
    [ParamsSource(nameof(Kernels))]
    public string Kernel { get; set; } = "";

    /// <summary>Compiles all steps for this machine.</summary>
    [GlobalSetup]
    public void Setup()
    {
        EquatableArray<StepPlan> steps = Network.Value.Plan!.Steps;
        _programs = new StepPrograms(Network.Value.Plan!, Network.Value.Weights);
        _step = _programs.Steps[steps.Select(s => s.Kernel.Summary).ToList().IndexOf(Kernel)];
    }

    /// <summary>Frees the steps.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _programs?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One run of the step.</summary>
    [Benchmark]
    public void Step() => _step();
}
