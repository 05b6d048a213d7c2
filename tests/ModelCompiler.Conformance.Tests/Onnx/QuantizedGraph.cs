using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>
/// Writes quantised models as exporters do: activations of one type, int8 weights with a scale per channel, int32 biases at scale input × weight.
/// Weights keep to 7 bits, so that the oracle's 16-bit sums of pairs cannot saturate on any processor.
/// </summary>
internal sealed class QuantizedGraph(int seed, DataType activations = DataType.Uint8)
{
    private const int WeightLimit = 63;

    public OnnxGraph Graph { get; } = new(seed);

    public DataType Activations { get; private set; } = activations;

    /// <summary>True to let every other quantised tensor be of the other type: int8 where the last was uint8.</summary>
    public bool Alternates { get; init; }

    /// <summary>Type of the weights.</summary>
    public DataType WeightsType { get; init; } = DataType.Int8;

    /// <summary>How the zero points of the weights are.</summary>
    public WeightZeros WeightsZero { get; init; }

    /// <summary>True to let scales of every other channel be below zero.</summary>
    public bool NegativeScales { get; init; }

    /// <summary>Zero points of weights that have a scale per channel.</summary>
    public enum WeightZeros
    {
        /// <summary>Zero.</summary>
        None,

        /// <summary>Another for each channel.</summary>
        PerChannel,

        /// <summary>The same for each channel.</summary>
        Equal,

        /// <summary>One for all, written as a scalar.</summary>
        Scalar,
    }

    /// <summary>A tensor with its scale and zero point.</summary>
    public sealed record Tensor(string Name, float Scale, int Zero, string ScaleName, string ZeroName)
    {
        public string[] Inputs => [Name, ScaleName, ZeroName];
    }

    /// <summary>Constant scale and zero point for numbers in a range.</summary>
    public Tensor Parameters(double from, double to, string name = "")
    {
        float scale = (float)((to - from) / 255);
        int lowest = Activations == DataType.Uint8 ? 0 : -128;
        int zero = Math.Clamp((int)Math.Round(lowest - (from / scale)), lowest, lowest + 255);
        var parameters = new Tensor(name, scale, zero, Graph.Scalar(scale), Graph.Constant<byte>(Activations, [], [unchecked((byte)zero)]));
        if (Alternates) Activations = Activations == DataType.Uint8 ? DataType.Int8 : DataType.Uint8;
        return parameters;
    }

    /// <summary>Float to integers; the result is the integers.</summary>
    public Tensor Quantize(string x, double from, double to)
    {
        Tensor q = Parameters(from, to);
        return q with { Name = Graph.Apply("QuantizeLinear", [x, q.ScaleName, q.ZeroName]) };
    }

    /// <summary>Integers to float.</summary>
    public string Dequantize(Tensor x) => Graph.Apply("DequantizeLinear", x.Inputs);

    /// <summary>Float to integers and back, which is what stands between operators in QDQ models.</summary>
    public Tensor Requantize(string x, double from, double to)
    {
        Tensor q = Quantize(x, from, to);
        return q with { Name = Dequantize(q) };
    }

    /// <summary>Weights as the integers, their scales (per slice of an axis, or one for all) and zero points.</summary>
    public (string Integers, float[] Scales, string ScaleName, string ZeroName) Weights(int[] shape, int channelAxis, bool perChannel)
    {
        int channels = shape[channelAxis];
        int count = shape.Aggregate(1, (a, b) => a * b);
        double width = Math.Sqrt(3.0 * channels / count);
        float[] scales = [.. Enumerable.Range(0, perChannel ? channels : 1)
            .Select(_ => (float)(width * (0.7 + (0.6 * Graph.Random.NextDouble())) / WeightLimit))];
        if (NegativeScales) scales = [.. scales.Select((scale, i) => i % 2 == 0 ? -scale : scale)];
        int[] slices = perChannel ? [channels] : [];
        int middle = WeightsType == DataType.Uint8 ? 128 : 0;
        int[] zeros = [.. scales.Select(_ => WeightsZero == WeightZeros.None ? 0 : middle + Graph.Random.Next(-64, 65))];
        if (WeightsZero is WeightZeros.Equal or WeightZeros.Scalar) zeros = [.. zeros.Select(_ => zeros[0])];
        int inner = shape.Skip(channelAxis + 1).Aggregate(1, (a, b) => a * b);
        byte[] values = [.. Enumerable.Range(0, count).Select(i =>
            unchecked((byte)(zeros[perChannel ? i / inner % channels : 0] + Graph.Random.Next(-WeightLimit, WeightLimit + 1))))];
        bool isScalar = WeightsZero == WeightZeros.Scalar;
        return (
            Graph.Constant(WeightsType, shape, values), scales, Graph.Constant(DataType.Float, slices, scales),
            Graph.Constant(WeightsType, isScalar ? [] : slices, Array.ConvertAll(isScalar ? zeros[..1] : zeros, z => unchecked((byte)z))));
    }

    /// <summary>A bias between −1 and 1 as int32 at scale input × weight.</summary>
    public (string Integers, string ScaleName, string ZeroName) Bias(int count, float inputScale, float[] weightScales)
    {
        float[] scales = [.. Enumerable.Range(0, count).Select(i => inputScale * weightScales[weightScales.Length == 1 ? 0 : i])];
        int[] integers = [.. scales.Select(s => (int)Math.Round(((Graph.Random.NextDouble() * 2) - 1) / s))];
        if (weightScales.Length == 1) scales = scales[..1];
        int[] slices = weightScales.Length == 1 ? [] : [count];
        return (Graph.Constant(DataType.Int32, [count], integers), Graph.Constant(DataType.Float, slices, scales),
            Graph.Constant(DataType.Int32, slices, new int[scales.Length]));
    }

    /// <summary>A convolution between conversions; the float result is not converted yet. The bias is int32 unless given; empty for none.</summary>
    public string Conv(Tensor x, int inputs, int outputs, int window, int groups = 1, int stride = 1, bool perChannel = true, string? bias = null)
    {
        var weights = Weights([outputs, inputs / groups, window, window], 0, perChannel);
        string[] operands = [x.Name, Graph.Apply("DequantizeLinear", [weights.Integers, weights.ScaleName, weights.ZeroName], ("axis", 0))];
        bias ??= DequantizedBias(outputs, x.Scale, weights.Scales);
        if (bias.Length > 0) operands = [.. operands, bias];
        return Graph.Apply("Conv", operands, Geometry(window, groups, stride));
    }

    /// <summary>A fully connected layer between conversions.</summary>
    public string Gemm(Tensor x, int inputs, int outputs, bool transposed, bool perChannel = true)
    {
        var weights = Weights(transposed ? [outputs, inputs] : [inputs, outputs], transposed ? 0 : 1, perChannel);
        string dequantized = Graph.Apply("DequantizeLinear", [weights.Integers, weights.ScaleName, weights.ZeroName], ("axis", transposed ? 0 : 1));
        return Graph.Apply("Gemm", [x.Name, dequantized, DequantizedBias(outputs, x.Scale, weights.Scales)], ("transB", transposed ? 1 : 0));
    }

    /// <summary>QLinearConv on integers.</summary>
    public Tensor QLinearConv(Tensor x, int inputs, int outputs, int window, double from, double to, int groups = 1, int stride = 1, bool perChannel = true)
    {
        var weights = Weights([outputs, inputs / groups, window, window], 0, perChannel);
        Tensor y = Parameters(from, to);
        string[] operands = [.. x.Inputs, weights.Integers, weights.ScaleName, weights.ZeroName, y.ScaleName, y.ZeroName,
            Bias(outputs, x.Scale, weights.Scales).Integers];
        return y with { Name = Graph.Apply("QLinearConv", operands, Geometry(window, groups, stride)) };
    }

    /// <summary>QLinearMatMul on integers.</summary>
    public Tensor QLinearMatMul(Tensor x, int inputs, int outputs, double from, double to, bool perChannel = false)
    {
        var weights = Weights([inputs, outputs], 1, perChannel);
        Tensor y = Parameters(from, to);
        return y with { Name = Graph.Apply("QLinearMatMul", [.. x.Inputs, weights.Integers, weights.ScaleName, weights.ZeroName, y.ScaleName, y.ZeroName]) };
    }

    /// <summary>An operator of com.microsoft on the integers of its operands, with the result in a range.</summary>
    public Tensor Integer(string op, Tensor[] operands, double from, double to, params (string Name, object Value)[] attributes)
    {
        Tensor y = Parameters(from, to);
        return y with { Name = Graph.Apply(op, OnnxGraph.Microsoft, [.. operands.SelectMany(o => o.Inputs), y.ScaleName, y.ZeroName], attributes) };
    }

    /// <summary>A bias as int32 between conversions.</summary>
    public string DequantizedBias(int count, float inputScale, float[] weightScales)
    {
        var bias = Bias(count, inputScale, weightScales);
        return Graph.Apply("DequantizeLinear", [bias.Integers, bias.ScaleName, bias.ZeroName], ("axis", 0));
    }

    private static (string, object)[] Geometry(int window, int groups, int stride) =>
        [("pads", Enumerable.Repeat(window / 2, 4).ToArray()), ("group", groups), ("strides", new[] { stride, stride })];
}
