using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace ModelCompiler.Benchmarks.Classic;

/// <summary>Runs inside this process, which compiles models at run time and has its settings from the project file.</summary>
internal sealed class InProcess : ManualConfig
{
    private const int WidestName = 60;

    public InProcess()
    {
        AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
        SummaryStyle = SummaryStyle.Default.WithMaxParameterColumnWidth(WidestName);
        ArtifactsPath = Path.Combine(SharedData.RepositoryRoot, "artifacts", "benchmarks");
    }
}
