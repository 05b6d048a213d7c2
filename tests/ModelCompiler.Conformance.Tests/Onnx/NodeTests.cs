using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Core.Tests.Docs;
using ModelCompiler.Tool;
using ModelCompiler.Tool.Conformance;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>The node tests of the ONNX standard, on both engines.</summary>
public sealed class NodeTests(NodeTestFolder folder) : IClassFixture<NodeTestFolder>
{
    private static readonly string Target = Avx2.IsSupported && Fma.IsSupported ? "x64-v3" : "portable";

    [SharedDataFact]
    public void Generated_code_gives_the_results_of_the_standard()
    {
        IReadOnlyList<ConformanceResult> results = ConformanceRunner.Run(folder.Path, EngineKind.Generated, Target);
        Assert.Empty(results.Where(r => r.Outcome == ConformanceOutcome.Failed).Select(r => $"{r.Name}: {r.Reason}"));
        new DocumentationPage("operators.md").Verify("node tests", Table(results));
    }

    [SharedDataFact]
    public void The_reference_interpreter_gives_the_results_of_the_standard()
    {
        IReadOnlyList<ConformanceResult> results = ConformanceRunner.Run(folder.Path, EngineKind.Reference, Target);
        Assert.Empty(results.Where(r => r.Outcome == ConformanceOutcome.Failed).Select(r => $"{r.Name}: {r.Reason}"));
    }

    [SharedDataFact]
    public void The_command_line_runs_a_folder_of_tests()
    {
        DirectoryInfo some = Directory.CreateTempSubdirectory("modelcompiler-conform-");
        try
        {
            // One that passes with a constant input, one with more room than results, one that is not supported, and one with wrong data.
            foreach (string name in (string[])["test_reduce_sum_do_not_keepdims_example", "test_nonzero_example", "test_string_concat", "test_relu"])
                Copy(Path.Combine(folder.Path, name), Path.Combine(some.FullName, name));
            string output = Path.Combine(some.FullName, "test_relu", "test_data_set_0", "output_0.pb");
            byte[] bytes = File.ReadAllBytes(output);
            bytes[^1] ^= 0x40;
            File.WriteAllBytes(output, bytes);
            foreach (string engine in (string[])["reference", "generated"])
            {
                using var text = new StringWriter();
                Assert.Equal(ModelcApp.Failure, ModelcApp.Run(["conform", some.FullName, "--engine", engine], text, TextWriter.Null));
                string[] lines = text.ToString().TrimEnd().Split(Environment.NewLine);
                Assert.Equal("2 passed, 1 failed, 1 skipped", lines[^1]);
                Assert.StartsWith("failed test_relu: ", lines[0], StringComparison.Ordinal);
                Assert.StartsWith("skipped test_string_concat: MC2003", lines[1], StringComparison.Ordinal);
            }
        }
        finally
        {
            some.Delete(recursive: true);
        }

        static void Copy(string from, string to)
        {
            foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                string target = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
    }

    [SharedDataFact]
    public void Every_operator_has_a_test()
    {
        HashSet<(string Domain, string Name)> tested = [.. Directory.EnumerateDirectories(folder.Path).SelectMany(t => Nodes(t))];
        foreach ((int opset, Action<OnnxGraph> build) in OnnxOperatorCases.All.Values.Concat(OnnxExtensionCases.All.Values))
        {
            var graph = new OnnxGraph(opset: opset);
            build(graph);
            tested.UnionWith(graph.DomainOperators);
        }

        // These have tests of their own.
        tested.UnionWith(OnnxImporter.SupportedOperators.Where(o => o.Domain == OnnxGraph.Microsoft && o.Name.StartsWith("QLinear", StringComparison.Ordinal)));
        tested.UnionWith([(OnnxGraph.MachineLearning, "ZipMap"), (OnnxGraph.Microsoft, "QuantizeLinear"), (OnnxGraph.Microsoft, "DequantizeLinear")]);
        Assert.Empty(OnnxImporter.SupportedOperators.Except(tested).Select(o => $"{o.Domain}.{o.Name}"));
    }

    // Per operator, how many tests pass; then those that do not, with the reason.
    private IEnumerable<string> Table(IReadOnlyList<ConformanceResult> results)
    {
        var operators = results.Select(r => (Result: r, Operator: Tested(Path.Combine(folder.Path, r.Name)))).ToLookup(p => p.Operator, p => p.Result);
        ConformanceResult[] missing = [.. results.Where(r => r.Outcome != ConformanceOutcome.Passed)];
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"{results.Count(r => r.Outcome == ConformanceOutcome.Passed)} of {results.Count} tests pass."),
            "",
            .. DocumentationPage.Table(["Tests of", "Passed", "Of", "Given as constants"],
                operators.OrderBy(o => o.Key, StringComparer.OrdinalIgnoreCase).Select(o => (string[])[
                $"`{o.Key}`", Number(o.Count(r => r.Outcome == ConformanceOutcome.Passed)), Number(o.Count()),
                string.Join(", ", o.SelectMany(r => r.Constants).Distinct().Order(StringComparer.Ordinal).Select(c => $"`{c}`"))])),
            "",
            "The others, and why:",
            "",
            .. missing.GroupBy(r => r.Reason).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"* {g.Key} ({string.Join(", ", g.Select(r => $"`{r.Name}`"))})"),
        ];

        static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    // The operator a test is for: its only node, or what the name of a function's expansion tells.
    private static string Tested(string test)
    {
        (string Domain, string Name)[] nodes = [.. Nodes(test).Distinct()];
        return Path.GetFileName(test).Contains("_expanded", StringComparison.Ordinal) ? "functions, expanded" : nodes.Length == 1
            ? (nodes[0].Domain.Length > 0 ? nodes[0].Domain + "." : "") + nodes[0].Name : "several";
    }

    private static IEnumerable<(string Domain, string Name)> Nodes(string test) =>
        Nodes(OnnxFile.Parse(File.ReadAllBytes(Path.Combine(test, "model.onnx"))).Graph);

    private static IEnumerable<(string Domain, string Name)> Nodes(GraphProto graph) =>
        graph.Node.SelectMany(n => n.Attribute.Where(a => a.G is not null).SelectMany(a => Nodes(a.G)).Prepend((n.Domain, n.OpType)));
}

/// <summary>The tests, unpacked into a temporary folder.</summary>
public sealed class NodeTestFolder : IDisposable
{
    private readonly DirectoryInfo? _root;

    public NodeTestFolder()
    {
        if (SharedData.Root is null) return;
        _root = Directory.CreateTempSubdirectory("modelcompiler-node-tests-");
        using Process tar = Process.Start("tar", ["-xf", SharedData.Path("onnx-node-tests.tar.xz"), "-C", _root.FullName]);
        tar.WaitForExit();
        Assert.Equal(0, tar.ExitCode);
        Path = _root.GetDirectories().Single().FullName;
    }

    /// <summary>The folder that holds a folder per test.</summary>
    public string Path { get; } = "";

    /// <inheritdoc/>
    public void Dispose() => _root?.Delete(recursive: true);
}
