using System.Reflection;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Float models against ONNX Runtime: every operator alone, and random convolutional networks.</summary>
public class OnnxRuntimeTests
{
    public static TheoryData<string> Cases() => new(OnnxOperatorCases.All.Keys);

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_operator_computes_what_ONNX_Runtime_does(string name)
    {
        (int opset, Action<OnnxGraph> build) = OnnxOperatorCases.All[name];
        var graph = new OnnxGraph(name.Length, opset);
        build(graph);
        Compare(graph, 1e-4, 1e-5);
    }

    [Fact]
    public void Every_operator_with_kernels_of_its_own_has_a_case()
    {
        HashSet<string> covered = [.. OnnxOperatorCases.All.Values.SelectMany(c =>
        {
            var graph = new OnnxGraph(opset: c.Opset);
            c.Build(graph);
            return graph.Operators;
        })];
        covered.UnionWith(["Constant", "QuantizeLinear", "QLinearConv", "QLinearMatMul"]);
        // Operators of the library have the node tests.
        IEnumerable<Type> operators = typeof(Operator).Assembly.GetTypes()
            .Where(t => typeof(Operator).IsAssignableFrom(t) && t.GetMethod(nameof(Operator.Choose))!.ReturnType != typeof(LibraryCall));
        IEnumerable<string> own = operators.Append(typeof(UnaryBindings)).Append(typeof(PoolBindings))
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .SelectMany(m => m.GetCustomAttributes<OnnxOperatorAttribute>()).Where(a => a.Domain.Length == 0).Select(a => a.Name);
        string[] missing = [.. own.Except(covered)];
        Assert.Empty(missing);
    }

    public static TheoryData<string> Extensions() => new(OnnxExtensionCases.All.Keys);

    [Theory]
    [MemberData(nameof(Extensions))]
    public void An_extension_computes_what_ONNX_Runtime_does(string name)
    {
        (int opset, Action<OnnxGraph> build) = OnnxExtensionCases.All[name];
        var graph = new OnnxGraph(name.Length, opset);
        build(graph);
        Compare(graph, 1e-4, 1e-5);
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_random_network_computes_what_ONNX_Runtime_does(int seed) => Compare(RandomNetwork.Write(seed), 1e-3, 1e-4);

    private static void Compare(OnnxGraph graph, double relative, double absolute)
    {
        byte[] model = graph.Write();
        using Compiled network = Compiled.Of(model);
        TensorData[] inputs = network.RandomInputs(graph.Random);
        TensorData[] expected = Ort.Run(model, inputs);
        IReadOnlyList<TensorData> actual = network.RunReal(inputs);
        Assert.Equal(expected.Length, actual.Count);
        for (int i = 0; i < expected.Length; i++) Closeness.AssertReal(expected[i], actual[i], relative, absolute);
    }
}
