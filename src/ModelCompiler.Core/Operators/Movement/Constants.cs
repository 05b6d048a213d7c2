using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Operators;

/// <summary>ONNX operators whose result follows from shapes and constants alone: nothing of them is left in the network.</summary>
internal static class Constants
{
    private const int MostElements = 1 << 26;

    [OnnxOperator("Shape", Integers = IntegerSupport.Constant)]
    internal static void ShapeFromOnnx(OnnxNode node)
    {
        Shape shape = node.Value(0).Shape;
        int start = FromFront(node.Int("start", 0));
        int end = Math.Max(FromFront(node.Int("end", shape.Rank)), start);
        Bind(node, Longs([.. shape.Skip(start).Take(end - start).Select(d => (long)d)]));

        int FromFront(int axis) => Math.Clamp(axis < 0 ? axis + shape.Rank : axis, 0, shape.Rank);
    }

    [OnnxOperator("Size", Integers = IntegerSupport.Constant)]
    internal static void SizeFromOnnx(OnnxNode node) => Bind(node, Longs([node.Value(0).Shape.Elements]).Reshape(new Shape()));

    [OnnxOperator("ConstantOfShape", Integers = IntegerSupport.Constant)]
    internal static void ConstantOfShapeFromOnnx(OnnxNode node)
    {
        TensorData value = node.Tensor("value") ?? TensorData.Of(new Shape(1), [0f]);
        int[] dimensions = node.ConstantInput(0, "shape").ToInt32s();
        if (dimensions.Any(d => d < 0) || value.Count != 1) throw node.Malformed("A dimension is negative, or the value is not a single one.");
        Bind(node, Filled(value, Reasonable(node, new Shape(dimensions))));
    }

    /// <summary>A tensor of one value.</summary>
    public static TensorData Filled(TensorData value, Shape shape)
    {
        var data = new TensorData(value.Type, shape);
        int size = value.Type.Size();
        for (int i = 0; i < data.Count; i++) value.Bytes.AsSpan(0, size).CopyTo(data.Bytes.AsSpan(i * size));
        return data;
    }

    [OnnxOperator("Range", Integers = IntegerSupport.Constant)]
    internal static void RangeFromOnnx(OnnxNode node)
    {
        (TensorData start, TensorData limit, TensorData delta) =
            (node.ConstantInput(0, "start"), node.ConstantInput(1, "limit"), node.ConstantInput(2, "step"));
        (double from, double step) = (start.ToDouble(0), delta.ToDouble(0));
        double count = Math.Max(Math.Ceiling((limit.ToDouble(0) - from) / step), 0);
        if (double.IsNaN(count) || count > int.MaxValue) throw node.Malformed("The range does not end.");
        var data = new TensorData(start.Type, Reasonable(node, new Shape((int)count)));
        for (int i = 0; i < data.Count; i++) data.Set(i, from + (i * step));
        Bind(node, data);
    }

    [OnnxOperator("EyeLike", Integers = IntegerSupport.Constant)]
    internal static void EyeLikeFromOnnx(OnnxNode node)
    {
        Value like = node.Value(0);
        if (like.Shape.Rank != 2) throw node.Malformed($"The input of shape {like.Shape} is not a matrix.");
        var data = new TensorData(node.HasAttribute("dtype") ? node.StoredType(node.TypeAttribute("dtype", DataType.Float)) : like.Type,
            Reasonable(node, like.Shape));
        for (int row = 0; row < like.Shape[0]; row++)
        {
            if (row + (long)node.Int("k", 0) is var column and >= 0 && column < like.Shape[1]) data.Set((row * like.Shape[1]) + (int)column, 1);
        }

        Bind(node, data);
    }

    [OnnxOperator("HannWindow", Integers = IntegerSupport.Constant)]
    internal static void HannFromOnnx(OnnxNode node) => Window(node, 0.5, 0.5, 0);

    [OnnxOperator("HammingWindow", Integers = IntegerSupport.Constant)]
    internal static void HammingFromOnnx(OnnxNode node) => Window(node, 25.0 / 46, 1 - (25.0 / 46), 0);

    [OnnxOperator("BlackmanWindow", Integers = IntegerSupport.Constant)]
    internal static void BlackmanFromOnnx(OnnxNode node) => Window(node, 0.42, 0.5, 0.08);

    // a − b · cos(2πi / n) + c · cos(4πi / n), with n the size or, when symmetric, one less.
    private static void Window(OnnxNode node, double a, double b, double c)
    {
        int size = node.ConstantInput(0, "size").ToInt32(0);
        if (size < 1) throw node.Malformed($"The size is {size}.");
        var data = new TensorData(node.StoredType(node.TypeAttribute("output_datatype", DataType.Float)), Reasonable(node, new Shape(size)));
        double period = Math.Max(node.Int("periodic", 1) != 0 ? size : size - 1, 1);
        for (int i = 0; i < size; i++) data.Set(i, a - (b * Math.Cos(2 * Math.PI * i / period)) + (c * Math.Cos(4 * Math.PI * i / period)));
        Bind(node, data);
    }

    // Triangular filters on the mel scale, as in the ONNX definition: columns are mel bins, rows are bins of the spectrogram.
    [OnnxOperator("MelWeightMatrix", Integers = IntegerSupport.Constant)]
    internal static void MelFromOnnx(OnnxNode node)
    {
        int bins = node.ConstantInput(0, "number of mel bins").ToInt32(0);
        int length = node.ConstantInput(1, "length of the transform").ToInt32(0);
        int rate = node.ConstantInput(2, "sample rate").ToInt32(0);
        double low = Mel(node.ConstantInput(3, "lower edge").ToDouble(0));
        double high = Mel(node.ConstantInput(4, "upper edge").ToDouble(0));
        if (bins < 1 || length < 1 || rate < 1) throw node.Malformed("A size is not positive.");
        int rows = (length / 2) + 1;
        double step = (high - low) / (bins + 2);
        int[] edges = [.. Enumerable.Range(0, bins + 2).Select(i =>
            (int)Math.Floor((length + 1) * (700 * (Math.Pow(10, ((i * step) + low) / 2595) - 1)) / rate))];
        var data = new TensorData(node.StoredType(node.TypeAttribute("output_datatype", DataType.Float)), Reasonable(node, new Shape(rows, bins)));
        for (int i = 0; i < bins; i++)
        {
            (int left, int centre, int right) = (edges[i], edges[i + 1], edges[i + 2]);
            for (int j = left; j <= centre; j++) Put(j, i, centre == left ? 1 : (double)(j - left) / (centre - left));
            for (int j = centre; j < right; j++) Put(j, i, right == centre ? 0 : (double)(right - j) / (right - centre));
        }

        Bind(node, data);

        void Put(int row, int column, double value)
        {
            if (row >= 0 && row < rows) data.Set((row * bins) + column, value);
        }

        static double Mel(double hertz) => 2595 * Math.Log10(1 + (hertz / 700));
    }

    private static TensorData Longs(long[] values) => TensorData.Of(new Shape(values.Length), values);

    // What costs nothing in a file may not cost gigabytes here.
    private static Shape Reasonable(OnnxNode node, Shape shape) =>
        shape.Elements <= MostElements ? shape : throw new ModelCompilationException("MC1003", $"A constant of shape {shape} is too large.",
            "Use smaller dimensions.", $"'{node.Name}' ({node.Origin})");

    private static void Bind(OnnxNode node, TensorData data) => node.Bind(0, node.Graph.AddConstant(node.OutputName(0), data));
}
