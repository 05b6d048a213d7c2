using System.Diagnostics;
using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Conformance.Tests.Onnx;
using ModelCompiler.Conformance.Tests.TfLite;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Mutations;

/// <summary>
/// Thousands of damaged models: each is refused with a message or compiles, to C# that compiles too; none makes the compiler throw,
/// takes ten seconds or a gigabyte.
/// <c>build/mutate.sh</c> runs the same test on hundreds of thousands.
/// </summary>
public class MutationTests
{
    private const int DefaultCount = 4000;
    private const double LimitSeconds = 10;
    private const long LimitBytes = 1L << 30;
    private const int BatchSize = 24;
    private const int CodeInterval = 16;
    private const int LargestCompiledFile = 100_000;

    private static readonly (string Name, byte[] Model)[] Seeds = [.. OwnModels(), .. SharedModels()];

    private static int Count => int.TryParse(Environment.GetEnvironmentVariable("MODELCOMPILER_MUTATIONS"), CultureInfo.InvariantCulture, out int count)
        ? count : DefaultCount;

    private static int FirstSeed => int.TryParse(Environment.GetEnvironmentVariable("MODELCOMPILER_MUTATION_SEED"), CultureInfo.InvariantCulture, out int seed)
        ? seed : 0;

    [Fact]
    public void A_damaged_model_is_refused_or_compiles()
    {
        var failures = new List<string>();
        var slow = new List<(string Name, byte[] Model, int Number)>();
        var compiled = new List<Compilation>();
        Parallel.For(FirstSeed, FirstSeed + Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, number =>
        {
            var random = new Random(number);
            (string name, byte[] model) = Seeds[random.Next(Seeds.Length)];
            model = ModelMutator.Mutate(name, model, random);
            (ModelPlan? plan, string? failure, double seconds) = Compile(name, model, number);
            lock (failures)
            {
                if (seconds > LimitSeconds) slow.Add((name, model, number));
                else if (failure is not null) failures.Add(failure);
                if (plan is not null && (number % CodeInterval == 0 || Count < CodeInterval))
                    compiled.Add(new(name, model, number, plan with { Namespace = $"Case{number}", ClassName = "Network" }));
            }
        });
        // A machine that does other things too makes any model slow: only what is slow alone counts.
        failures.AddRange(slow.Select(s => Compile(s.Name, s.Model, s.Number)).Where(r => r.Seconds > LimitSeconds).Select(r => r.Failure!));
        Assert.True(failures.Count == 0, $"{failures.Count} of {Count} failed:\n{string.Join("\n", failures.Order(StringComparer.Ordinal).Take(60))}");
        Assert.True(compiled.Count > 0 || Count < CodeInterval);
        foreach (Compilation[] batch in compiled.Chunk(BatchSize)) CheckCode(batch);
    }

    private sealed record Compilation(string Name, byte[] Model, int Number, ModelPlan Plan);

    private static (ModelPlan? Plan, string? Failure, double Seconds) Compile(string name, byte[] model, int number)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        long start = Stopwatch.GetTimestamp();
        try
        {
            var options = new CompilationOptions { Target = number % 2 == 0 ? "scalar" : "portable" };
            CompilationResult result = ModelCompilation.Run(new CompilationInput(name, model, options));
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (seconds > LimitSeconds || bytes > LimitBytes)
                return (null, $"{name}, mutation {number}: {seconds:0.0} s, {bytes >> 20} MB, {Save(name, model, number)}", seconds);
            return (result.Plan is { Weights.IsAssembly: false } plan && plan.Data.Sum(d => d.Values.Count) < LargestCompiledFile ? plan : null, null, seconds);
        }
        catch (Exception e)
        {
            return (null, $"{name}, mutation {number}: {e.GetType().Name}: {e.Message.Split('\n')[0]} "
                + $"{e.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("ModelCompiler.", StringComparison.Ordinal))?.Trim()}, "
                + $"{Save(name, model, number)}", 0);
        }
    }

    // Together, and one by one when that does not compile, to find which.
    private static void CheckCode(Compilation[] networks)
    {
        if (GeneratedEngine.TryBatch([.. networks.Select(n => n.Plan)]) is { } batch)
        {
            batch.Assembly.Dispose();
            return;
        }

        foreach ((string name, byte[] model, int number, ModelPlan plan) in networks)
        {
            try
            {
                new GeneratedEngine(plan, plan.Weights.Inline.ToArray()).Dispose();
            }
            catch (ModelCompilationException e)
            {
                Assert.Fail($"{name}, mutation {number}: {e.Message} {Save(name, model, number)}");
            }
        }
    }

    private static string Save(string name, byte[] model, int number)
    {
        string file = Path.Combine(Path.GetTempPath(), $"mutation-{number.ToString(CultureInfo.InvariantCulture)}-{Path.GetFileName(name)}");
        File.WriteAllBytes(file, model);
        return file;
    }

    private static IEnumerable<(string Name, byte[] Model)> OwnModels()
    {
        yield return ("digits.onnx", File.ReadAllBytes(Path.Combine(SharedData.RepositoryRoot, "samples", "Digits", "digits.onnx")));
        foreach ((string name, (int opset, Action<OnnxGraph> build)) in OnnxOperatorCases.All.Concat(OnnxExtensionCases.All))
        {
            var graph = new OnnxGraph(1, opset);
            build(graph);
            yield return (name + ".onnx", graph.Write());
        }

        foreach ((string name, byte[] model) in TfLiteOperatorTests.Models()) yield return (name + ".tflite", model);
    }

    private static IEnumerable<(string Name, byte[] Model)> SharedModels() => SharedData.Root is null ? [] :
        SharedData.Files("field", "*.onnx").Concat(SharedData.Files("malformed")).Concat(SharedData.Files("models", "*.tflite"))
            .Where(f => new FileInfo(f).Length < LargestCompiledFile && Path.GetExtension(f) is ".onnx" or ".tflite")
            .Select(f => (Path.GetFileName(f), File.ReadAllBytes(f)));
}
