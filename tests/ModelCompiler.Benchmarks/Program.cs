using BenchmarkDotNet.Running;
using ModelCompiler.Benchmarks.Fit;
using ModelCompiler.Benchmarks.Layers;
using ModelCompiler.Benchmarks.Peers;
using ModelCompiler.Benchmarks.Programs;

namespace ModelCompiler.Benchmarks;

/// <summary>Chooses the view: peers, layers, fit, programs, or BenchmarkDotNet with its own arguments.</summary>
internal static class Program
{
    private const string Usage = """
        peers [MODEL…]       each model beside ONNX Runtime: time, share of the machine's floor, memory
        layers MODEL…        time of each kernel, with its speed
        fit                  estimates of the kernels' costs beside times of single layers; needs no files
        programs [MODEL…]    whole native programs beside ONNX Runtime: size, start-up, memory (by default of the 8-bit models)
        anything else        goes to BenchmarkDotNet, such as --filter '*'

        MODEL is any part of a row's name, such as MobileNet, float32, "KWS DS-CNN, imported"; peers and layers also take ONNX files of float networks.
          --target NAME      target of the generated code; by default the best that this machine runs, for fit all of one instruction set
          --with OPTIONS     each row that is quantised here once more with options of compression, such as "Pruning=Block16x4 Sparsity=0.5"; may be repeated
          --seconds N        time for each engine and row (default 2)
        """;

    private static int Main(string[] args)
    {
        switch (args.FirstOrDefault())
        {
            case null or "help" or "--help":
                Console.WriteLine(Usage);
                return 0;
            case "peers":
                return PeersView.Run(BenchmarkOptions.Parse(args[1..]));
            case "layers":
                return LayersView.Run(BenchmarkOptions.Parse(args[1..]));
            case "fit":
                return FitView.Run(BenchmarkOptions.Parse(args[1..]), args.Contains("--target"));
            case "programs":
                return ProgramsView.Run(BenchmarkOptions.Parse(args[1..], row => !row.IsFloat));
            default:
                BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
                return 0;
        }
    }
}
