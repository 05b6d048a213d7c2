using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Operators;

/// <summary>
/// Quantised operators in their general form, composed of simpler ones: scales and zero points that are computed, scales per block,
/// and integers other than 8 bits. The common form, 8 bits with constant scales, has kernels of its own.
/// </summary>
internal static class QuantizationBindings
{
    /// <summary>QuantizeLinear: saturate(round(x ÷ scale) + zero point), ties to even.</summary>
    public static void Quantize(OnnxNode node)
    {
        Value x = node.Value(0);
        DataType type = node.NarrowType(2) is var narrow && narrow != DataType.Undefined ? narrow
            : node.HasInput(2) ? Cast.TypeOf(node.Value(2).Type)
            : node.TypeAttribute("output_dtype", DataType.Uint8) is var wanted && wanted != DataType.Undefined ? wanted : DataType.Uint8;
        Value ratio = node.Call("Div", [Cast.To(node, x, ElementType.Float32), Slices(node, Cast.To(node, node.Value(1), ElementType.Float32), x.Shape)]);
        Value? zero = node.HasInput(2) ? Slices(node, Cast.To(node, node.Value(2), ElementType.Float32), x.Shape) : null;
        node.Bind(0, NarrowFloat.Find(type) is not null
            ? Cast.Convert(node, zero is null ? ratio : node.Call("Add", [ratio, zero]), type, node.Int("saturate", 1) != 0)
            : Saturate(node, node.Call("Round", [ratio]), zero, type));
        node.DeclareType(0, OnnxTensorReader.IsNarrow(type) ? type : DataType.Undefined);
    }

    /// <summary>DequantizeLinear: (x − zero point) · scale, of the type of the scale.</summary>
    public static void Dequantize(OnnxNode node)
    {
        Value x = node.Value(0);
        Value real = Cast.To(node, x, ElementType.Float32);
        if (node.HasInput(2)) real = node.Call("Sub", [real, Slices(node, Cast.To(node, node.Value(2), ElementType.Float32), x.Shape)]);
        real = node.Call("Mul", [real, Slices(node, Cast.To(node, node.Value(1), ElementType.Float32), x.Shape)]);
        DataType type = node.TypeAttribute("output_dtype", DataType.Undefined);
        node.Bind(0, type == DataType.Undefined ? node.Narrow(real, node.Value(1).Type) : Cast.Convert(node, real, type));
        node.DeclareType(0, DataType.Undefined);
    }

    /// <summary>QLinearMatMul, with a scale per row of a and per column of b where there are several.</summary>
    public static void MatrixProduct(OnnxNode node)
    {
        (Value a, Value b) = (node.Value(0), node.Value(3));
        Value sums = MatMul.Emit(node, a, b, ElementType.Int32, node.Input(2), node.Input(5));
        Value rows = node.Value(1) is { Shape.Rank: 1 } perRow && perRow.Shape[0] > 1 ? node.Add("rows", new Reshape(new Shape(perRow.Shape[0], 1)), perRow.Id)
            : Scalar(node, node.Value(1));
        node.Bind(0, Requantize(node, sums, rows, Scalar(node, node.Value(4)), 6, 7));
    }

    /// <summary>QLinearConv, with a scale per output channel where there are several.</summary>
    public static void Convolution(OnnxNode node)
    {
        Value sums = ConvChannelsFirst.Emit(node, node.Value(0), node.Value(3), node.Input(8), node.Input(2), node.Input(5));
        Value weights = node.Value(4);
        Value channels = weights.Shape.Elements == 1 ? Scalar(node, weights)
            : node.Add("channels", new Reshape(new Shape([weights.Shape.Elements, .. Enumerable.Repeat(1, sums.Shape.Rank - 2)])), weights.Id);
        node.Bind(0, Requantize(node, sums, Scalar(node, node.Value(1)), channels, 6, 7));
    }

    [OnnxOperator("DynamicQuantizeLinear", Integers = IntegerSupport.Yes)]
    internal static void DynamicFromOnnx(OnnxNode node)
    {
        Value x = node.Value(0);
        Value zero = node.ScalarLike(x, 0);
        Value low = node.Call("Min", [zero, node.Call("ReduceMin", [x], ("keepdims", 0))]);
        Value high = node.Call("Max", [zero, node.Call("ReduceMax", [x], ("keepdims", 0))]);
        Value scale = node.Call("Div", [node.Call("Sub", [high, low]), node.ScalarLike(x, 255)]);
        // Nothing but zeros: any scale will do.
        scale = node.Call("Where", [node.Call("Equal", [scale, zero]), node.ScalarLike(x, 1), scale]);
        Value zeroPoint = Saturate(node, node.Call("Round", [node.Call("Neg", [node.Call("Div", [low, scale])])]), null, DataType.Uint8);
        node.Bind(0, Saturate(node, node.Call("Round", [node.Call("Div", [x, scale])]), Cast.To(node, zeroPoint, ElementType.Float32), DataType.Uint8));
        node.Bind(1, scale);
        node.Bind(2, zeroPoint);
    }

    [OnnxOperator("MatMulIntegerToFloat", "com.microsoft", Integers = IntegerSupport.Yes)]
    internal static void IntegerToFloatFromOnnx(OnnxNode node) =>
        node.Bind(0, Scaled(node, MatMul.Emit(node, node.Value(0), node.Value(1), ElementType.Int32, node.Input(4), node.Input(5)), node.Value(2),
            node.Value(3), 6));

    // a is quantised as it comes; b has a scale, an optional zero point and an optional bias.
    [OnnxOperator("DynamicQuantizeMatMul", "com.microsoft", Integers = IntegerSupport.Yes)]
    internal static void DynamicProductFromOnnx(OnnxNode node)
    {
        IReadOnlyList<Value> a = node.Call("DynamicQuantizeLinear", 3, [node.Value(0)]);
        node.Bind(0, Scaled(node, MatMul.Emit(node, a[0], node.Value(1), ElementType.Int32, a[2].Id, node.Input(3)), a[1], node.Value(2), 4));
    }

    // a, its scale and zero point, b, its scales and zero points, an int32 bias, optional scale and zero point of the output, which else is float.
    [OnnxOperator("QGemm", "com.microsoft", Integers = IntegerSupport.Yes)]
    internal static void QuantizedGemmFromOnnx(OnnxNode node)
    {
        Value a = node.Value(0), b = node.Value(3);
        if (node.Int("transA", 0) != 0) a = node.Add("a", new Transpose([1, 0]), a.Id);
        if (node.Int("transB", 0) != 0) b = node.Add("b", new Transpose([1, 0]), b.Id);
        Value sums = MatMul.Emit(node, a, b, ElementType.Int32, node.Input(2), node.Input(5));
        if (node.HasInput(6)) sums = node.Call("Add", [sums, node.Value(6)]);
        Value left = node.Call("Mul", [Scalar(node, node.Value(1)), node.ScalarLike(node.Value(1), node.Float("alpha", 1))]);
        node.Bind(0, node.HasInput(7) ? Requantize(node, sums, left, Scalar(node, node.Value(4)), 7, 8) : Scaled(node, sums, left, node.Value(4), 99));
    }

    private static Value Scaled(OnnxNode node, Value sums, Value a, Value b, int bias)
    {
        Value result = node.Call("Mul", [Cast.To(node, sums, ElementType.Float32), node.Call("Mul", [Scalar(node, a), Scalar(node, b)])]);
        return node.HasInput(bias) ? node.Call("Add", [result, node.Value(bias)]) : result;
    }

    private static Value Requantize(OnnxNode node, Value sums, Value a, Value b, int scale, int zeroPoint)
    {
        Value factor = node.Call("Div", [node.Call("Mul", [Cast.To(node, a, ElementType.Float32), Cast.To(node, b, ElementType.Float32)]),
            Scalar(node, Cast.To(node, node.Value(scale), ElementType.Float32))]);
        Value zero = node.HasInput(zeroPoint) ? node.Value(zeroPoint)
            : node.Graph.AddConstant($"{node.Name}/zero", new TensorData(ElementType.UInt8, new Shape()));
        return Saturate(node, node.Call("Round", [node.Call("Mul", [Cast.To(node, sums, ElementType.Float32), factor])]),
            Scalar(node, Cast.To(node, zero, ElementType.Float32)), Cast.TypeOf(zero.Type));
    }

    // Adds the zero point, clamps and converts.
    private static Value Saturate(OnnxNode node, Value real, Value? zero, DataType type)
    {
        if (zero is not null) real = node.Call("Add", [real, zero]);
        (double min, double max) = type switch
        {
            DataType.Int8 => ((double)sbyte.MinValue, (double)sbyte.MaxValue),
            DataType.Uint16 => (0, ushort.MaxValue),
            DataType.Int16 => (short.MinValue, short.MaxValue),
            DataType.Int4 => (-8, 7),
            DataType.Uint4 => (0, 15),
            DataType.Int2 => (-2, 1),
            DataType.Uint2 => (0, 3),
            DataType.Int32 => (int.MinValue, int.MaxValue),
            _ => (0, byte.MaxValue),
        };
        return Cast.To(node, node.Add("clamped", new Elementwise("ClampNumber", ElementKind.Number, null, min, max), real.Id), node.StoredType(type));
    }

    private static Value Scalar(OnnxNode node, Value x) => x.Shape.Rank > 0 && x.Shape.Elements == 1 ? node.Add("scalar", new Reshape(new Shape()), x.Id) : x;

    // A scale for the whole tensor, for every slice of an axis, or for blocks along it, so that it broadcasts to the tensor.
    private static Value Slices(OnnxNode node, Value scale, Shape shape)
    {
        if (scale.Shape.Elements == 1) return Scalar(node, scale);
        int axis = node.Axis(node.Int("axis", 1), shape.Rank);
        int block = node.Int("block_size", 0);
        if (block == 0)
        {
            if (scale.Shape.Rank != 1 || scale.Shape[0] != shape[axis])
                throw node.Malformed($"{scale.Shape} scales do not fit axis {axis} of a tensor of shape {shape}.");
            return node.Add("slices", new Reshape(new Shape(shape.Select((d, i) => i == axis ? d : 1))), scale.Id);
        }

        if (scale.Shape.Rank != shape.Rank || block < 0 || (long)scale.Shape[axis] * block < shape[axis])
            throw node.Malformed($"{scale.Shape} scales do not fit blocks of {block} in a tensor of shape {shape}.");
        var single = new Shape([.. scale.Shape.Take(axis + 1), 1, .. scale.Shape.Skip(axis + 1)]);
        Value parts = node.Add("single", new Reshape(single), scale.Id);
        parts = node.Add("repeated", Strided.Expand(single, single.With(axis + 1, block)), parts.Id);
        Value whole = node.Add("blocks", new Reshape(scale.Shape.With(axis, scale.Shape[axis] * block)), parts.Id);
        return MovementBindings.Part(node, $"{node.Name}/blocks", whole, axis, 0, shape[axis]);
    }
}
