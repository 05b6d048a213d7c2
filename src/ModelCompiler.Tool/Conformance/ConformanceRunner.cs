using ModelCompiler.Core;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Conformance;

/// <summary>Runs a folder of ONNX backend tests.</summary>
internal static class ConformanceRunner
{
    // Models whose code is compiled together.
    private const int BatchSize = 48;

    /// <summary>Runs every test <c>*/model.onnx</c>, several at once.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="engine">What computes.</param>
    /// <param name="target">Target machine of the generated code.</param>
    /// <returns>One result per test, by name.</returns>
    public static IReadOnlyList<ConformanceResult> Run(string folder, EngineKind engine, string target)
    {
        string[] tests = [.. Directory.EnumerateDirectories(folder).Where(f => File.Exists(Path.Combine(f, "model.onnx"))).Order(StringComparer.Ordinal)];
        var results = new ConformanceResult[tests.Length];
        Parallel.ForEach(tests.Select((test, number) => (test, number)).Chunk(BatchSize),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, batch =>
        {
            foreach ((int number, ConformanceResult result) in RunBatch(batch, engine, target)) results[number] = result;
        });
        return results;
    }

    private static IEnumerable<(int Number, ConformanceResult Result)> RunBatch((string Folder, int Number)[] tests, EngineKind engine, string target)
    {
        var loaded = new List<(int Number, IReadOnlyList<ConformanceCase> Cases)>();
        foreach ((string folder, int number) in tests)
        {
            if (Guard(Path.GetFileName(folder), () => Load(folder, number), []) is { } failure) yield return (number, failure);
        }

        ConformanceCase[] compiled = [.. loaded.SelectMany(l => l.Cases).Where(c => c.Compilation.Success && !c.Compilation.Plan!.Weights.IsAssembly)];
        (IDisposable Assembly, Func<CodeGen.Plan.ModelPlan, GeneratedEngine> Create)? together = engine == EngineKind.Generated
            ? GeneratedEngine.TryBatch([.. compiled.Select(c => c.Compilation.Plan!)]) : null;
        foreach ((int number, IReadOnlyList<ConformanceCase> cases) in loaded)
        {
            string name = cases[0].Name;
            string[] constants = [.. cases.SelectMany(c => c.Constants).Distinct()];
            yield return (number, Guard(name, () => cases.Select(Check).FirstOrDefault(r => r is not null), constants)
                ?? new ConformanceResult(name, ConformanceOutcome.Passed, "", constants));
        }

        together?.Assembly.Dispose();

        ConformanceResult? Load(string folder, int number)
        {
            IReadOnlyList<ConformanceCase> cases = ConformanceCase.Load(folder, number, target);
            if (cases.Count == 0) return new ConformanceResult(Path.GetFileName(folder), ConformanceOutcome.Skipped, "The test has no data.", []);
            loaded.Add((number, cases));
            return null;
        }

        ConformanceResult? Check(ConformanceCase test)
        {
            if (!test.Compilation.Success)
                return Classify(test.Name, test.Compilation.Diagnostics.First(d => d.Severity == DiagnosticSeverity.Error), test.Constants);
            using IEngine created = together is { } batch && compiled.Contains(test) ? batch.Create(test.Compilation.Plan!)
                : EngineFactory.Create(engine, test.Compilation, test.Options);
            return test.Check(created) is { } problem ? new ConformanceResult(test.Name, ConformanceOutcome.Failed, problem, test.Constants) : null;
        }
    }

    private static ConformanceResult? Guard(string name, Func<ConformanceResult?> run, IReadOnlyList<string> constants)
    {
        try
        {
            return run();
        }
        catch (ModelCompilationException e)
        {
            return Classify(name, e.ToDiagnostic(name), constants);
        }
        catch (Exception e)
        {
            Diagnostic unexpected = ModelcApp.Unexpected(name, e);
            return new ConformanceResult(name, ConformanceOutcome.Failed, $"{unexpected.Code}: {unexpected.Reason}", constants);
        }
    }

    // What is not supported is skipped; everything else that stops the compiler is a failure.
    private static ConformanceResult Classify(string name, Diagnostic diagnostic, IReadOnlyList<string> constants) => new(
        name, diagnostic.Code.StartsWith("MC2", StringComparison.Ordinal) ? ConformanceOutcome.Skipped : ConformanceOutcome.Failed,
        $"{diagnostic.Code}: {diagnostic.Reason}", constants);
}
