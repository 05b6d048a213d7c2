using BenchmarkDotNet.Attributes;
using ModelCompiler.Benchmarks.Models;
using ModelCompiler.Benchmarks.Peers;

namespace ModelCompiler.Benchmarks.Classic;

/// <summary>One inference of every row.</summary>
[Config(typeof(InProcess))]
[MemoryDiagnoser]
public class ModelBenchmarks : IDisposable
{
    private GeneratedPeer? _network;

    /// <summary>Names of the rows.</summary>
    public static IEnumerable<string> Names => SharedData.Root is null ? [] : ModelCases.All.Select(c => c.Name);

    /// <summary>The row.</summary>
    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "";

    /// <summary>Compiles the model for this machine.</summary>
    [GlobalSetup]
    public void Setup() => _network = new GeneratedPeer(ModelCases.All.Single(c => c.Name == Name).Compile(BenchmarkOptions.BestTarget));

    /// <summary>Frees the model.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _network?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>One inference.</summary>
    [Benchmark]
    public void Infer() => _network!.Run();
}
