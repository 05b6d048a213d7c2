using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using ModelCompiler.Core.Operators;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>One ONNX node while it is read: its attributes and inputs, and the graph that grows.</summary>
internal sealed class OnnxNode(NodeProto proto, int opset, GraphEditor graph, OnnxScope scope, OnnxImporter importer, Dictionary<string, int> opsets)
{
    private readonly Dictionary<string, AttributeProto> _attributes = proto.Attribute.GroupBy(a => a.Name).ToDictionary(g => g.Key, g => g.First());

    private readonly Dictionary<int, int> _substitutes = [];
    private bool _handsOn;

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
        if (_substitutes.TryGetValue(index, out int substitute)) return substitute;
        if (!_handsOn && LengthOf(index) is { } bound) throw LengthAtRunTime(proto.Input[index], bound);
        return scope.Values.TryGetValue(proto.Input[index], out int id)
            ? id
            : throw new ModelCompilationException("MC1013", $"Input '{proto.Input[index]}' is computed by no earlier node.",
                "The file is damaged; export it again.", $"'{Name}' ({Origin})");
    }

    /// <summary>How many elements of an input count, when this depends on the data.</summary>
    public OnnxLength? LengthOf(int index) => HasInput(index) ? scope.Lengths.GetValueOrDefault(proto.Input[index]) : null;

    /// <summary>A required input, whether all of its elements count or not.</summary>
    public Value Peek(int index) => HasInput(index) && scope.Values.TryGetValue(proto.Input[index], out int id) ? Graph[id]
        : throw Malformed($"Input {index} is missing.");

    /// <summary>Takes another value for an input.</summary>
    public void Substitute(int index, Value value) => _substitutes[index] = value.Id;

    /// <summary>Reads the node, and notes how many elements of its output count when this depends on the data.</summary>
    public void Read(Action<OnnxNode> import)
    {
        OnnxLength? after = proto.Domain is "" or "ai.onnx" && Enumerable.Range(0, InputCount).Any(i => LengthOf(i) is not null)
            ? OnnxLengths.After(this, proto.OpType) : null;
        _handsOn = after is not null;
        import(this);
        if (after is not null) scope.Lengths[proto.Output[0]] = after with { IsRestOpen = true };
    }

    // MC2002: the operator does not hand on a number of elements that depends on the data.
    private ModelCompilationException LengthAtRunTime(string input, OnnxLength bound)
    {
        IReadOnlyList<string> inputs = Graph.InputsBehind(bound.Length);
        string from = inputs.Count > 0 ? " from " + string.Join(", ", inputs.Select(i => $"'{i}'")) : "";
        return new("MC2002", $"The number of elements of '{input}' is computed at run time{from}, and {proto.OpType} does not hand such a number on.",
            $"Let '{input}' be an output of the model and do the rest in the program, or give the inputs with the option InputValues.", $"'{Name}' ({Origin})")
        {
            NeededInputs = inputs,
        };
    }

    /// <summary>A required input.</summary>
    public Value Value(int index) => Input(index) is var id and >= 0 ? Graph[id] : throw Malformed($"Input {index} is missing.");

    /// <summary>A required input whose content must be known at build time.</summary>
    public TensorData ConstantInput(int index, string what) => Value(index).Constant ?? throw ComputedAtRunTime(Value(index), what);

    /// <summary>MC2002: a value that must be known at build time is not.</summary>
    public ModelCompilationException ComputedAtRunTime(Value value, string what)
    {
        IReadOnlyList<string> inputs = Graph.InputsBehind(value.Id);
        return new("MC2002", $"The {what} is computed at run time{(inputs.Count > 0 ? " from " + string.Join(", ", inputs.Select(i => $"'{i}'")) : "")}.",
            $"Make the {what} an initializer, give the inputs with the option {OptionText.Of(nameof(CompilationOptions.InputValues))}, or simplify the model "
            + "before exporting.", $"'{Name}' ({Origin})")
        {
            NeededInputs = inputs,
        };
    }

    /// <summary>True when the content is known at build time: constants, and constants that are dequantised, which keep a note of their quantisation.</summary>
    public static bool IsKnown(Value value) => value.Constant is not null || (value.Type == ElementType.Float32 && value.Quantization is not null);

    /// <summary>Content of an optional input that must be known at build time, or null when absent.</summary>
    public TensorData? OptionalConstant(int index, string what) => HasInput(index) ? ConstantInput(index, what) : null;

    /// <summary>Adds an intermediate node.</summary>
    public Value Add(string suffix, Operator op, params ReadOnlySpan<int> inputs) => Graph.Add($"{Name}/{suffix}", Origin, op, inputs);

    /// <summary>Adds an intermediate node with several outputs.</summary>
    public IReadOnlyList<Value> AddMany(string suffix, Operator op, params ReadOnlySpan<int> inputs) => Graph.AddMany($"{Name}/{suffix}", Origin, op, inputs);

    /// <summary>Adds an intermediate node whose output is quantised as two constant inputs (scale, zero point) say.</summary>
    public Value AddQuantized(string suffix, Operator op, int scale, int zeroPoint, params ReadOnlySpan<int> inputs)
    {
        (QuantizationParameters q, ElementType type) = ResultParameters(op, scale, zeroPoint, inputs[0]);
        return Graph.Add($"{Name}/{suffix}", Origin, op, inputs, q, type);
    }

    /// <summary>Adds a scalar constant.</summary>
    public Value Constant(float value) => Graph.AddConstant($"{Name}/constant", TensorData.Of(new Shape(), [value]));

    /// <summary>Adds the node that computes output 0.</summary>
    public void Emit(Operator op, params ReadOnlySpan<int> inputs) => Bind(0, Graph.Add(OutputName(0), Origin, op, inputs));

    /// <summary>Adds the node that computes output 0, quantised as two constant inputs (scale, zero point) say.</summary>
    public void EmitQuantized(Operator op, int scale, int zeroPoint, params ReadOnlySpan<int> inputs)
    {
        (QuantizationParameters q, ElementType type) = ResultParameters(op, scale, zeroPoint, inputs[0]);
        Bind(0, Graph.Add(OutputName(0), Origin, op, inputs, q, type));
    }

    // The schemas let only layers with weights compute from one type to another.
    private (QuantizationParameters Parameters, ElementType Type) ResultParameters(Operator op, int scale, int zeroPoint, int input)
    {
        (QuantizationParameters q, ElementType type) = Parameters(scale, zeroPoint, 0);
        ElementType given = Graph[input].Type;
        if (op is ILinearLayer || type == given) return (q, type);
        return HasInput(zeroPoint) ? throw Malformed($"Its operands are of type {given}, its result of type {type}; {proto.OpType} computes with tensors of "
            + "one type.") : (q, given);
    }

    /// <summary>Says what the numbers or columns of an output stand for.</summary>
    public void LabelOutput(int output, IEnumerable<string> labels)
    {
        if (HasOutput(output)) Graph.OutputLabels = Graph.OutputLabels.SetItem(proto.Output[output], [.. labels]);
    }

    /// <summary>Lets an output be a value.</summary>
    public void Bind(int output, Value value)
    {
        if (HasOutput(output)) scope.Add(proto.Output[output], value, DataType.Undefined);
    }

    /// <summary>
    /// Lets an output be a value of which only the first elements along an axis count. When their number is known, the rest is cut off;
    /// else it is handed on by the operators that can.
    /// </summary>
    public void BindBounded(int output, Value value, Value length, int axis)
    {
        if (!HasOutput(output)) return;
        if (length.Constant is { } known)
        {
            Bind(output, Operators.MovementBindings.Part(this, OutputName(output), value, axis, 0, known.ToInt32(0)));
            return;
        }

        Bind(output, value);
        scope.Lengths[proto.Output[output]] = new OnnxLength(length.Id, axis, false);
    }

    /// <summary>True when something may use the output.</summary>
    public bool HasOutput(int index) => index < proto.Output.Count && proto.Output[index].Length > 0;

    /// <summary>The shape that the graph declares for an output, −1 for dimensions it leaves open; null when it says nothing.</summary>
    public int[]? DeclaredShape(int output) => HasOutput(output) ? scope.Shapes.GetValueOrDefault(proto.Output[output]) : null;

    /// <summary>Type in the file of an input or attribute that is kept in a wider type; <see cref="DataType.Undefined"/> for all others.</summary>
    public DataType NarrowType(int index) => HasInput(index) ? scope.Types.GetValueOrDefault(proto.Input[index]) : DataType.Undefined;

    /// <summary>Says that an output has a type that is kept in a wider one.</summary>
    public void DeclareType(int output, DataType type)
    {
        if (HasOutput(output)) scope.Types[proto.Output[output]] = type;
    }

    /// <summary>Outputs that say nothing else have the narrow type of the first input, when they are kept in the same type.</summary>
    public void InheritTypes()
    {
        if (NarrowType(0) is not (var type and not DataType.Undefined)) return;
        foreach (string output in proto.Output)
        {
            if (!scope.Types.ContainsKey(output) && scope.Values.TryGetValue(output, out int id) && Graph[id].Type == OnnxTensorReader.ToElementType(type))
                scope.Types[output] = type;
        }
    }

    /// <summary>A sequence input; an optional tensor is a sequence of at most one.</summary>
    public IReadOnlyList<int> Sequence(int index)
    {
        if (!HasInput(index)) return [];
        if (scope.Sequences.TryGetValue(proto.Input[index], out IReadOnlyList<int>? sequence)) return sequence;
        return [Input(index)];
    }

    /// <summary>True when the input is a sequence or an optional value.</summary>
    public bool IsSequence(int index) => HasInput(index) && scope.Sequences.ContainsKey(proto.Input[index]);

    /// <summary>Lets an output be a sequence.</summary>
    public void BindSequence(int output, IReadOnlyList<int> values)
    {
        if (!HasOutput(output)) return;
        scope.Sequences[proto.Output[output]] = values;
        scope.Values.Remove(proto.Output[output]);
    }

    /// <summary>Says something in the header of the generated file.</summary>
    public void Note(string text) => importer.Note(text);

    /// <summary>A subgraph attribute.</summary>
    public GraphProto Subgraph(string name) => _attributes.TryGetValue(name, out AttributeProto? a) && a.G is not null ? a.G
        : throw Malformed($"Attribute '{name}' is missing.");

    /// <summary>Reads a subgraph here and gives its outputs.</summary>
    /// <param name="subgraph">The subgraph.</param>
    /// <param name="inputs">A tensor or a sequence for every input.</param>
    public IReadOnlyList<OnnxValue> Import(GraphProto subgraph, IReadOnlyList<OnnxValue> inputs)
    {
        if (inputs.Count < subgraph.Input.Count) throw Malformed("The subgraph has more inputs than it gets.");
        OnnxScope inner = importer.ImportSubgraph(subgraph, opsets, scope, s =>
        {
            for (int i = 0; i < subgraph.Input.Count; i++) inputs[i].Bind(s, subgraph.Input[i].Name);
        });
        foreach (ValueInfoProto output in subgraph.Output)
        {
            if (inner.Lengths.TryGetValue(output.Name, out OnnxLength? bound)) throw LengthAtRunTime(output.Name, bound);
        }

        return [.. subgraph.Output.Select(o => OnnxValue.Find(inner, o.Name) ?? throw Malformed($"Output '{o.Name}' of the subgraph is computed by no node."))];
    }

    /// <summary>An input as a tensor or a sequence.</summary>
    public OnnxValue AnyInput(int index) => (HasInput(index) && (_handsOn || LengthOf(index) is null) ? OnnxValue.Find(scope, proto.Input[index]) : null)
        ?? new OnnxValue(Value(index).Id, null);

    /// <summary>Lets an output be a tensor or a sequence.</summary>
    public void Bind(int output, OnnxValue value)
    {
        if (HasOutput(output)) value.Bind(scope, proto.Output[output]);
    }

    /// <summary>Computes another standard operator (opset 22): how composed operators are written.</summary>
    /// <param name="op">Operator type in <c>ai.onnx</c>.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="attributes">Attributes: int, float, string, int[].</param>
    public Value Call(string op, IReadOnlyList<Value?> inputs, params (string Name, object Value)[] attributes) => Call(op, 1, inputs, attributes)[0];

    /// <summary>Computes another standard operator with several outputs.</summary>
    public IReadOnlyList<Value> Call(string op, int outputs, IReadOnlyList<Value?> inputs, params (string Name, object Value)[] attributes)
    {
        var call = new NodeProto { OpType = op, Name = $"{Name}/{op}" };
        var inner = new OnnxScope(scope);
        foreach (Value? input in inputs)
        {
            call.Input.Add(input is null ? "" : $"\u0001{call.Input.Count}");
            if (input is not null) inner.Values[call.Input[^1]] = input.Id;
        }

        for (int i = 0; i < outputs; i++) call.Output.Add(outputs == 1 ? call.Name : $"{call.Name}/{i}");
        foreach ((string name, object value) in attributes)
        {
            var attribute = new AttributeProto { Name = name };
            switch (value)
            {
                case int i: attribute.I = i; break;
                case float f: attribute.F = f; break;
                case string s: attribute.S = Google.Protobuf.ByteString.CopyFromUtf8(s); break;
                case int[] list: attribute.Ints.AddRange(list.Select(i => (long)i)); break;
                default: throw new ArgumentException($"An attribute cannot be a {value.GetType()}.", nameof(attributes));
            }

            call.Attribute.Add(attribute);
        }

        importer.ImportNode(call, new Dictionary<string, int> { [""] = 22 }, inner);
        return [.. call.Output.Select(o => Graph[inner.Values[o]])];
    }

    /// <summary>Adds a constant list of integers.</summary>
    public Value Constant(params ReadOnlySpan<long> values) => Graph.AddConstant($"{Name}/constant", TensorData.Of(new Shape(values.Length), values));

    /// <summary>Adds a scalar constant of the type of another value.</summary>
    public Value ScalarLike(Value like, double value)
    {
        var data = new TensorData(like.Type, new Shape());
        data.Set(0, value);
        return Graph.AddConstant($"{Name}/constant", data);
    }

    /// <summary>A half-precision value in float32; other values as they are.</summary>
    public Value Widen(Value x) => x.Type == ElementType.Float16 ? Operators.Cast.To(this, x, ElementType.Float32) : x;

    /// <summary>A value in another floating-point type, the last step of an operator that computed in a wider one.</summary>
    public Value Narrow(Value x, ElementType type) => Operators.Cast.To(this, x, type);

    /// <summary>An axis counted from the front.</summary>
    public int Axis(int axis, int rank) => axis < -rank || axis >= rank ? throw Malformed($"A tensor of rank {rank} has no axis {axis}.") : axis < 0
        ? axis + rank : axis;

    /// <summary>Text attributes, or null.</summary>
    public string[]? Texts(string name) => _attributes.TryGetValue(name, out AttributeProto? a) ? [.. a.Strings.Select(s => s.ToStringUtf8())] : null;

    /// <summary>A list attribute of 64-bit integers, or null.</summary>
    public long[]? Longs(string name) => _attributes.TryGetValue(name, out AttributeProto? a) ? [.. a.Ints] : null;

    /// <summary>The element type an attribute names, as it is in files.</summary>
    public DataType TypeAttribute(string name, DataType fallback) => (DataType)Int(name, (int)fallback);

    /// <summary>The element type the compiler keeps a type of the file in.</summary>
    public ElementType StoredType(DataType type) => OnnxTensorReader.ToElementType(type)
        ?? throw new ModelCompilationException("MC2003", $"Elements of type {type} are not supported.", "Export the model with float or integer tensors.",
            $"'{Name}' ({Origin})");

    /// <summary>Name of an output.</summary>
    public string OutputName(int index) => index < proto.Output.Count && proto.Output[index].Length > 0 ? proto.Output[index] : Name;

    /// <summary>
    /// Computes output 0 from an image: brings [N, C, H, W] (or [N, C, W], as height 1) to [N, H, W, C], lets <paramref name="make"/> work on it,
    /// and brings the result back.
    /// </summary>
    public void EmitImage(int input, Func<Value, Value> make)
    {
        if (input < 0) throw Malformed("Input 0 is missing.");
        Value x = Graph[input];
        int rank = x.Shape.Rank;
        if (rank is not (3 or 4))
            throw Unsupported($"An input of rank {rank} is not supported here.", "Images of rank 4 (N, C, H, W) and sequences of rank 3 (N, C, W) are.");
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
        (QuantizationParameters q, ElementType type) = Parameters(scale, zeroPoint, axis);
        if (!value.Type.IsInteger()) throw Malformed($"'{value.Name}' is to be of integers with a scale, not of type {value.Type}.");
        if (HasInput(zeroPoint) && type.Size() != value.Type.Size())
            throw Malformed($"'{value.Name}' is of type {value.Type}, but its zero point of type {type}.");
        GraphEditor.RequireOneScale(value with { Quantization = q });
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
        if (zero is not null && !zero.Type.IsInteger()) throw Malformed($"The zero point is of type {zero.Type}, not an integer.");
        int[] zeros = zero?.ToInt32s() ?? new int[scales.Length];
        // One scale or zero point may serve all slices, whatever there is of the other.
        if (zeros.Length == 1 && scales.Length > 1) zeros = [.. Enumerable.Repeat(zeros[0], scales.Length)];
        if (scales.Length == 1 && zeros.Length > 1) scales = [.. Enumerable.Repeat(scales[0], zeros.Length)];
        if (scales.Length == 0 || zeros.Length != scales.Length) throw Malformed("There are not as many zero points as scales.");
        if (scales.Any(s => s == 0 || !float.IsFinite(s))) throw Malformed($"A scale in '{Value(scale).Name}' is zero or not a finite number.");
        return (new QuantizationParameters(scales.ToEquatableArray(), zeros.ToEquatableArray(), scales.Length == 1 ? 0 : axis),
            zero?.Type ?? ElementType.UInt8);
    }

    /// <summary>MC1012: the node contradicts itself.</summary>
    public ModelCompilationException Malformed(string reason) =>
        new("MC1012", reason, "The file is damaged or was written by a faulty exporter; export it again.", $"'{Name}' ({Origin})");

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
