using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Conformance.Tests.Library;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// Every operator case on every instruction set of this machine: generated code gives the reference's bits, its self-test says so,
/// and neither it nor the reference leaves its memory.
/// </summary>
public partial class OperatorTests
{
    // The networks of a case on all targets are compiled together.
    private static readonly ConcurrentDictionary<string, Lazy<Batch>> Batches = new();

    // Calls of the library are the same on every target: the plainest and the widest will do.
    private static readonly string[] Ends = [RunnableTargets.Single[0], RunnableTargets.Single[^1]];

    public static TheoryData<string, string> CasesOnTargets() => new MatrixOf(OperatorCases.All.Keys, RunnableTargets.Single);

    public static TheoryData<string, string> LibraryCasesOnTargets() => new MatrixOf(LibraryCases.All.Keys, Ends);

    [Theory]
    [MemberData(nameof(CasesOnTargets))]
    [MemberData(nameof(LibraryCasesOnTargets))]
    public void Generated_code_equals_the_reference(string name, string target)
    {
        Batch batch = Batches.GetOrAdd(name, n => new Lazy<Batch>(() => new Batch(n))).Value;
        LibraryRuntime.Memory.Value = GuardedMemory.IsSupported ? new GuardedCode.RoutineMemory() : null;
        foreach (Network network in batch.Networks.Where(n => n.Plan.Target == target))
            Check(network, batch, $"{name}, {network.Mode}, {target}, seed {network.Seed}");
    }

    private static void Check(Network network, Batch batch, string what)
    {
        var random = new Random(network.Seed);
        TensorData[] inputs = [.. network.Graph.InputValues.Select(v => CaseBuilder.Random(v, random))];
        IReadOnlyList<TensorData> expected = new ReferenceInterpreter(network.Graph, network.Mode).Run(inputs);
        using GeneratedEngine engine = batch.Create(network.Plan);
        IReadOnlyList<TensorData> actual = engine.RunRaw(inputs);
        for (int i = 0; i < expected.Count; i++) AssertSame(expected[i], actual[i], $"{what}, output {i}");
        if (network.Plan.SelfTestHash != 0) Assert.True((bool)engine.ModelType.GetMethod("SelfTest")!.Invoke(null, null)!, $"{what}: SelfTest()");

        // What the network does not keep as state must not leak into the next run; what it keeps must agree, and be forgotten after a reset.
        if (engine.IsStateful)
        {
            var reference = new ReferenceInterpreter(network.Graph, network.Mode);
            engine.Reset();
            for (int run = 0; run < 4; run++)
            {
                TensorData[] next = [.. network.Graph.InputValues.Select(v => CaseBuilder.Random(v, random))];
                IReadOnlyList<TensorData> wanted = reference.Run(next), others = engine.RunRaw(next);
                for (int i = 0; i < wanted.Count; i++) AssertSame(wanted[i], others[i], $"{what}, run {run}, output {i}");
            }

            engine.Reset();
        }

        Assert.Equal(actual[0].Bytes, engine.RunRaw(inputs)[0].Bytes);
    }

    private sealed record Network(ModelGraph Graph, RequantizationMode Mode, int Seed, ModelPlan Plan);

    private sealed class Batch
    {
        public Batch(string name)
        {
            bool isLibrary = LibraryCases.All.TryGetValue(name, out Func<CaseBuilder, ModelGraph>? build);
            build ??= OperatorCases.All[name];
            foreach (RequantizationMode mode in Enum.GetValues<RequantizationMode>())
            {
                int seed = (int)mode;
                ModelGraph graph = build(new CaseBuilder(seed + name.Length));
                GraphVerifier.Verify(graph, name);
                ulong hash = SelfTestVector.TryHash(graph, mode);
                foreach (string target in isLibrary ? Ends : RunnableTargets.Single)
                {
                    var options = new CompilationOptions { Requantization = mode, Target = target, Namespace = $"Case{Networks.Count}", ClassName = "Network" };
                    (ModelPlan plan, _) = Lowering.Run(graph, new CompilationInput("case.onnx", default, options), Target.Of(target), []);
                    Networks.Add(new(graph, mode, seed, plan with { SelfTestHash = hash }));
                }
            }

            (_, Create) = GeneratedEngine.Batch([.. Networks.Select(n => n.Plan)], GuardedCode.Change);
        }

        public List<Network> Networks { get; } = [];

        public Func<ModelPlan, GeneratedEngine> Create { get; }
    }

    [Fact]
    public void Every_operator_has_a_case()
    {
        HashSet<Type> covered = [.. Everything().SelectMany(g => g.Nodes.Select(n => n.Operator.GetType()))];
        Assert.Empty(typeof(Operator).Assembly.GetTypes().Where(t => !t.IsAbstract && typeof(Operator).IsAssignableFrom(t) && !covered.Contains(t))
            .Select(t => t.Name));
    }

    // What only the compiler runs, to make tables: fixed-point functions, which the integer cases compare through their tables.
    private static readonly string[] OfTheCompiler = ["Routine.ExpOfLastQuarter", "Routine.ExpOfNegative", "Routine.InputRadius", "Routine.Logistic",
        "Routine.Tanh"];

    // Routines, what they call in turn, and the functions and reductions that they take: all that the library has is in the code of some case.
    [Fact]
    public void All_of_the_library_has_a_case()
    {
        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (ModelGraph graph in Everything())
        {
            var options = new CompilationOptions { Target = RunnableTargets.Single[^1], Namespace = "Cases", ClassName = "Network" };
            (ModelPlan plan, _) = Lowering.Run(graph, new CompilationInput("case.onnx", default, options), Target.Of(options.Target), []);
            string code = ModelEmitter.Emit(plan);
            foreach (Match c in LibraryClass().Matches(code))
                written.UnionWith(Member().Matches(c.Value).Select(m => $"{c.Groups[1].Value}.{m.Groups[1].Value}"));
            written.UnionWith(Structure().Matches(code).Select(m => m.Groups[1].Value));
        }

        IEnumerable<Type> library = typeof(Operator).Assembly.GetTypes().Where(t => t.Namespace == "ModelCompiler.CodeGen.Library" && !t.IsNested);
        IEnumerable<string> members = library.SelectMany(t => t is { IsAbstract: true, IsSealed: true }
            ? t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
            .Where(m => !m.Name.Contains('<') && !m.IsSpecialName).Select(m => $"{t.Name}.{m.Name}")
            : [t.Name.Split('`')[0]]);
        string[] missing = [.. members.Distinct().Where(m => !written.Contains(m) && !OfTheCompiler.Contains(m)).Order(StringComparer.Ordinal)];
        Assert.True(missing.Length == 0, $"There is no case of {string.Join(", ", missing)}.");
    }

    [GeneratedRegex(@"^        internal static unsafe class (\w+)\r?\n        \{.*?^        \}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex LibraryClass();

    [GeneratedRegex(@"\bstatic [^=;{]*?(\w+)(?:<[\w, ]+>)?\(")]
    private static partial Regex Member();

    [GeneratedRegex(@"\b(?:struct|interface) (\w+)")]
    private static partial Regex Structure();

    private static IEnumerable<ModelGraph> Everything() => OperatorCases.All.Concat(LibraryCases.All).Select(c => c.Value(new CaseBuilder(1)));

    private static void AssertSame(TensorData expected, TensorData actual, string what)
    {
        for (int i = 0; i < expected.Count; i++)
        {
            int size = expected.Type.Size();
            Assert.True(
                expected.Bytes.AsSpan(i * size, size).SequenceEqual(actual.Bytes.AsSpan(i * size, size)),
                $"{what}: element {i} is {actual.ToDouble(i)}, the reference says {expected.ToDouble(i)}.");
        }
    }
}
