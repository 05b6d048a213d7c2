namespace ModelCompiler.Benchmarks.Programs;

internal static class ProgramsView
{
    public static int Run(BenchmarkOptions options) => throw new NotSupportedException(options.Target);
}
