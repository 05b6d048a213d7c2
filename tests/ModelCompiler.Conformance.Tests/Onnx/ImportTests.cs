using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Tool;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>What files in use have that the standard's tests do not: nodes in any order, sizes that depend on rounding, statistics as inputs.</summary>
public class ImportTests
{
    /// <summary>Cases beside the repository with inputs and, mostly, results of a runtime.</summary>
    public static TheoryData<string, string?> Cases() => new()
    {
        { "wrong/external-data", null },
        { "wrong/bn-runtime-scale", null },
        { "wrong/resize-0.7-declared", null },
        { "wrong/resize-floor-0.7x10", null },
        { "wrong/resize-floor-1.1x30", null },
        { "wrong/resize-floor-2.6x5", null },
        { "right/resize-64-26", null },
        { "right/resize-0.7-skip", null },
        { "right/resize-floor-0.3x10", null },
        { "right/resize-op11-emptytensors", null },
        { "right/resize-op11-shared-empty", null },
        { "right/resize-op13-sizes", null },
        { "right/resize-op18-notlarger", null },
        { "right/unsorted-nodes", "1x64x3x4" },
        { "right/sklearn-zipmap", null },
    };

    [SharedDataTheory]
    [MemberData(nameof(Cases))]
    public void A_model_from_the_field_gives_the_results_of_a_runtime(string name, string? shapes)
    {
        string folder = SharedData.Path("field/" + name);
        if (!Directory.Exists(folder)) return;
        string output = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".npz");
        try
        {
            var error = new StringWriter();
            string[] arguments = ["run", Path.Combine(folder, "model.onnx"), "--input", Path.Combine(folder, "x.npz"), "--output", output, "--engine",
                "generated"];
            Assert.True(ModelcApp.Run([.. arguments, .. shapes is null ? [] : new[] { "--input-shapes", shapes }], new StringWriter(), error) ==
                ModelcApp.Success, error.ToString());
            if (!File.Exists(Path.Combine(folder, "y.npz"))) return;
            OrderedDictionary<string, NumpyArray> actual = NpzArchive.Read(File.ReadAllBytes(output));
            foreach ((NumpyArray expected, NumpyArray given) in NpzArchive.Read(File.ReadAllBytes(Path.Combine(folder, "y.npz"))).Values.Zip(actual.Values))
            {
                float[] y = expected.ToFloats();
                Assert.Equal(y.Length, given.ToFloats().Length);
                foreach ((float want, float got) in y.Zip(given.ToFloats()))
                    Assert.InRange(got, want - 1e-4f - (1e-4f * Math.Abs(want)), want + 1e-4f + (1e-4f * Math.Abs(want)));
            }
        }
        finally
        {
            File.Delete(output);
        }
    }

    [Fact]
    public void Nodes_may_stand_in_any_order()
    {
        byte[] sorted = Chain().Write();
        OnnxGraph graph = Chain();
        NodeProto[] nodes = [.. graph.Model.Graph.Node.Reverse()];
        graph.Model.Graph.Node.Clear();
        graph.Model.Graph.Node.AddRange(nodes);
        foreach (GraphProto branch in nodes.SelectMany(n => n.Attribute).Where(a => a.G is not null).Select(a => a.G))
        {
            NodeProto[] inner = [.. branch.Node.Reverse()];
            branch.Node.Clear();
            branch.Node.AddRange(inner);
        }

        CompilationResult expected = ModelCompilation.Run(new CompilationInput("net.onnx", sorted, new CompilationOptions()));
        CompilationResult actual = ModelCompilation.Run(new CompilationInput("net.onnx", graph.Write(), new CompilationOptions()));
        Assert.True(expected.Success && actual.Success, string.Join("\n", actual.Diagnostics));
        // The hash of the outputs for the same input.
        Assert.NotEqual(0UL, actual.Plan!.SelfTestHash);
        Assert.Equal(expected.Plan!.SelfTestHash, actual.Plan.SelfTestHash);
    }

    [Fact]
    public void Nodes_of_a_circle_are_named()
    {
        var graph = new OnnxGraph();
        string x = graph.Input(2);
        graph.Output(graph.Apply("Add", [x, "v2"]));
        graph.Apply("Relu", ["v0"]);
        graph.Apply("Neg", ["v1"]);
        graph.Apply("Exp", ["v2"]);
        graph.Model.Graph.Node[1].Name = "rectify";
        Diagnostic error = Assert.Single(ModelCompilation.Run(new CompilationInput("net.onnx", graph.Write(), new CompilationOptions())).Diagnostics);
        Assert.Equal("MC1010", error.Code);
        Assert.Equal("The nodes of the model form a cycle: 'rectify', 'v2', 'v0'.", error.Reason);
    }

    // What runtimes make of these sizes, which are whole only in float32.
    [Theory]
    [InlineData(10, 0.7f, null, 7)]
    [InlineData(5, 2.6f, null, 13)]
    [InlineData(10, 0.3f, null, 3)]
    [InlineData(10, 0.75f, null, 7)]
    [InlineData(10, 0.7f, 6, 6)]
    [InlineData(10, 0.75f, 8, 8)]
    [InlineData(10, 0.75f, 4, 7)]
    public void Scaled_sizes_follow_the_model_or_float32(int size, float scale, int? declared, int expected)
    {
        foreach (string op in scale >= 1 ? new[] { "Resize", "Upsample" } : ["Resize"])
        {
            var graph = new OnnxGraph(0, op == "Resize" ? 13 : 9);
            string scales = graph.Constant(TensorProto.Types.DataType.Float, [2], [1f, scale]);
            graph.Output(graph.Apply(op, op == "Resize" ? [graph.Input(1, size), "", scales] : [graph.Input(1, size), scales]));
            if (declared is { } length)
                graph.Model.Graph.Output[0].Type.TensorType.Shape =
                    new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "n" },
                        new TensorShapeProto.Types.Dimension { DimValue = length } } };
            using Compiled network = Compiled.Of(graph.Write());
            Assert.Equal(expected, Assert.Single(network.Generated.Outputs).Shape[1]);
        }
    }

    [Fact]
    public void The_nearest_element_is_found_in_float32()
    {
        var graph = new OnnxGraph();
        string scales = graph.Constant(TensorProto.Types.DataType.Float, [2], [1f, 1.1f]);
        graph.Output(graph.Apply("Resize", [graph.Input(1, 30), "", scales], ("mode", "nearest"), ("coordinate_transformation_mode", "asymmetric"),
            ("nearest_mode", "floor")));
        using Compiled network = Compiled.Of(graph.Write());
        TensorData y = network.RunReal([TensorData.Of(new Shape(1, 30), [.. Enumerable.Range(0, 30).Select(i => (float)i)])])[0];
        Assert.Equal([.. Enumerable.Range(0, 33).Select(i => MathF.Floor(i / 1.1f))], y.Floats.ToArray());
        Assert.Equal(10, y.Floats[11]);
    }

    // Before opset 11 images that shrink take the element above.
    [Fact]
    public void The_first_Resize_takes_elements_as_its_specification_shows()
    {
        var graph = new OnnxGraph(0, 10);
        graph.Output(graph.Apply("Resize", [graph.Input(1, 1, 2, 4), graph.Constant(TensorProto.Types.DataType.Float, [4], [1f, 1f, 0.6f, 0.6f])],
            ("mode", "nearest")));
        using Compiled network = Compiled.Of(graph.Write());
        Assert.Equal([1f, 3f], network.RunReal([TensorData.Of(new Shape(1, 1, 2, 4), [1f, 2, 3, 4, 5, 6, 7, 8])])[0].Floats.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Statistics_of_a_normalisation_may_be_inputs(int spatial)
    {
        var graph = new OnnxGraph(3);
        int[] image = [2, 3, .. Enumerable.Repeat(4, spatial)];
        string x = graph.Input(image);
        string[] parts = [.. Enumerable.Range(0, 4).Select(_ => graph.Input(3))];
        graph.Output(graph.Apply("BatchNormalization", [x, .. parts], ("epsilon", 0.01f)));
        using Compiled network = Compiled.Of(graph.Write());
        TensorData[] inputs = network.RandomInputs(new Random(1), 0.5, 2);
        TensorData y = network.RunReal(inputs)[0];
        int inner = y.Count / 6;
        for (int i = 0; i < y.Count; i++)
        {
            int c = i / inner % 3;
            double expected = ((inputs[0].Floats[i] - inputs[3].Floats[c]) / Math.Sqrt(inputs[4].Floats[c] + 0.01) * inputs[1].Floats[c]) + inputs[2].Floats[c];
            Assert.Equal(expected, y.Floats[i], 1e-5);
        }
    }

    [Fact]
    public void Maps_from_classes_to_scores_are_the_scores()
    {
        var graph = new OnnxGraph();
        string scores = graph.Apply("Softmax", [graph.Input(2, 3)]);
        graph.Output(graph.Apply("ZipMap", OnnxGraph.MachineLearning, [scores], ("classlabels_strings", new[] { "cat", "dog", "fox" })));
        graph.Model.Graph.Output[0].Type = new TypeProto {
            SequenceType = new TypeProto.Types.Sequence { ElemType =
                new TypeProto { MapType = new TypeProto.Types.Map { KeyType = (int)TensorProto.Types.DataType.String } } } };
        using Compiled network = Compiled.Of(graph.Write());
        Assert.Contains("ZipMap 'v1' is left out: its columns are the scores of the classes 'cat', 'dog', 'fox'.", network.Result.Plan!.Notes);
        var engine = (GeneratedEngine)network.Generated;
        string[][] labels = (string[][])engine.ModelType.GetNestedType("Info")!.GetProperty("OutputLabels")!.GetValue(null)!;
        Assert.Equal([["cat", "dog", "fox"]], labels);
        Assert.Equal(2, network.RunReal(network.RandomInputs(new Random(1)))[0].ToFloats().Sum(), 1e-5);
    }

    private static OnnxGraph Chain()
    {
        var graph = new OnnxGraph(2);
        string x = graph.Input(1, 3);
        string a = graph.Apply("Relu", [x]);
        string b = graph.Apply("MatMul", [a, graph.Weights(3, 3)]);
        string c = graph.Apply("Exp", [x]);
        var branch = new GraphProto
        {
            Name = "branch",
            Node = { new NodeProto { OpType = "Add", Input = { b, c }, Output = { "s" } },
                new NodeProto { OpType = "Neg", Input = { "s" }, Output = { "t" } } },
            Output = { new ValueInfoProto { Name = "t" } },
        };
        string result = graph.Apply("If", [graph.Constant(TensorProto.Types.DataType.Bool, [], [true])]);
        foreach (string name in new[] { "then_branch", "else_branch" })
            graph.Model.Graph.Node[^1].Attribute.Add(new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = branch.Clone() });
        return graph.Output(graph.Apply("Tanh", [result]));
    }
}
