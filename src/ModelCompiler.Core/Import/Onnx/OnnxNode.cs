using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>One ONNX node while it is read: its attributes and inputs, and the graph that grows.</summary>
internal sealed class OnnxNode(NodeProto proto, int opset, GraphEditor graph, Dictionary<string, int> values)
{
    private readonly Dictionary<string, AttributeProto> _attributes = proto.Attribute.GroupBy(a => a.Name).ToDictionary(g => g.Key, g => g.First());

    /// <summary>The graph that grows.</summary>
    public GraphEditor Graph { get; } = graph;

    /// <summary>Version of the operator set.</summary>
    public int Opset { get; } = opset;

    /// <summary>Name, or that of the first output where the model gives none.</summary>
    public string Name { get; } = proto.Name.Length > 0 ? proto.Name : proto.Output.FirstOrDefault(o => o.Length > 0) ?? proto.OpType;

    /// <summary>Operator type and version.</summary>
    public string Origin => $"{(proto.Domain is "" or "ai.onnx" ? "" : proto.Domain + ".")}{proto.OpType}, opset {Opset}";

    /// <summary>Number of inputs, absent ones included.</summary>
    public int InputCount => proto.Input.Count;

    /// <summary>Number of outputs, absent ones included.</summary>
    public int OutputCount => proto.Output.Count;

    /// <summary>True when the attribute is given.</summary>
    public bool HasAttribute(string name) => _attributes.ContainsKey(name);

    /// <summary>An integer attribute, saturated to 32 bits.</summary>
    public int Int(string name, int fallback) => _attributes.TryGetValue(name, out AttributeProto? a) ? Saturate(a.I) : fallback;

    /// <summary>A float attribute.</summary>
    public float Float(string name, float fallback) => _attributes.TryGetValue(name, out AttributeProto? a) ? a.F : fallback;

    /// <summary>A text attribute.</summary>
    public string Text(string name, string fallback) => _attributes.TryGetValue(name, out AttributeProto? a) ? a.S.ToStringUtf8() : fallback;

    /// <summary>A list attribute, saturated to 32 bits, or null.</summary>
    public int[]? Ints(string name) => _attributes.TryGetValue(name, out AttributeProto? a) ? [.. a.Ints.Select(Saturate)] : null;

    /// <summary>A list attribute of floats, or null.</summary>
    public float[]? Floats(string name) => _attributes.TryGetValue(name, out AttributeProto? a) ? [.. a.Floats] : null;

    /// <summary>A tensor attribute, or null.</summary>
    public TensorData? Tensor(string name) => _attributes.TryGetValue(name, out AttributeProto? a) && a.T is not null ? ReadTensor(a.T) : null;

    /// <summary>True when the optional input is there.</summary>
    public bool HasInput(int index) => index < proto.Input.Count && proto.Input[index].Length > 0;

    /// <summary>Number of an input value, −1 when an optional input is absent.</summary>
    public int Input(int index)
    {
        if (!HasInput(index)) return -1;
        return values.TryGetValue(proto.Input[index], out int id)
            ? id
            : throw new ModelCompilationException("MC1013", $"Input '{proto.Input[index]}' is computed by no earlier node.", "The file is damaged or not topologically sorted; export it again.", $"'{Name}' ({Origin})");
    }

    /// <summary>A required input.</summary>
    public Value Value(int index) => Input(index) is var id and >= 0 ? Graph[id] : throw Malformed($"Input {index} is missing.");

    /// <summary>A required input whose content must be known at build time.</summary>
    public TensorData ConstantInput(int index, string what) => Value(index).Constant
        ?? throw Unsupported($"The {what} is computed at run time.", $"Make the {what} an initializer, or simplify the model before exporting.");

    /// <summary>True when the content is known at build time: constants, and constants that are dequantised, which keep a note of their quantisation.</summary>
    public static bool IsKnown(Value value) => value.Constant is not null || (value.Type == ElementType.Float32 && value.Quantization is not null);

    /// <summary>Content of an optional input that must be known at build time, or null when absent.</summary>
    public TensorData? OptionalConstant(int index, string what) => HasInput(index) ? ConstantInput(index, what) : null;

    /// <summary>Adds an intermediate node.</summary>
    public Value Add(string suffix, Operator op, params ReadOnlySpan<int> inputs) => Graph.Add($"{Name}/{suffix}", Origin, op, inputs);

    /// <summary>Adds an intermediate node whose output is quantised as two constant inputs (scale, zero point) say.</summary>
    public Value AddQuantized(string suffix, Operator op, int scale, int zeroPoint, params ReadOnlySpan<int> inputs)
    {
        (QuantizationParameters q, ElementType type) = Parameters(scale, zeroPoint, 0);
        return Graph.Add($"{Name}/{suffix}", Origin, op, inputs, q, type);
    }

    /// <summary>Adds a scalar constant.</summary>
    public Value Constant(float value) => Graph.AddConstant($"{Name}/constant", TensorData.Of(new Shape(), [value]));

    /// <summary>Adds the node that computes output 0.</summary>
    public void Emit(Operator op, params ReadOnlySpan<int> inputs) => Bind(0, Graph.Add(OutputName(0), Origin, op, inputs));

    /// <summary>Adds the node that computes output 0, quantised as two constant inputs (scale, zero point) say.</summary>
    public void EmitQuantized(Operator op, int scale, int zeroPoint, params ReadOnlySpan<int> inputs)
    {
        (QuantizationParameters q, ElementType type) = Parameters(scale, zeroPoint, 0);
        Bind(0, Graph.Add(OutputName(0), Origin, op, inputs, q, type));
    }

    /// <summary>Lets an output be a value.</summary>
    public void Bind(int output, Value value)
    {
        if (output < proto.Output.Count && proto.Output[output].Length > 0) values[proto.Output[output]] = value.Id;
    }

    /// <summary>Name of an output.</summary>
    public string OutputName(int index) => index < proto.Output.Count && proto.Output[index].Length > 0 ? proto.Output[index] : Name;

    /// <summary>
    /// Computes output 0 from an image: brings [N, C, H, W] (or [N, C, W], as height 1) to [N, H, W, C], lets <paramref name="make"/> work on it, and brings the result back.
    /// </summary>
    public void EmitImage(int input, Func<Value, Value> make)
    {
        if (input < 0) throw Malformed("Input 0 is missing.");
        Value x = Graph[input];
        int rank = x.Shape.Rank;
        if (rank is not (3 or 4)) throw Unsupported($"An input of rank {rank} is not supported here.", "Images of rank 4 (N, C, H, W) and sequences of rank 3 (N, C, W) are.");
        if (rank == 3) x = Add("image", new Reshape(new Shape(x.Shape[0], x.Shape[1], 1, x.Shape[2])), x.Id);
        Value result = make(Add("channels_last", new Transpose([0, 2, 3, 1]), x.Id));
        if (rank == 4)
        {
            Emit(new Transpose([0, 3, 1, 2]), result.Id);
            return;
        }

        Value channelsFirst = Add("channels_first", new Transpose([0, 3, 1, 2]), result.Id);
        Emit(new Reshape(new Shape(channelsFirst.Shape[0], channelsFirst.Shape[1], channelsFirst.Shape[3])), channelsFirst.Id);
    }

    /// <summary>Brings weights [M, C, kH, kW] (or [M, C, kW]) to [M, kH, kW, C].</summary>
    public Value WeightsLast(int weights)
    {
        if (weights < 0) throw Malformed("The weights are missing.");
        Value w = Graph[weights];
        if (w.Shape.Rank == 3) w = Add("weights2d", new Reshape(new Shape(w.Shape[0], w.Shape[1], 1, w.Shape[2])), w.Id);
        if (w.Shape.Rank != 4) throw Malformed($"Weights of shape {w.Shape} do not belong to images or sequences.");
        return Add("weights_last", new Transpose([0, 2, 3, 1]), w.Id);
    }

    /// <summary>A list attribute with an entry for height and one for width; sequences have only the latter.</summary>
    public int[] Spatial(string name, int fallback) => Ints(name) switch
    {
        null => [fallback, fallback],
        [int width] => [name == "kernel_shape" ? 1 : fallback, width],
        [int height, int width] => [height, width],
        _ => throw Malformed($"Attribute '{name}' has more entries than an image has dimensions."),
    };

    /// <summary>Padding top, left, bottom, right from <c>pads</c> or <c>auto_pad</c>; image [N, H, W, C], window [.., kH, kW, ..].</summary>
    public int[] Pads(Shape image, Shape window, int[] strides, int[] dilations)
    {
        string auto = Text("auto_pad", "NOTSET");
        if (auto is "SAME_UPPER" or "SAME_LOWER")
        {
            if (strides.Any(s => s < 1)) throw Malformed("Strides must be at least 1.");
            (int top, int bottom) = Conv.SamePadding(image[1], window[1], strides[0], dilations[0]);
            (int left, int right) = Conv.SamePadding(image[2], window[2], strides[1], dilations[1]);
            return auto == "SAME_UPPER" ? [top, left, bottom, right] : [bottom, right, top, left];
        }

        return auto == "VALID" ? [0, 0, 0, 0] : Ints("pads") switch
        {
            null => [0, 0, 0, 0],
            [int before, int after] => [0, before, 0, after],
            [int top, int left, int bottom, int right] => [top, left, bottom, right],
            _ => throw Malformed("Attribute 'pads' does not have two entries per dimension."),
        };
    }

    /// <summary>An input seen as quantised with scale and zero point from two constant inputs.</summary>
    public int Quantized(int index, int scale, int zeroPoint, int axis = 0)
    {
        Value value = Value(index);
        (QuantizationParameters q, _) = Parameters(scale, zeroPoint, axis);
        if (value.Quantization == q) return value.Id;
        return value.Constant is { } constant
            ? Graph.AddConstant(value.Name, constant, q).Id
            : Graph.Add($"{Name}/reinterpret{index}", Origin, new Reinterpret(), [value.Id], q).Id;
    }

    /// <summary>Scale and zero point from two constant inputs, and the integer type they say.</summary>
    public (QuantizationParameters Parameters, ElementType Type) Parameters(int scale, int zeroPoint, int axis)
    {
        float[] scales = ConstantInput(scale, "scale").ToFloats();
        TensorData? zero = OptionalConstant(zeroPoint, "zero point");
        int[] zeros = zero?.ToInt32s() ?? new int[scales.Length];
        if (scales.Length == 0 || zeros.Length != scales.Length) throw Malformed("There are not as many zero points as scales.");
        if (scales.Any(s => !(s > 0) || float.IsInfinity(s))) throw Malformed("A scale is not a positive number.");
        return (new QuantizationParameters(scales.ToEquatableArray(), zeros.ToEquatableArray(), scales.Length == 1 ? 0 : axis), zero?.Type ?? ElementType.UInt8);
    }

    /// <summary>MC1012: the node contradicts itself.</summary>
    public ModelCompilationException Malformed(string reason) => new("MC1012", reason, "The file is damaged or was written by a faulty exporter; export it again.", $"'{Name}' ({Origin})");

    /// <summary>MC2002: the operator is known, but not in this form.</summary>
    public ModelCompilationException Unsupported(string reason, string remedy) => new("MC2002", reason, remedy, $"'{Name}' ({Origin})");

    /// <summary>A tensor of the file.</summary>
    public static TensorData ReadTensor(TensorProto tensor)
    {
        OnnxTensor read = OnnxTensorReader.Read(tensor);
        return new TensorData(read.Type, new Shape(read.Shape), read.Bytes);
    }

    private static int Saturate(long value) => (int)Math.Clamp(value, int.MinValue, int.MaxValue);
}
