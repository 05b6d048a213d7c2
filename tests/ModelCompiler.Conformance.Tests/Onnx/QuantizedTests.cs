using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;
using Tensor = ModelCompiler.Conformance.Tests.Onnx.QuantizedGraph.Tensor;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>
/// Quantised ONNX models, with operators between conversions (QDQ) and with integer operators (QLinear…), against ONNX Runtime,
/// which computes the former in float.
/// </summary>
public class QuantizedTests
{
    private static readonly Dictionary<string, Func<QuantizedGraph, Tensor>> Qdq = new()
    {
        ["conv"] = q => q.Requantize(q.Conv(Image(q), 3, 8, 3), -4, 4),
        ["conv without bias"] = q => q.Requantize(q.Conv(Image(q), 3, 8, 3, bias: ""), -4, 4),
        ["conv, one scale"] = q => q.Requantize(q.Conv(Image(q), 3, 8, 1, perChannel: false), -4, 4),
        ["conv, float bias"] = q => q.Requantize(q.Conv(Image(q), 3, 8, 3, bias: q.Graph.Uniform(-1, 1, 8)), -4, 4),
        ["conv, bias of a scale of its own"] = q => q.Requantize(q.Conv(Image(q), 3, 8, 3, bias: q.DequantizedBias(8, 0.01f, [0.001f])), -4, 4),
        ["conv, relu"] = q => q.Requantize(q.Graph.Apply("Relu", [q.Conv(Image(q), 3, 8, 3, stride: 2)]), 0, 4),
        ["conv, clip"] = q => q.Requantize(q.Graph.Apply("Clip", [q.Conv(Image(q), 3, 8, 3), q.Graph.Scalar(0), q.Graph.Scalar(1.5f)]), 0, 4),
        ["depthwise conv"] = q => q.Requantize(q.Conv(Image(q), 3, 3, 3, groups: 3), -4, 4),
        ["depthwise conv with multiplier"] = q => q.Requantize(q.Conv(Image(q), 3, 6, 3, groups: 3), -4, 4),
        ["add"] = q => q.Requantize(q.Graph.Apply("Add", [Image(q).Name, Image(q, 3).Name]), -4, 4),
        ["add, relu"] = q => q.Requantize(q.Graph.Apply("Relu", [q.Graph.Apply("Add", [Image(q).Name, Image(q, 3).Name])]), 0, 4),
        ["mul"] = q => q.Requantize(q.Graph.Apply("Mul", [Image(q).Name, Image(q, 3).Name]), -4, 4),
        ["max pool"] = q => Keep(q, Image(q), x => q.Graph.Apply("MaxPool", [x], ("kernel_shape", new[] { 3, 3 }), ("strides", new[] { 2, 2 }),
            ("pads", new[] { 1, 1, 1, 1 }))),
        ["max pool to another scale"] = q => q.Requantize(q.Graph.Apply("MaxPool", [Image(q).Name], ("kernel_shape", new[] { 2, 2 })), -2, 3),
        ["average pool"] = q => q.Requantize(q.Graph.Apply("AveragePool", [Image(q).Name], ("kernel_shape", new[] { 2, 2 })), -1.5, 1.5),
        ["global average pool"] = q => q.Requantize(q.Graph.Apply("GlobalAveragePool", [Image(q).Name]), -0.5, 0.5),
        ["reduce mean"] = q => q.Requantize(q.Graph.Apply("ReduceMean", [Image(q).Name], ("axes", new[] { 2, 3 })), -0.5, 0.5),
        ["concat"] = q => q.Requantize(q.Graph.Apply("Concat",
            [q.Requantize(q.Conv(Image(q), 3, 4, 1), -3, 3).Name, q.Requantize(q.Conv(Image(q), 3, 2, 1), -5, 5).Name], ("axis", 1)), -4, 4),
        ["sigmoid"] = q => q.Requantize(q.Graph.Apply("Sigmoid", [Image(q).Name]), 0, 1),
        ["leaky relu"] = q => q.Requantize(q.Graph.Apply("LeakyRelu", [Image(q).Name], ("alpha", 0.1f)), -0.2, 2),
        ["softmax"] = q => q.Requantize(q.Graph.Apply("Softmax", [Row(q).Name]), 0, 1),
        ["gemm"] = q => q.Requantize(q.Gemm(Row(q), 20, 9, transposed: false), -4, 4),
        ["gemm, one scale"] = q => q.Requantize(q.Gemm(Row(q), 20, 9, transposed: false, perChannel: false), -4, 4),
        ["gemm transposed"] = q => q.Requantize(q.Gemm(Row(q), 20, 9, transposed: true), -4, 4),
        ["matmul"] = q => q.Requantize(MatMul(q, Row(q), 20, 9), -4, 4),
        ["conv, conversion, flatten, gemm"] = q => q.Requantize(q.Gemm(Flatten(q, q.Requantize(q.Conv(Image(q), 3, 4, 3), -4, 4)), 224, 9, transposed: true),
            -4, 4),
        ["residual network"] = Network,
    };

    private static readonly Dictionary<string, Func<QuantizedGraph, Tensor>> QLinear = new()
    {
        ["conv"] = q => q.QLinearConv(Integers(q), 3, 8, 3, -4, 4),
        ["conv, one scale"] = q => q.QLinearConv(Integers(q), 3, 8, 3, -4, 4, perChannel: false),
        ["conv strided to relu"] = q => q.QLinearConv(Integers(q), 3, 8, 3, 0, 4, stride: 2),
        ["depthwise conv"] = q => q.QLinearConv(Integers(q), 3, 3, 3, -4, 4, groups: 3),
        ["matmul"] = q => q.QLinearMatMul(q.Quantize(q.Graph.Input(4, 20), -2, 2), 20, 9, -4, 4),
        ["add"] = q => q.Integer("QLinearAdd", [Integers(q), q.Quantize(q.Graph.Input(1, 3, 7, 8), -3, 3)], -4, 4),
        ["mul"] = q => q.Integer("QLinearMul", [Integers(q), q.Quantize(q.Graph.Input(1, 3, 7, 8), -3, 3)], -4, 4),
        ["average pool"] = q => q.Integer("QLinearAveragePool", [Integers(q)], -1.5, 1.5, ("kernel_shape", new[] { 2, 2 })),
        ["global average pool"] = q => q.Integer("QLinearGlobalAveragePool", [Integers(q)], -0.5, 0.5),
        ["sigmoid"] = q => q.Integer("QLinearSigmoid", [Integers(q)], 0, 1),
        ["leaky relu"] = q => q.Integer("QLinearLeakyRelu", [Integers(q)], -0.2, 2, ("alpha", 0.1f)),
        ["concat"] = q => Concat(q, q.QLinearConv(Integers(q), 3, 4, 1, -4, 4), q.QLinearConv(Integers(q), 3, 2, 3, -5, 5)),
        ["residual network"] = IntegerNetwork,
    };

    public static TheoryData<string, bool> QdqCases() => Crossed(Qdq.Keys);

    public static TheoryData<string, bool> QLinearCases() => Crossed(QLinear.Keys);

    [Theory]
    [MemberData(nameof(QdqCases))]
    public void Operators_between_conversions_are_computed_in_integers(string name, bool signed)
    {
        var q = new QuantizedGraph(name.Length, signed ? DataType.Int8 : DataType.Uint8);
        Tensor output = Qdq[name](q);
        Compare(q, output, q.Graph.Output(output.Name));
    }

    [Theory]
    [MemberData(nameof(QdqCases))]
    public void Operators_between_conversions_may_change_the_type(string name, bool signed)
    {
        var q = new QuantizedGraph(name.Length, signed ? DataType.Int8 : DataType.Uint8) { Alternates = true };
        Tensor output = Qdq[name](q);
        byte[] model = q.Graph.Output(output.Name).Write();
        using Compiled network = Compiled.Of(model);
        CompareValues(q, output, model, network);
    }

    [Theory]
    [MemberData(nameof(QLinearCases))]
    public void Integer_operators_give_what_ONNX_Runtime_gives(string name, bool signed)
    {
        var q = new QuantizedGraph(name.Length, signed ? DataType.Int8 : DataType.Uint8);
        Tensor output = QLinear[name](q);
        Compare(q, output, q.Graph.Output(q.Dequantize(output)));
    }

    public static TheoryData<string> OneTypeCases() =>
        new(QLinear.Keys.Where(name => !name.Contains("conv", StringComparison.Ordinal) && name is not ("matmul" or "concat" or "residual network")));

    [Theory]
    [MemberData(nameof(OneTypeCases))]
    public void Integer_operators_of_one_type_refuse_another_for_the_result(string name)
    {
        var q = new QuantizedGraph(name.Length) { Alternates = true };
        Tensor output = QLinear[name](q);
        CompilationResult result = ModelCompilation.Run(new CompilationInput("test.onnx", q.Graph.Output(q.Dequantize(output)).Write(),
            new CompilationOptions(), null));
        Diagnostic refused = Assert.Single(result.Diagnostics);
        Assert.Equal("MC1012", refused.Code);
        Assert.Matches("of one type|of different types", refused.Reason);
    }

    public static TheoryData<string, bool, bool> LayersWithZeroPoints()
    {
        var data = new TheoryData<string, bool, bool>();
        foreach (string name in new[] { "conv", "conv, float bias", "conv, relu", "depthwise conv", "depthwise conv with multiplier", "gemm",
            "gemm transposed", "matmul", "residual network" })
        {
            foreach (bool signed in new[] { false, true })
            {
                data.Add(name, signed, false);
                data.Add(name, signed, true);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(LayersWithZeroPoints))]
    public void Weights_may_have_a_zero_point_per_channel(string name, bool signedActivations, bool signedWeights)
    {
        var q = WithZeros(name.Length, signedActivations, signedWeights, QuantizedGraph.WeightZeros.PerChannel);
        Tensor output = Qdq[name](q);
        Compare(q, output, q.Graph.Output(output.Name));
    }

    // ONNX Runtime's integer operators want one zero point; it computes the same network between conversions in float.
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void Weights_of_integer_operators_may_have_a_zero_point_per_channel(bool signedActivations, bool signedWeights)
    {
        var layers = new (Func<QuantizedGraph, Tensor> Integer, Func<QuantizedGraph, Tensor> Real)[]
        {
            (q => q.QLinearConv(Integers(q), 3, 8, 3, -4, 4), q => q.Quantize(q.Conv(Image(q), 3, 8, 3), -4, 4)),
            (q => q.QLinearConv(Integers(q), 3, 3, 3, -4, 4, groups: 3), q => q.Quantize(q.Conv(Image(q), 3, 3, 3, groups: 3), -4, 4)),
            (q => q.QLinearMatMul(q.Quantize(q.Graph.Input(4, 20), -2, 2), 20, 9, -4, 4, perChannel: true), q => q.Quantize(MatMul(q, Row(q), 20, 9), -4, 4)),
        };
        foreach (QuantizedGraph.WeightZeros zeros in new[] { QuantizedGraph.WeightZeros.PerChannel, QuantizedGraph.WeightZeros.Scalar })
        {
            foreach ((Func<QuantizedGraph, Tensor> integer, Func<QuantizedGraph, Tensor> real) in layers)
            {
                var q = WithZeros(3, signedActivations, signedWeights, zeros);
                Tensor output = integer(q);
                byte[] model = q.Graph.Output(q.Dequantize(output)).Write();
                var between = WithZeros(3, signedActivations, signedWeights,
                    zeros == QuantizedGraph.WeightZeros.Scalar ? QuantizedGraph.WeightZeros.Equal : zeros);
                byte[] oracle = between.Graph.Output(between.Dequantize(real(between))).Write();
                using Compiled network = Compiled.Of(model);
                AssertIntegerKernels(network);
                TensorData[] inputs = network.RandomInputs(q.Graph.Random);
                Closeness.AssertSteps(Ort.Run(oracle, inputs)[0], network.RunReal(inputs)[0], output.Scale);
            }
        }
    }

    [Theory]
    [InlineData("conv")]
    [InlineData("conv, float bias")]
    [InlineData("depthwise conv")]
    [InlineData("gemm transposed")]
    [InlineData("matmul")]
    [InlineData("gemm, one scale")]
    [InlineData("residual network")]
    public void Scales_of_weights_may_be_negative(string name)
    {
        var q = new QuantizedGraph(name.Length, DataType.Int8) { NegativeScales = true };
        Tensor output = Qdq[name](q);
        Compare(q, output, q.Graph.Output(output.Name));
        if (name is not ("conv" or "depthwise conv")) return;

        // The integer operator against the same network between conversions.
        (QuantizedGraph integer, QuantizedGraph between) = (new(3, DataType.Int8) { NegativeScales = true }, new(3, DataType.Int8) { NegativeScales = true });
        (int filters, int groups) = name == "conv" ? (8, 1) : (3, 3);
        output = integer.QLinearConv(Integers(integer), 3, filters, 3, -4, 4, groups: groups);
        byte[] model = integer.Graph.Output(integer.Dequantize(output)).Write(),
            oracle = between.Graph.Output(between.Dequantize(between.Quantize(between.Conv(Image(between), 3, filters, 3, groups: groups), -4, 4))).Write();
        using Compiled network = Compiled.Of(model);
        AssertIntegerKernels(network);
        TensorData[] inputs = network.RandomInputs(integer.Graph.Random);
        Closeness.AssertSteps(Ort.Run(oracle, inputs)[0], network.RunReal(inputs)[0], output.Scale);
    }

    private static QuantizedGraph WithZeros(int seed, bool signedActivations, bool signedWeights, QuantizedGraph.WeightZeros zeros) =>
        new(seed, signedActivations ? DataType.Int8 : DataType.Uint8) { WeightsType = signedWeights ? DataType.Int8 : DataType.Uint8, WeightsZero = zeros };

    [Fact]
    public void Scales_per_input_channel_stay_in_float()
    {
        var q = new QuantizedGraph(1);
        var weights = q.Weights([3, 3, 3, 3], 1, perChannel: true);
        string result = q.Graph.Apply("Conv", [Image(q).Name,
            q.Graph.Apply("DequantizeLinear", [weights.Integers, weights.ScaleName, weights.ZeroName], ("axis", 1))]);
        Tensor output = q.Requantize(result, -4, 4);
        byte[] model = q.Graph.Output(output.Name).Write();
        using Compiled network = Compiled.Of(model);
        Assert.Contains("ConvFloat32", network.Kernels);
        TensorData[] inputs = network.RandomInputs(q.Graph.Random);
        Closeness.AssertSteps(Ort.Run(model, inputs)[0], network.RunReal(inputs)[0], output.Scale);
    }

    [Fact]
    public void Integers_may_be_inputs_and_outputs()
    {
        var q = new QuantizedGraph(1);
        Tensor input = q.Parameters(-2, 2, q.Graph.Input(DataType.Uint8, 1, 3, 7, 8));
        Tensor output = q.Quantize(q.Graph.Apply("Relu", [q.Conv(input with { Name = q.Dequantize(input) }, 3, 8, 3)]), 0, 4);
        byte[] model = q.Graph.Output(output.Name, DataType.Uint8).Write();
        using Compiled network = Compiled.Of(model);
        Assert.Equal((ElementType.UInt8, ElementType.UInt8), (network.Generated.Inputs[0].Type, network.Generated.Outputs[0].Type));
        AssertIntegerKernels(network);
        TensorData raw = new(ElementType.UInt8, network.Generated.Inputs[0].Shape);
        q.Graph.Random.NextBytes(raw.Bytes);
        TensorData actual = network.Generated.RunRaw([raw])[0];
        Assert.Equal(network.Reference.RunRaw([raw])[0].Bytes, actual.Bytes);
        Closeness.AssertSteps(Ort.Run(model, [raw])[0], actual, 1);
    }

    private static void Compare(QuantizedGraph q, Tensor output, OnnxGraph graph)
    {
        byte[] model = graph.Write();
        using Compiled network = Compiled.Of(model);
        AssertIntegerKernels(network);
        CompareValues(q, output, model, network);
    }

    private static void CompareValues(QuantizedGraph q, Tensor output, byte[] model, Compiled network)
    {
        for (int sample = 0; sample < 3; sample++)
        {
            TensorData[] inputs = network.RandomInputs(q.Graph.Random);
            Closeness.AssertSteps(Ort.Run(model, inputs)[0], network.RunReal(inputs)[0], output.Scale);
        }
    }

    private static void AssertIntegerKernels(Compiled network)
    {
        string[] real = [.. network.Kernels.Where(k => k.EndsWith("Float32", StringComparison.Ordinal)
            || k.StartsWith("Dequantize", StringComparison.Ordinal))];
        Assert.True(real.Length == 0, $"Not computed in integers: {string.Join(", ", real)}. All kernels: {string.Join(", ", network.Kernels)}.");
    }

    private static TheoryData<string, bool> Crossed(IEnumerable<string> names)
    {
        var data = new TheoryData<string, bool>();
        foreach (string name in names)
        {
            data.Add(name, false);
            data.Add(name, true);
        }

        return data;
    }

    private static Tensor Image(QuantizedGraph q, double range = 2) => q.Requantize(q.Graph.Input(1, 3, 7, 8), -range, range);

    private static Tensor Row(QuantizedGraph q) => q.Requantize(q.Graph.Input(4, 20), -2, 2);

    private static Tensor Integers(QuantizedGraph q) => q.Quantize(q.Graph.Input(1, 3, 7, 8), -2, 2);

    // An operator that hands values on keeps their scale and zero point.
    private static Tensor Keep(QuantizedGraph q, Tensor x, Func<string, string> apply)
    {
        string y = apply(x.Name);
        return x with { Name = q.Graph.Apply("DequantizeLinear", [q.Graph.Apply("QuantizeLinear", [y, x.ScaleName, x.ZeroName]), x.ScaleName, x.ZeroName]) };
    }

    private static Tensor Flatten(QuantizedGraph q, Tensor x) => Keep(q, x, name => q.Graph.Apply("Flatten", [name]));

    private static string MatMul(QuantizedGraph q, Tensor x, int inputs, int outputs)
    {
        var weights = q.Weights([inputs, outputs], 1, perChannel: true);
        return q.Graph.Apply("MatMul", [x.Name, q.Graph.Apply("DequantizeLinear", [weights.Integers, weights.ScaleName, weights.ZeroName], ("axis", 1))]);
    }

    private static Tensor Concat(QuantizedGraph q, Tensor a, Tensor b)
    {
        Tensor y = q.Parameters(-4, 4);
        return y with { Name = q.Graph.Apply("QLinearConcat", OnnxGraph.Microsoft, [y.ScaleName, y.ZeroName, .. a.Inputs, .. b.Inputs], ("axis", 1)) };
    }

    private static Tensor Network(QuantizedGraph q)
    {
        Tensor x = q.Requantize(q.Graph.Apply("Relu", [q.Conv(q.Requantize(q.Graph.Input(1, 3, 12, 10), -2, 2), 3, 16, 3, stride: 2)]), 0, 4);
        Tensor y = q.Requantize(q.Graph.Apply("Relu", [q.Conv(x, 16, 16, 3, groups: 16)]), 0, 4);
        y = q.Requantize(q.Conv(y, 16, 16, 1), -4, 4);
        y = q.Requantize(q.Graph.Apply("Add", [x.Name, y.Name]), -4, 6);
        y = Keep(q, y, name => q.Graph.Apply("MaxPool", [name], ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 })));
        y = q.Requantize(q.Graph.Apply("GlobalAveragePool", [y.Name]), -2, 4);
        return q.Requantize(q.Gemm(Flatten(q, y), 16, 10, transposed: true), -6, 6);
    }

    private static Tensor IntegerNetwork(QuantizedGraph q)
    {
        Tensor x = q.QLinearConv(q.Quantize(q.Graph.Input(1, 3, 12, 10), -2, 2), 3, 16, 3, 0, 4, stride: 2);
        Tensor y = q.QLinearConv(x, 16, 16, 3, 0, 4, groups: 16);
        y = q.QLinearConv(y, 16, 16, 1, -4, 4);
        y = q.Integer("QLinearAdd", [x, y], -4, 6);
        y = q.Integer("QLinearGlobalAveragePool", [y], -2, 4);
        return q.QLinearMatMul(y with { Name = q.Graph.Apply("Flatten", [y.Name]) }, 16, 10, -6, 6);
    }
}
