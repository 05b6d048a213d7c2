using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>An exported network has the user's inputs and outputs, and answers as the compiled one does: in ONNX Runtime and compiled again.</summary>
public class ExportedModelTests
{
    [Theory]
    [InlineData(Precision.Int8, 1)]
    [InlineData(Precision.Int8, 2)]
    [InlineData(Precision.Int4, 3)]
    [InlineData(Precision.Float32, 4)]
    [InlineData(Precision.Float16, 5)]
    public void A_random_network_answers_alike(Precision precision, int seed)
    {
        byte[] model = RandomNetwork.Write(seed).Write();
        using Compiled real = Compiled.Of(model);
        bool isInteger = precision is Precision.Int8 or Precision.Int4;
        using Compiled network = Compiled.Of(model, options: new CompilationOptions { Precision = precision },
            calibration: isInteger ? Compiled.RandomCalibration(real.Result.Original!, 8, -2, 2, seed) : null);
        Compare(network, new Random(seed));
    }

    [Fact]
    public void The_sample_network_answers_alike()
    {
        string folder = Path.Combine(SharedData.RepositoryRoot, "samples", "Digits");
        using Compiled network = Compiled.Of(File.ReadAllBytes(Path.Combine(folder, "digits.onnx")),
            calibration: File.ReadAllBytes(Path.Combine(folder, "calibration.npz")));
        Compare(network, new Random(1));
    }

    // What small classifiers of images are made of.
    [Theory]
    [InlineData(3, Precision.Int8, 0)]
    [InlineData(1, Precision.Int8, 0)]
    [InlineData(3, Precision.Default, 4)]
    [InlineData(3, Precision.Auto, 0)]
    [InlineData(3, Precision.Float16, 0)]
    [InlineData(1, Precision.Float32, 0)]
    public void A_classifier_decides_alike(int channels, Precision precision, int weightBits)
    {
        byte[] model = Classifier(channels);
        using Compiled real = Compiled.Of(model);
        bool isReal = precision is Precision.Float32 or Precision.Float16;
        using Compiled network = Compiled.Of(model, options: new CompilationOptions { Precision = precision, WeightBits = weightBits },
            calibration: isReal ? null : Compiled.RandomCalibration(real.Result.Original!, 32, -2, 2, 1));
        byte[] file = QdqExporter.ExportModel(network.Result.Compiled!, network.Result.Original!);
        var random = new Random(2);
        var classes = new HashSet<int>();
        double[] steps = [.. network.Generated.Outputs.Select(o => o.IsQuantized ? o.Scale : 1e-3)];
        for (int sample = 0; sample < 40; sample++)
        {
            TensorData[] inputs = network.RandomInputs(random, -0.5, 0.5);
            float brightness = (random.NextSingle() * 3) - 1.5f;
            foreach (ref float x in inputs[0].Floats) x += brightness;
            IReadOnlyList<TensorData> ours = network.RunReal(inputs), theirs = Ort.Run(file, inputs);
            Closeness.AssertSteps(theirs[0], ours[0], steps[0]);
            // Where the logits differ by a step up and another by one down, probabilities differ by up to half of that.
            Closeness.AssertReal(theirs[1], ours[1], 0, steps[1] + (steps[0] / 2));
            (int a, int b) = (TestModels.ArgMax(ours[0]), TestModels.ArgMax(theirs[0]));
            Assert.True(a == b || ours[0].ToDouble(a) - ours[0].ToDouble(b) <= 1.01 * steps[0], $"Sample {sample} is of class {a}, ONNX Runtime says {b}.");
            classes.Add(a);
        }

        Assert.True(classes.Count > 1, "The class is the same everywhere.");
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void What_only_moves_elements_cancels(int channels, bool quantised)
    {
        byte[] model = Classifier(channels);
        using Compiled real = Compiled.Of(model);
        using Compiled network = Compiled.Of(model, calibration: quantised ? Compiled.RandomCalibration(real.Result.Original!, 8, -2, 2, 1) : null);
        GraphProto graph = ModelProto.Parser.ParseFrom(QdqExporter.ExportModel(network.Result.Compiled!, network.Result.Original!)).Graph;
        Assert.DoesNotContain(graph.Node, n => n.OpType is "Transpose" or "Identity");
        // Images become lists behind the mean.
        Assert.Single(graph.Node, n => n.OpType == "Reshape");
        HashSet<string> used = [.. graph.Node.SelectMany(n => n.Input), .. graph.Output.Select(o => o.Name)];
        Assert.All(graph.Node.SelectMany(n => n.Output).Concat(graph.Initializer.Select(t => t.Name)), name => Assert.Contains(name, used));
    }

    [Fact]
    public void Activations_of_16_bits_are_refused_with_the_node()
    {
        byte[] model = Classifier(3);
        using Compiled real = Compiled.Of(model);
        using Compiled network = Compiled.Of(model, options: new CompilationOptions { Precision = Precision.Int16 },
            calibration: Compiled.RandomCalibration(real.Result.Original!, 8, -2, 2, 1));
        ModelCompilationException refused = Refused(network.Result.Compiled!, network.Result.Original!);
        Assert.NotNull(refused.Node);
        Assert.Contains("16 bits", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_lives_from_run_to_run_is_refused_with_the_node()
    {
        var g = new CaseBuilder(1);
        Value x = g.Input(1, 4), state = g.State(x.TensorType);
        Value sum = g.Apply(new Binary(BinaryKind.Add, ActivationRange.None), x, state);
        g.Become(state, sum);
        ModelGraph graph = g.Build(sum);
        ModelCompilationException refused = Refused(graph, graph);
        Assert.Contains("Binary", refused.Node, StringComparison.Ordinal);
        Assert.Contains("from run to run", refused.Reason, StringComparison.Ordinal);
    }

    private static ModelCompilationException Refused(ModelGraph graph, ModelGraph original)
    {
        var refused = Assert.Throws<ModelCompilationException>(() => QdqExporter.ExportModel(graph, original));
        Assert.Equal("MC2006", refused.Code);
        return refused;
    }

    private static byte[] Classifier(int channels)
    {
        var g = new OnnxGraph(channels);
        string x = Relu(g.Apply("Conv", [g.Input(1, channels, 12, 12), g.Weights(8, channels, 3, 3), g.Uniform(-1, 1, 8)], Pads));
        string branch = Relu(g.Apply("Conv", [x, g.Weights(8, 1, 3, 3), g.Uniform(-1, 1, 8)], Pads, ("group", 8)));
        branch = g.Apply("Conv", [branch, g.Weights(8, 8, 1, 1), g.Uniform(-1, 1, 8)]);
        x = Relu(g.Apply("Add", [branch, x]));
        x = g.Apply("MaxPool", [x], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }));
        x = Relu(g.Apply("Conv", [x, g.Weights(16, 8, 3, 3)], Pads));
        x = g.Apply("AveragePool", [x], ("kernel_shape", new[] { 3, 3 }), ("strides", new[] { 3, 3 }));
        x = g.Apply("Flatten", [g.Apply("GlobalAveragePool", [x])]);
        x = g.Apply("Gemm", [x, g.Uniform(-3, 3, 10, 16), g.Uniform(-1, 1, 10)], ("transB", 1));
        return g.Output(x).Output(g.Apply("Softmax", [x])).Write();

        string Relu(string value) => g.Apply("Relu", [value]);
    }

    private static (string Name, object Value) Pads => ("pads", new[] { 1, 1, 1, 1 });

    private static void Compare(Compiled network, Random random)
    {
        byte[] file = QdqExporter.ExportModel(network.Result.Compiled!, network.Result.Original!);
        using Compiled again = Compiled.Of(file);
        Assert.Equal(network.Generated.Inputs.Select(e => (e.Name, e.Shape)), again.Generated.Inputs.Select(e => (e.Name, e.Shape)));
        Assert.Equal(network.Generated.Outputs.Select(e => (e.Name, e.Shape)), again.Generated.Outputs.Select(e => (e.Name, e.Shape)));
        for (int sample = 0; sample < 3; sample++)
        {
            TensorData[] inputs = network.RandomInputs(random);
            IReadOnlyList<TensorData> ours = network.RunReal(inputs), imported = again.RunReal(inputs);
            TensorData[] theirs = Ort.Run(file, inputs);
            for (int i = 0; i < ours.Count; i++)
            {
                double step = network.Generated.Outputs[i].IsQuantized ? network.Generated.Outputs[i].Scale : 0.01;
                Closeness.AssertSteps(theirs[i], ours[i], step);
                Closeness.AssertSteps(imported[i], ours[i], step);
            }
        }
    }
}
