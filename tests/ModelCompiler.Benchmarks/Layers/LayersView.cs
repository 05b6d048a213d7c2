namespace ModelCompiler.Benchmarks.Layers;

internal static class LayersView
{
    public static int Run(BenchmarkOptions options) => throw new NotSupportedException(options.Target);
}
