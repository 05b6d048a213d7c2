using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Numbers of elements that depend on the data, handed on by the operators that follow: the first elements are ONNX Runtime's, the others zero,
/// and their number is an output.</summary>
public class LengthTests
{
    private const int Boxes = 9, Classes = 2;

    // The axis, and what follows the choice of boxes.
    private static readonly Dictionary<string, (int Axis, Action<OnnxGraph, string, string, string> Build)> Cases = new()
    {
        ["gather"] = (1, (g, boxes, _, chosen) => g.Output(g.Apply("Gather", [boxes, Index(g, chosen)], ("axis", 1)))),
        ["gather of rows"] = (0, (g, boxes, _, chosen) => g.Output(g.Apply("Gather", [g.Apply("Squeeze", [boxes, g.Int64s(0)]), Index(g, chosen)]))),
        ["gather by tuples"] = (0, (g, _, scores, chosen) => g.Output(g.Apply("GatherND", [scores, chosen]))),
        ["columns of the list"] = (1, (g, _, _, chosen) =>
            g.Output(g.Apply("Transpose", [g.Apply("Slice", [chosen, g.Int64s(1), g.Int64s(3), g.Int64s(1)])]), DataType.Int64)),
        ["the first ones"] = (0, (g, boxes, _, chosen) => g.Output(g.Apply("Gather",
            [g.Apply("Squeeze", [boxes, g.Int64s(0)]), Index(g, g.Apply("Slice", [chosen, g.Int64s(1), g.Int64s(4), g.Int64s(0)]))]))),
        ["elementwise"] = (0, (g, boxes, _, chosen) =>
        {
            string rows = g.Apply("Gather", [g.Apply("Squeeze", [boxes, g.Int64s(0)]), Index(g, chosen)]);
            string index = g.Apply("Cast", [g.Apply("Unsqueeze", [Index(g, chosen), g.Int64s(1)])], ("to", (int)DataType.Float));
            g.Output(g.Apply("Add", [g.Apply("Mul", [rows, g.Scalar(2)]), index]));
        }),
        ["index that is computed"] = (0, (g, boxes, scores, chosen) =>
        {
            // What is behind the last box may have no score that is enough, and then an index that is outside.
            string enough = g.Apply("Greater", [g.Apply("GatherND", [scores, chosen]), g.Scalar(0.4f)]);
            string outside = g.Apply("Where", [enough, Index(g, chosen), g.Int64s(100)]);
            g.Output(g.Apply("Gather", [g.Apply("Squeeze", [boxes, g.Int64s(0)]), outside]));
        }),
        ["joined"] = (0, (g, boxes, scores, chosen) =>
        {
            string rows = g.Apply("Gather", [g.Apply("Squeeze", [boxes, g.Int64s(0)]), Index(g, chosen)]);
            string score = g.Apply("Unsqueeze", [g.Apply("GatherND", [scores, chosen]), g.Int64s(-1)]);
            g.Output(g.Apply("Concat", [rows, score], ("axis", -1)));
        }),
        ["reshape"] = (1, (g, boxes, _, chosen) => g.Output(g.Apply("Reshape",
            [g.Apply("Gather", [boxes, Index(g, chosen)], ("axis", 1)), g.Int64s(1, -1, 2, 2)]))),
        ["reshape to one dimension"] = (0, (g, _, _, chosen) => g.Output(g.Apply("Reshape", [chosen, g.Int64s(-1)]), DataType.Int64)),
        ["reshape that copies"] = (0, (g, _, _, chosen) => g.Output(g.Apply("Reshape", [chosen, g.Int64s(0, 3, 1)]), DataType.Int64)),
        ["flatten"] = (0, (g, boxes, _, chosen) => g.Output(g.Apply("Flatten",
            [g.Apply("Transpose", [g.Apply("Gather", [boxes, Index(g, chosen)], ("axis", 1))], ("perm", new[] { 1, 0, 2 }))]))),
        ["softmax of rows"] = (1, (g, boxes, _, chosen) =>
            g.Output(g.Apply("Softmax", [g.Apply("Gather", [boxes, Index(g, chosen)], ("axis", 1))], ("axis", -1)))),
        ["cut off"] = (0, (g, _, _, chosen) => g.Output(g.Apply("Slice", [chosen, g.Int64s(2), g.Int64s(long.MaxValue), g.Int64s(0)]), DataType.Int64)),
    };

    public static TheoryData<string> Names() => new(Cases.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Operators_hand_the_number_on(string name)
    {
        var graph = new OnnxGraph(name.Length);
        (int axis, Action<OnnxGraph, string, string, string> build) = Cases[name];
        Build(graph, build);
        byte[] model = graph.Write();
        using Compiled network = Compiled.Of(model);
        var lengths = new HashSet<long>();
        for (int run = 0; run < 6; run++)
        {
            TensorData[] inputs = network.RandomInputs(graph.Random, 0, run / 2.0);
            TensorData expected = Ort.Run(model, inputs)[0];
            IReadOnlyList<TensorData> actual = network.RunReal(inputs);
            Assert.Equal(2, actual.Count);
            Assert.EndsWith("_length", network.Generated.Outputs[1].Name, StringComparison.Ordinal);
            int length = actual[1].ToInt32(0);
            lengths.Add(length);
            Assert.Equal(expected.Shape[axis], length);
            int inner = expected.Shape.ElementsBetween(axis + 1, expected.Shape.Rank);
            for (int i = 0; i < actual[0].Count; i++)
            {
                int at = i / inner % actual[0].Shape[axis];
                double wanted = at < length ? expected.ToDouble((((i / inner / actual[0].Shape[axis]) * length) + at) * inner + (i % inner)) : 0;
                Assert.InRange(actual[0].ToDouble(i), wanted - 1e-5, wanted + 1e-5);
            }

            Assert.Equal(expected.Shape.ElementsBetween(0, axis), actual[0].Shape.ElementsBetween(0, axis));
        }

        Assert.True(lengths.Count > 1, "The number of elements never changed.");
    }

    [Fact]
    public void An_operator_that_cannot_is_named()
    {
        var graph = new OnnxGraph();
        Build(graph, (g, _, _, chosen) => g.Output(g.Apply("ReduceSum", [chosen, g.Int64s(0)]), DataType.Int64));
        CompilationResult result = ModelCompilation.Run(new CompilationInput("case.onnx", graph.Write(), new CompilationOptions()));
        Diagnostic error = Assert.Single(result.Diagnostics, d => d.Severity == DiagnosticSeverity.Error);
        Assert.Equal("MC2002", error.Code);
        Assert.Contains("ReduceSum does not hand such a number on", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Different_numbers_are_not_computed_with_each_other()
    {
        var graph = new OnnxGraph();
        Build(graph, (g, boxes, _, chosen) => g.Output(g.Apply("Add",
            [g.Apply("Gather", [boxes, Index(g, chosen)], ("axis", 1)), g.Weights(Boxes * Classes, 4)])));
        Diagnostic error = Assert.Single(ModelCompilation.Run(new CompilationInput("case.onnx", graph.Write(), new CompilationOptions())).Diagnostics,
            d => d.Severity == DiagnosticSeverity.Error);
        Assert.Equal("MC2002", error.Code);
    }

    private static void Build(OnnxGraph g, Action<OnnxGraph, string, string, string> build)
    {
        string boxes = g.Input(1, Boxes, 4), scores = g.Input(1, Classes, Boxes);
        build(g, boxes, scores, g.Apply("NonMaxSuppression",
            [boxes, scores, g.Int64s(Boxes), g.Constant(DataType.Float, [1], [0.3f]), g.Constant(DataType.Float, [1], [0.4f])], ("center_point_box", 1)));
    }

    private static string Index(OnnxGraph g, string chosen) =>
        g.Apply("Squeeze", [g.Apply("Slice", [chosen, g.Int64s(2), g.Int64s(3), g.Int64s(1)]), g.Int64s(1)]);
}
