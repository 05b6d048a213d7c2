using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Export;

/// <content>Values of the network as tensors of the file.</content>
internal sealed partial class QdqExporter
{
    /// <summary>A clamp, unless the saturation of the output's integers does it.</summary>
    private string Clamped(string real, ActivationRange activation, Value output)
    {
        if (!output.IsQuantized) return activation.IsNone ? real : Clip(activation.Min, activation.Max);
        (int low, int high) = activation.Quantized(output);
        if (low == output.Type.MinValue() && high == output.Type.MaxValue()) return real;
        return Clip((low - output.Q.ZeroPoint) * output.Q.Scale, (high - output.Q.ZeroPoint) * output.Q.Scale);

        string Clip(float min, float max) => min == 0 && float.IsPositiveInfinity(max) ? _onnx.Apply("Relu", [real])
            : _onnx.Apply("Clip", [real, _onnx.Scalar(min), _onnx.Scalar(max)]);
    }

    private void Bind(Value value, bool channelsFirst, string real) => Define(value, channelsFirst, Integers(value, real));

    /// <summary>Real numbers as a value's own type.</summary>
    private string Integers(Value value, string real) => value.IsQuantized ? _onnx.Apply("QuantizeLinear", [real, .. Parameters(value)]) : real;

    private string Real(Value value, bool channelsFirst) => Real(value, Name(value, channelsFirst));

    // Every use has a conversion of its own, which ONNX Runtime wants for fusing.
    private string Real(Value value, string name) => value.IsQuantized ? _onnx.Apply("DequantizeLinear", [name, .. Parameters(value)]) : name;

    private string[] Parameters(Value value)
    {
        int zero = value.Q.ZeroPoint - (_edges is null ? value.Type.MinValue() : 0);
        return [_onnx.Scalar(value.Q.Scale), _onnx.Constant(TypeOf(value), [], [unchecked((byte)zero)])];
    }

    private static bool IsReal(Value value, Value? original) => value.IsQuantized && original is { Type: ElementType.Float32 };

    private bool IsFirst(Value value) => _names.ContainsKey((value.Id, true));

    /// <summary>A name under which the elements lie in the network's own order.</summary>
    private string InOrder(Value value) => IsFirst(value) && IsSameOrder(value.Shape) ? Name(value, true) : Name(value, false);

    private static bool IsSameOrder(Shape shape) => shape[3] == 1 || shape[1] * shape[2] == 1;

    private string Name(Value value, bool channelsFirst)
    {
        if (_names.TryGetValue((value.Id, channelsFirst), out string? name)) return name;
        if (value.Constant is { } constant)
        {
            if (channelsFirst) constant = QdqEdge.Permute(constant.Reshape(new Shape([.. Enumerable.Repeat(1, 4 - constant.Shape.Rank), .. constant.Shape])),
                ToFirst);
            if (_edges is null) constant = new QdqEdge("", value.Type, constant.Shape, false).ToFile(constant);
            name = _onnx.Constant(TypeOf(value), [.. constant.Shape], constant.Bytes);
            _names.Add((value.Id, channelsFirst), name);
            return name;
        }

        string other = _names[(value.Id, !channelsFirst)];
        name = IsSameOrder(value.Shape)
            ? _onnx.Reshape(other, channelsFirst ? value.Shape.Permute(ToFirst) : value.Shape)
            : _onnx.Transpose(other, channelsFirst ? ToFirst : ToLast);
        Define(value, channelsFirst, name);
        return name;
    }

    private void Define(Value value, bool channelsFirst, string name)
    {
        _names.Add((value.Id, channelsFirst), name);
        _onnx.Define(name, channelsFirst ? value.Shape.Permute(ToFirst) : value.Shape);
    }

    /// <summary>Weights in the type they have.</summary>
    private string Constant(Value weights, TensorData data, int axis)
    {
        int[] shape = [.. data.Shape];
        if (!weights.IsQuantized) return _onnx.Constant(DataType.Float, shape, data.ToFloats());
        int[] slices = weights.Q.IsPerTensor ? [] : [weights.Q.Scales.Count];
        DataType type = weights.Type == ElementType.Int8 ? DataType.Int8 : DataType.Uint8;
        string[] operands =
        [
            _onnx.Constant(type, shape, data.Bytes), _onnx.Constant(DataType.Float, slices, weights.Q.Scales.ToArray()),
            _onnx.Constant(type, slices, weights.Q.ZeroPoints.Select(z => unchecked((byte)z)).ToArray()),
        ];
        return _onnx.Apply("DequantizeLinear", operands, ("axis", axis));
    }

    private string Bias(Value bias, Value x, Value weights)
    {
        TensorData data = bias.Constant!;
        if (!x.IsQuantized) return _onnx.Constant(DataType.Float, [data.Count], data.ToFloats());
        float[] scales = [.. weights.Q.Scales.Select(s => x.Q.Scale * s)];
        int[] slices = weights.Q.IsPerTensor ? [] : [scales.Length];
        string[] operands = [_onnx.Constant(DataType.Int32, [data.Count], data.ToInt32s()), _onnx.Constant(DataType.Float, slices, scales),
            _onnx.Constant(DataType.Int32, slices, new int[scales.Length])];
        return _onnx.Apply("DequantizeLinear", operands, ("axis", 0));
    }

    private DataType TypeOf(Value value) => value.Type switch
    {
        ElementType.Int8 when value.IsQuantized && _edges is not null => DataType.Int8,
        ElementType.Int8 or ElementType.UInt8 when value.IsQuantized => DataType.Uint8,
        ElementType.Bool => DataType.Bool,
        ElementType.Float32 => DataType.Float,
        ElementType.Int32 => DataType.Int32,
        ElementType.Int64 => DataType.Int64,
        _ => throw NotExported($"'{value.Name}' has elements of type {value.Type}"),
    };

    private static int AxisOf(int axis, bool channelsFirst) => channelsFirst ? Array.IndexOf(ToFirst, axis) : axis;

    private int AxisOf(int axis, Value value) => AxisOf(axis, IsFirst(value));

    private static string NameOf(BinaryKind kind) =>
        kind switch { BinaryKind.Add => "Add", BinaryKind.Subtract => "Sub", BinaryKind.Multiply => "Mul", _ => "Div" };

    private static ModelCompilationException NotExported(string why) => new("MC2006", $"The network cannot be written as an ONNX model: {why}.",
        "Written are convolutions, dense layers, pooling, means, sums, differences, products, quotients, concatenations, padding, reshapes, transpositions, "
        + "softmax and activations, in float32 and 8 bits; use the generated class for others.");
}
