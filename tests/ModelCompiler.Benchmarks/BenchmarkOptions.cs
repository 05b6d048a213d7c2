using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ModelCompiler.Benchmarks.Models;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.Benchmarks;

/// <summary>What the command line says.</summary>
/// <param name="Cases">The rows to measure.</param>
/// <param name="Target">Target of the generated code.</param>
/// <param name="Seconds">Time for each engine and row.</param>
internal sealed record BenchmarkOptions(IReadOnlyList<ModelCase> Cases, string Target, double Seconds)
{
    /// <summary>The best target that this machine runs.</summary>
    public static string BestTarget => RunnableTargets.Best.Name;

    /// <summary>Reads the command line.</summary>
    /// <param name="args">Names of rows, and options.</param>
    /// <param name="unnamed">The rows that are meant when there are no names; null for all.</param>
    public static BenchmarkOptions Parse(string[] args, Func<ModelCase, bool>? unnamed = null)
    {
        var options = new BenchmarkOptions([], BestTarget, 2);
        var names = new List<string>();
        var compressions = new List<string>();
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--target" && i + 1 < args.Length) options = options with { Target = args[++i] };
            else if (args[i] == "--seconds" && i + 1 < args.Length) options = options with { Seconds = double.Parse(args[++i], CultureInfo.InvariantCulture) };
            else if (args[i] == "--with" && i + 1 < args.Length) compressions.Add(args[++i]);
            else names.Add(args[i]);
        }

        List<string> files = names.FindAll(n => n.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) && File.Exists(n));
        if (files.Count > 0) return options with { Cases = [.. files.Select(ModelCases.OfFile)] };
        IEnumerable<ModelCase> rows = ModelCases.All.Where(c => names.Count == 0 ? unnamed?.Invoke(c) ?? true
            : names.Any(n => c.Name.Contains(n, StringComparison.OrdinalIgnoreCase)));
        return options with { Cases = [.. rows.SelectMany(c => c.Calibrate ? compressions.Select(c.With).Prepend(c) : [c])] };
    }
}
