using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Planning;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Every operator case on every engine: generated code gives the reference's bits.</summary>
public class OperatorTests
{
    private static readonly string[] Targets = ["scalar", "vector128", "x64-v3"];

    public static TheoryData<string> Cases() => new(OperatorCases.All.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Generated_code_equals_the_reference(string name)
    {
        foreach (RequantizationMode mode in Enum.GetValues<RequantizationMode>())
        {
            for (int seed = 0; seed < 2; seed++)
            {
                ModelGraph graph = OperatorCases.All[name](new CaseBuilder(seed + name.Length));
                GraphVerifier.Verify(graph, name);
                var random = new Random(seed);
                TensorData[] inputs = [.. graph.InputValues.Select(v => CaseBuilder.Random(v, random))];
                IReadOnlyList<TensorData> expected = new ReferenceInterpreter(graph, mode).Run(inputs);
                foreach (string target in Targets)
                {
                    var options = new CompilationOptions { Requantization = mode, Target = target };
                    (ModelPlan plan, byte[] weights) = Lowering.Run(graph, new CompilationInput("case.onnx", default, options), target, []);
                    using var engine = new GeneratedEngine(plan, weights);
                    IReadOnlyList<TensorData> actual = engine.RunRaw(inputs);
                    for (int i = 0; i < expected.Count; i++) AssertSame(expected[i], actual[i], $"{name}, {mode}, {target}, seed {seed}, output {i}");

                    // What the network does not keep as state must not leak into the next run; what it keeps must agree, and be forgotten after a reset.
                    if (engine.IsStateful)
                    {
                        var reference = new ReferenceInterpreter(graph, mode);
                        engine.Reset();
                        for (int run = 0; run < 4; run++)
                        {
                            TensorData[] next = [.. graph.InputValues.Select(v => CaseBuilder.Random(v, random))];
                            IReadOnlyList<TensorData> wanted = reference.Run(next), others = engine.RunRaw(next);
                            for (int i = 0; i < wanted.Count; i++) AssertSame(wanted[i], others[i], $"{name}, {mode}, {target}, seed {seed}, run {run}, output {i}");
                        }

                        engine.Reset();
                    }

                    Assert.Equal(actual[0].Bytes, engine.RunRaw(inputs)[0].Bytes);
                }
            }
        }
    }

    // Operators of the library run the same source on both engines; the node tests cover them.
    [Fact]
    public void Every_operator_with_kernels_of_its_own_has_a_case()
    {
        HashSet<Type> covered = [.. OperatorCases.All.Values.SelectMany(c => c(new CaseBuilder(1)).Nodes.Select(n => n.Operator.GetType()))];
        IEnumerable<string> missing = typeof(Operator).Assembly.GetTypes().Where(t => !t.IsAbstract && typeof(Operator).IsAssignableFrom(t) && (t.Namespace == typeof(Operator).Namespace || t.Namespace == typeof(ModelCompiler.Core.Operators.Signal.SignalFourier).Namespace) && !covered.Contains(t)).Select(t => t.Name);
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
