using System.Collections.Concurrent;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// Every operator case on every instruction set of this machine: generated code gives the reference's bits, its self-test says so, and neither it nor the reference leaves its memory.
/// </summary>
public class OperatorTests
{
    // The networks of a case on all targets are compiled together.
    private static readonly ConcurrentDictionary<string, Lazy<Batch>> Batches = new();

    public static TheoryData<string, string> CasesOnTargets() => new MatrixOf(OperatorCases.All.Keys, RunnableTargets.Single);

    [Theory]
    [MemberData(nameof(CasesOnTargets))]
    public void Generated_code_equals_the_reference(string name, string target)
    {
        Batch batch = Batches.GetOrAdd(name, n => new Lazy<Batch>(() => new Batch(n))).Value;
        LibraryRuntime.Memory.Value = GuardedMemory.IsSupported ? new GuardedCode.RoutineMemory() : null;
        foreach (Network network in batch.Networks.Where(n => n.Plan.Target == target)) Check(network, batch, $"{name}, {network.Mode}, {target}, seed {network.Seed}");
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
            foreach (RequantizationMode mode in Enum.GetValues<RequantizationMode>())
            {
                int seed = (int)mode;
                ModelGraph graph = OperatorCases.All[name](new CaseBuilder(seed + name.Length));
                GraphVerifier.Verify(graph, name);
                ulong hash = SelfTestVector.TryHash(graph, mode);
                foreach (string target in RunnableTargets.Single)
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

    // Operators of the library run the same source on both engines; the node tests cover them.
    [Fact]
    public void Every_operator_with_kernels_of_its_own_has_a_case()
    {
        HashSet<Type> covered = [.. OperatorCases.All.Values.SelectMany(c => c(new CaseBuilder(1)).Nodes.Select(n => n.Operator.GetType()))];
        IEnumerable<string> missing = typeof(Operator).Assembly.GetTypes().Where(t => !t.IsAbstract && typeof(Operator).IsAssignableFrom(t) && !typeof(LibraryOperator).IsAssignableFrom(t) && !covered.Contains(t)).Select(t => t.Name);
        Assert.Empty(missing);
    }

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
