using System.Buffers.Binary;
using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>One TFLite operator while it is read: its options and tensors, and the graph that grows.
/// Options are addressed by their number in the schema.</summary>
internal sealed class TfLiteNode(string name, string origin, TfLiteOperator op, TfLiteSubgraphReader reader)
{
    /// <summary>The graph that grows.</summary>
    public GraphEditor Graph => reader.Graph;

    /// <summary>The subgraph the operator belongs to.</summary>
    public TfLiteSubgraphReader Subgraph => reader;

    /// <summary>Name of the first output, which stands for the operator.</summary>
    public string Name { get; } = name;

    /// <summary>Operator and version.</summary>
    public string Origin { get; } = origin;

    /// <summary>The builtin options.</summary>
    public TfLiteOptions Options => op.Options;

    /// <summary>The options of a custom operator, in its own format.</summary>
    public ReadOnlyMemory<byte> CustomOptions => op.CustomOptions;

    /// <summary>The options of a custom operator that are a structure of 32-bit integers.</summary>
    /// <exception cref="ModelCompilationException">MC1012: there are fewer.</exception>
    public int[] CustomIntegers(int count)
    {
        ReadOnlySpan<byte> bytes = op.CustomOptions.Span;
        if (bytes.Length < count * sizeof(int)) throw Malformed("The options of the custom operator are damaged.");
        var integers = new int[count];
        for (int i = 0; i < count; i++) integers[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * sizeof(int))..]);
        return integers;
    }

    /// <summary>Number of inputs, absent ones included.</summary>
    public int InputCount => op.Inputs.Length;

    /// <summary>Number of outputs.</summary>
    public int OutputCount => op.Outputs.Length;

    /// <summary>Number of an input value, −1 when an optional input is absent.</summary>
    public int Input(int index) => index < op.Inputs.Length && op.Inputs[index] >= 0 ? reader.ValueOf(op.Inputs[index]) : -1;

    /// <summary>Index of an input's tensor.</summary>
    public int InputTensor(int index) => index < op.Inputs.Length && op.Inputs[index] >= 0 ? op.Inputs[index] : throw Malformed($"Input {index} is missing.");

    /// <summary>Index of an output's tensor.</summary>
    public int OutputTensor(int index) => index < op.Outputs.Length ? op.Outputs[index] : throw Malformed($"Output {index} is missing.");

    /// <summary>A required input.</summary>
    public Value Value(int index) => Input(index) is var id and >= 0 ? Graph[id] : throw Malformed($"Input {index} is missing.");

    /// <summary>A required input whose content must be known at build time.</summary>
    public TensorData ConstantInput(int index, string what) => Value(index).Constant
        ?? throw Unsupported($"The {what} is computed at run time.", $"Convert the model so that the {what} is constant.");

    /// <summary>Content of an optional input that must be known at build time, or null when absent.</summary>
    public TensorData? OptionalConstant(int index, string what) => Input(index) >= 0 ? ConstantInput(index, what) : null;

    /// <summary>Type, shape and quantisation that the file declares for an output.</summary>
    public TensorType Output(int index) => reader.Declared(OutputTensor(index));

    /// <summary>Adds an intermediate node.</summary>
    public Value Add(string suffix, Operator op, params ReadOnlySpan<int> ids) => Graph.Add($"{Name}/{suffix}", Origin, op, ids);

    /// <summary>Adds the node that computes output 0, with the type and quantisation that the file declares.</summary>
    public void Emit(Operator op, params ReadOnlySpan<int> ids) => EmitOutput(0, op, ids);

    /// <summary>Adds the node that computes one of several outputs, with the type and quantisation that the file declares.</summary>
    public void EmitOutput(int index, Operator op, params ReadOnlySpan<int> ids)
    {
        TensorType declared = Output(index);
        string output = reader.NameOf(OutputTensor(index));
        Bind(index, Graph.Add(output, Origin, op, ids, declared.Quantization, declared.Type));
    }

    /// <summary>
    /// Computes output 0 in real numbers: quantised inputs are dequantised before, and the result is quantised after.
    /// Integers that stand for themselves stay as they are.
    /// </summary>
    /// <param name="compute">Makes the result from the inputs.</param>
    /// <param name="inputs">Number of inputs that take part; the others are attributes.</param>
    public void EmitReal(Func<TfLiteOperands, Value> compute, int? inputs = null)
    {
        int[] ids = [.. Enumerable.Range(0, inputs ?? InputCount).Select(i => Value(i) is { IsAffine: true } value ? Real(value).Id : Value(i).Id)];
        Value result = compute(new TfLiteOperands(this, ids));
        TensorType declared = Output(0);
        if (declared.Quantization is null || result.Type != ElementType.Float32) EmitOutput(0, new Reshape(result.Shape), result.Id);
        else EmitOutput(0, new Quantize(), result.Id);
    }

    /// <summary>The real numbers that integers stand for.</summary>
    public Value Real(Value value, string suffix = "real") => Add(suffix, new Dequantize(), value.Id);

    /// <summary>Adds a node whose output is called as an output of the operator is, with the type that the node infers.</summary>
    public Value Named(int index, Operator op, params ReadOnlySpan<int> ids) => Graph.Add(reader.NameOf(OutputTensor(index)), Origin, op, ids);

    /// <summary>Gives an output its value.</summary>
    public void Bind(int index, Value value) => reader.Bind(OutputTensor(index), value);

    /// <summary>
    /// Adds one node that computes all outputs and the new content of variable tensors among the inputs, in this order.
    /// </summary>
    public void EmitStateful(Operator op, int[] variables, params ReadOnlySpan<int> ids)
    {
        foreach (int variable in variables)
        {
            if (!reader.IsVariable(InputTensor(variable))) throw Malformed($"Input {variable} is not a variable tensor.");
        }

        Value[] next = EmitAll(op, [.. variables.Select(Value)], ids);
        for (int i = 0; i < variables.Length; i++) reader.Bind(InputTensor(variables[i]), next[i]);
    }

    /// <summary>
    /// Adds one node that computes all outputs and the new content of state that the operator has to itself.
    /// The state comes after the other inputs and outputs.
    /// </summary>
    /// <param name="op">The operator.</param>
    /// <param name="initial">Content of each state before the first run.</param>
    /// <param name="ids">The other inputs.</param>
    public void EmitWithState(Operator op, TensorData[] initial, params ReadOnlySpan<int> ids)
    {
        string[] keys = [.. initial.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"operator {reader.Index} {op.Name} {OutputTensor(0)} {i}"))];
        for (int i = 0; i < keys.Length; i++) reader.State.Initialise(keys[i], initial[i]);
        Value[] current = [.. keys.Select((key, i) => Graph[reader.State.Read(key, $"{Name}/state", new TensorType(initial[i].Type, initial[i].Shape))])];
        Value[] next = EmitAll(op, current, [.. ids, .. current.Select(c => c.Id)]);
        for (int i = 0; i < keys.Length; i++) reader.State.Write(keys[i], current[i].Name, next[i]);
    }

    // One node that computes all outputs, and further values like these.
    private Value[] EmitAll(Operator op, Value[] like, ReadOnlySpan<int> ids)
    {
        Graph.RequireScales(op, ids);
        IReadOnlyList<TensorType> inferred = op.Infer(new InferenceContext([.. ids.ToArray().Select(i => i < 0 ? null : Graph[i])]));
        if (inferred.Count != OutputCount + like.Length) throw Malformed($"The operator has {inferred.Count - like.Length} outputs, not {OutputCount}.");
        Value[] outputs = [.. Enumerable.Range(0, OutputCount)
            .Select(i => Graph.AddValue(reader.NameOf(OutputTensor(i)), Output(i) with { Shape = inferred[i].Shape }))];
        for (int i = 0; i < OutputCount; i++) GraphEditor.RequireType(outputs[i].Name, outputs[i].TensorType, inferred[i].Type);
        Value[] further = [.. like.Select(v => Graph.AddValue(v.Name, v.TensorType))];
        Value[] results = [.. outputs, .. further];
        for (int i = OutputCount; i < results.Length; i++)
        {
            if (results[i].Shape != inferred[i].Shape)
                throw Malformed($"'{results[i].Name}' should have shape {inferred[i].Shape}, but is declared with {results[i].Shape}.");
        }

        Graph.AddNode(new Node(Name, Origin, op, [.. ids], [.. results.Select(r => r.Id)]));
        for (int i = 0; i < OutputCount; i++) Bind(i, outputs[i]);
        return further;
    }

    /// <summary>
    /// The weights, as float when they are integers but the activations are not (dynamic-range models): the layer then runs in float.
    /// </summary>
    public int FloatIfHybrid(int index)
    {
        Value weights = Value(index);
        return Value(0).Type == ElementType.Float32 && weights.IsQuantized ? Add("dequantized", new Dequantize(), weights.Id).Id : weights.Id;
    }

    /// <summary>Padding before and after from a field of type Padding (SAME = 0, VALID = 1).</summary>
    public (int Before, int After) Padding(int field, int input, int window, int stride, int dilation)
    {
        if (stride < 1 || dilation < 1 || window < 1) throw Malformed("Windows, strides and dilations must be at least 1.");
        return Options.Int8(field) == 0 ? Conv.SamePadding(input, window, stride, dilation) : (0, 0);
    }

    /// <summary>The fused activation from a field of type ActivationFunctionType.</summary>
    public ActivationRange Activation(int field) => ActivationOf(Options.Int8(field));

    /// <summary>A fused activation by its number.</summary>
    public ActivationRange ActivationOf(int kind) => kind switch
    {
        0 => ActivationRange.None,
        1 => ActivationRange.Relu,
        2 => ActivationRange.ReluN1To1,
        3 => ActivationRange.Relu6,
        4 => throw Unsupported("A fused tanh is not supported.", "Convert the model with tanh as an operator of its own."),
        _ => throw Malformed("The fused activation is unknown."),
    };

    /// <summary>MC1012: the operator contradicts itself.</summary>
    public ModelCompilationException Malformed(string reason) =>
        new("MC1012", reason, "The file is damaged or was written by a faulty converter; convert it again.", $"'{Name}' ({Origin})");

    /// <summary>MC2002: the operator is known, but not in this form.</summary>
    public ModelCompilationException Unsupported(string reason, string remedy) => new("MC2002", reason, remedy, $"'{Name}' ({Origin})");
}
