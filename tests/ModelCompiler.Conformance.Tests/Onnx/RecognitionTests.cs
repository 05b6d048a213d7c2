using ModelCompiler.Core.Graph;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Operators that exporters write out as simpler ones, from the ONNX file on.</summary>
public class RecognitionTests
{
    // In float16 the written form rounds at every step.
    private const double HalfTolerance = 4e-3;

    public static TheoryData<string> Forms() => new(RecognitionCases.All.Keys);

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_written_form_becomes_one_operator(string name)
    {
        RecognitionCases.Form form = RecognitionCases.All[name];
        ModelGraph graph = WrittenOutCheck.FromOnnx(form.Build().Write());
        Assert.Equal(form.Operators, WrittenOutCheck.Operators(graph, form.Type == DataType.Float16 ? HalfTolerance : 1e-5));
    }

    public static TheoryData<string> FloatForms() => [.. RecognitionCases.All.Where(f => f.Value.Type == DataType.Float).Select(f => f.Key)];

    [Theory]
    [MemberData(nameof(FloatForms))]
    public void A_written_form_computes_what_ONNX_Runtime_does(string name)
    {
        OnnxGraph graph = RecognitionCases.All[name].Build();
        byte[] model = graph.Write();
        using Compiled network = Compiled.Of(model);
        TensorData[] inputs = network.RandomInputs(graph.Random);
        Closeness.AssertReal(Ort.Run(model, inputs)[0], network.RunReal(inputs)[0], 1e-5, 1e-5);
    }

    public static TheoryData<string> Resembling() => new(RecognitionCases.Others.Keys);

    [Theory]
    [MemberData(nameof(Resembling))]
    public void What_only_resembles_stays(string name)
    {
        string operators = WrittenOutCheck.Operators(WrittenOutCheck.FromOnnx(RecognitionCases.Others[name].Build().Write()));
        Assert.DoesNotContain("Normalization", operators, StringComparison.Ordinal);
        Assert.DoesNotContain("LogSoftmax", operators, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_used_elsewhere_is_not_lost()
    {
        var graph = new OnnxGraph(3, 17);
        string x = graph.Input(2, 3, 8), mean = graph.Apply("ReduceMean", [x], ("axes", (int[])[-1])), centred = graph.Apply("Sub", [x, mean]);
        string root = graph.Apply("Sqrt", [graph.Apply("Add",
            [graph.Apply("ReduceMean", [graph.Apply("Mul", [centred, centred])], ("axes", (int[])[-1])), graph.Scalar(1e-5f)])]);
        string normal = graph.Apply("Div", [centred, root]), scaled = graph.Apply("Mul", [normal, graph.Uniform(-1, 1, 8)]);
        graph.Output(mean).Output(normal).Output(scaled).Output(graph.Apply("Neg", [centred]));
        string operators = WrittenOutCheck.Operators(WrittenOutCheck.FromOnnx(graph.Write()));
        Assert.Equal(["LayerNormalization", "Multiply", "Negate", "ReduceMean", "Subtract"], operators.Split(' ').Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Mean_and_deviation_of_LayerNormalization_may_be_outputs()
    {
        var graph = new OnnxGraph(4, 17);
        string y = graph.Apply("LayerNormalization", [graph.Input(2, 3, 8), graph.Uniform(-1, 1, 8)]);
        graph.Output(y).Output(graph.Another()).Output(graph.Another());
        Assert.Contains("LayerNormalization", WrittenOutCheck.Operators(WrittenOutCheck.FromOnnx(graph.Write())), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_stay_channels_last_through_a_normalisation()
    {
        var graph = new OnnxGraph(6);
        string x = graph.Apply("Conv", [graph.Input(1, 3, 9, 8), graph.Weights(12, 3, 3, 3)]);
        string centred = graph.Apply("Sub", [x, graph.Apply("ReduceMean", [x], ("axes", (int[])[1]))]);
        string root = graph.Apply("Sqrt", [graph.Apply("Add",
            [graph.Apply("ReduceMean", [graph.Apply("Pow", [centred, graph.Scalar(2)])], ("axes", (int[])[1])), graph.Scalar(1e-6f)])]);
        string normal = graph.Apply("Add", [graph.Apply("Mul", [graph.Uniform(-1, 1, 12, 1, 1), graph.Apply("Div", [centred, root])]),
            graph.Uniform(-1, 1, 12, 1, 1)]);
        byte[] model = graph.Output(graph.Apply("GlobalAveragePool", [graph.Apply("Conv", [normal, graph.Weights(5, 12, 3, 3)])])).Write();
        string operators = WrittenOutCheck.Operators(WrittenOutCheck.FromOnnx(model));
        Assert.Contains("Conv LayerNormalization Conv", operators, StringComparison.Ordinal);
        using Compiled network = Compiled.Of(model);
        TensorData[] inputs = network.RandomInputs(graph.Random);
        Closeness.AssertReal(Ort.Run(model, inputs)[0], network.RunReal(inputs)[0], 1e-5, 1e-5);
    }

    [Fact]
    public void What_has_no_length_is_zero()
    {
        var graph = new OnnxGraph(4);
        string x = graph.Input(2, 4);
        graph.Output(graph.Apply("Div", [x, graph.Apply("ReduceL2", [x], ("axes", (int[])[-1]))]));
        using Compiled network = Compiled.Of(graph.Write());
        Assert.Equal([0, 0, 0, 0, 0.5f, -0.5f, 0.5f, -0.5f], network.RunReal([TensorData.Of(new Shape(2, 4), [0f, 0, 0, 0, 3, -3, 3, -3])])[0].ToFloats());
    }
}
