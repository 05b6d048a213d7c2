using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>Post-training quantisation of networks with normalisations written out.</summary>
public class QuantizedNormalizationTests
{
    private const int Tokens = 8;
    private const int Width = 32;

    [Theory]
    [InlineData("layer")]
    [InlineData("rms")]
    [InlineData("l2")]
    public void A_transformer_block_keeps_its_results(string kind)
    {
        OnnxGraph graph = Block(kind);
        byte[] model = graph.Write();
        byte[] calibration = Compiled.RandomCalibration(WrittenOutCheck.FromOnnx(model), 32, -2, 2, 3);
        using Compiled quantised = Compiled.Of(model, options: new CompilationOptions { Calibration = "calibration.npz" }, calibration: calibration);
        ModelGraph compiled = quantised.Result.Compiled!;
        Node[] normalisations = [.. compiled.Nodes.Where(n => n.Operator is Normalize)];
        Assert.Equal(kind == "l2" ? 4 : 2, normalisations.Length);
        Assert.All(normalisations, n => Assert.Equal(ElementType.Float32, compiled.Values[n.Outputs[0]].Type));
        Assert.Contains(compiled.Nodes, n => compiled.Values[n.Outputs[0]].IsQuantized);
        (double error, double size) = (0, 0);
        for (int run = 0; run < 8; run++)
        {
            TensorData[] inputs = quantised.RandomInputs(graph.Random);
            float[] expected = Ort.Run(model, inputs)[0].ToFloats(), actual = quantised.RunReal(inputs)[0].ToFloats();
            Assert.DoesNotContain(actual, float.IsNaN);
            error += expected.Zip(actual, (x, y) => ((double)x - y) * (x - y)).Sum();
            size += expected.Sum(x => (double)x * x);
        }

        Assert.InRange(Math.Sqrt(error / size), 0, 0.1);
        Assert.DoesNotContain(quantised.Result.Diagnostics, d => d.Code is "MC3007" or "MC3008");
    }

    [Fact]
    public void Rows_that_become_zero_stay_numbers()
    {
        var graph = new OnnxGraph(2);
        string x = graph.Apply("MatMul", [graph.Input(1, Tokens, Width), graph.Weights(Width, Width)]);
        graph.Output(graph.Apply("Div", [x, graph.Apply("ReduceL2", [x], ("axes", (int[])[-1]))]));
        byte[] model = graph.Write();
        byte[] calibration = Compiled.RandomCalibration(WrittenOutCheck.FromOnnx(model), 8, -2, 2, 3);
        using Compiled quantised = Compiled.Of(model, options: new CompilationOptions { Calibration = "calibration.npz" }, calibration: calibration);
        Assert.DoesNotContain(quantised.RunReal([new TensorData(ElementType.Float32, new Shape(1, Tokens, Width))])[0].ToFloats(), float.IsNaN);
    }

    // Attention with queries and keys of unit length where the kind is l2, and two layers with SiLU between, each on what is normalised.
    private static OnnxGraph Block(string kind)
    {
        var g = new OnnxGraph(17);
        string x = g.Input(1, Tokens, Width), normal = Normal(x);
        string queries = Linear(normal, Width), keys = Linear(normal, Width), values = Linear(normal, Width);
        if (kind == "l2") (queries, keys) = (Unit(queries), Unit(keys));
        string logits = g.Apply("Mul", [g.Apply("MatMul", [queries, g.Apply("Transpose", [keys], ("perm", (int[])[0, 2, 1]))]),
            g.Scalar(kind == "l2" ? 4 : 0.2f)]);
        string attended = g.Apply("Add", [x, Linear(g.Apply("MatMul", [g.Apply("Softmax", [logits], ("axis", -1)), values]), Width)]);
        string hidden = Linear(Normal(attended), 2 * Width);
        return g.Output(g.Apply("Add", [attended, Linear(g.Apply("Mul", [hidden, g.Apply("Sigmoid", [hidden])]), Width, 2 * Width)]));

        string Linear(string input, int width, int from = Width)
        {
            string result = g.Apply("MatMul", [input, g.Uniform(-0.3, 0.3, from, width)]);
            return g.Apply("Add", [result, g.Uniform(-0.1, 0.1, width)]);
        }

        string Normal(string input)
        {
            string centred = kind == "layer" ? g.Apply("Sub", [input, Mean(input)]) : input;
            string root = g.Apply("Sqrt", [g.Apply("Add", [Mean(g.Apply("Pow", [centred, g.Scalar(2)])), g.Scalar(1e-5f)])]);
            string scaled = g.Apply("Mul", [g.Apply("Div", [centred, root]), g.Uniform(0.5, 1.5, Width)]);
            return kind == "layer" ? g.Apply("Add", [scaled, g.Uniform(-0.2, 0.2, Width)]) : scaled;
        }

        string Unit(string input) => g.Apply("Div", [input, g.Apply("Clip", [g.Apply("ReduceL2", [input], ("axes", (int[])[-1])), g.Scalar(1e-12f)])]);

        string Mean(string input) => g.Apply("ReduceMean", [input], ("axes", (int[])[-1]));
    }
}
