using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>Reads the operators of one subgraph into a graph: the model's entry, or a part that an operator of another subgraph calls.</summary>
/// <param name="model">The file.</param>
/// <param name="index">Which subgraph.</param>
/// <param name="graph">The graph that grows.</param>
/// <param name="state">The model's state.</param>
/// <param name="operators">What reads each operator.</param>
internal sealed class TfLiteSubgraphReader(TfLiteModel model, int index, GraphEditor graph, TfLiteState state,
    IReadOnlyDictionary<string, Action<TfLiteNode>> operators)
{
    private const int DeepestNesting = 16;

    private readonly TfLiteSubgraph _subgraph = model.Subgraphs[index];
    private readonly Dictionary<int, int> _values = [];
    private readonly Dictionary<int, string> _resources = [];
    private int _depth;

    /// <summary>Which subgraph it is.</summary>
    public int Index => index;

    /// <summary>The graph that grows.</summary>
    public GraphEditor Graph { get; } = graph;

    /// <summary>The model's state.</summary>
    public TfLiteState State { get; } = state;

    /// <summary>True in the subgraph that gives variables their content before the first run.</summary>
    public bool IsInitialisation { get; private init; }

    /// <summary>Reads the entry of the model.</summary>
    public ModelGraph ReadModel(InputShapes shapes)
    {
        foreach (int input in _subgraph.Inputs)
        {
            Value value = Graph.AddValue(_subgraph.Tensors[input].Name, InputType(_subgraph.Tensors[input], shapes));
            GraphEditor.RequireOneScale(value);
            _values[input] = value.Id;
            Graph.Inputs.Add(value.Id);
        }

        shapes.RequireAll();
        ReadOperators();
        foreach (int output in _subgraph.Outputs)
        {
            Graph.Outputs.Add(ValueOf(output));
            Graph.OutputNames.Add(_subgraph.Tensors[output].Name);
        }

        if (_subgraph.Outputs.Length == 0) throw new ModelCompilationException("MC1014", "The model has no outputs.", "Convert the model again.");
        State.Finish();
        return Graph.ToGraph();
    }

    /// <summary>Reads another subgraph in place, on these values, and gives the values of its outputs.</summary>
    /// <param name="called">Which subgraph.</param>
    /// <param name="inputs">Values of its inputs.</param>
    /// <param name="initialise">True for the subgraph that gives variables their content before the first run.</param>
    /// <exception cref="ModelCompilationException">MC1012: there is no such subgraph, it has other inputs,
    /// or subgraphs call each other in a circle.</exception>
    public int[] ReadCalled(int called, IReadOnlyList<int> inputs, bool initialise = false)
    {
        if (called < 0 || called >= model.Subgraphs.Length) throw Malformed($"The operator calls subgraph {called}, but there are {model.Subgraphs.Length}.");
        if (_depth >= DeepestNesting) throw Malformed("Subgraphs call each other in a circle, or too deeply.");
        var reader = new TfLiteSubgraphReader(model, called, Graph, State, operators) { _depth = _depth + 1,
            IsInitialisation = initialise || IsInitialisation };
        TfLiteSubgraph subgraph = model.Subgraphs[called];
        if (subgraph.Inputs.Length != inputs.Count)
            throw Malformed($"Subgraph '{subgraph.Name}' has {subgraph.Inputs.Length} inputs, but is called with {inputs.Count}.");
        for (int i = 0; i < inputs.Count; i++) reader._values[subgraph.Inputs[i]] = inputs[i];
        reader.ReadOperators();
        return [.. subgraph.Outputs.Select(reader.ValueOf)];

        static ModelCompilationException Malformed(string reason) => new("MC1012", reason, "The file is damaged; convert it again.");
    }

    /// <summary>The value of a tensor. One that no earlier operator computes must be a constant or state.</summary>
    public int ValueOf(int tensorIndex)
    {
        TfLiteTensor tensor = _subgraph.Tensors[tensorIndex];
        if (tensor.IsVariable) return State.Read(VariableKey(tensorIndex), tensor.Name, Declared(tensorIndex));
        if (_values.TryGetValue(tensorIndex, out int id)) return id;
        if (!tensor.IsConstant)
            throw new ModelCompilationException("MC1013", $"Tensor '{tensor.Name}' is used, but neither a constant nor computed by an earlier operator.",
                "The file is damaged; convert it again.");
        (ElementType type, byte[] bytes) = TfLiteTensorReader.ReadData(tensor);
        Value value = Graph.AddConstant(tensor.Name, new TensorData(type, new Shape(tensor.Shape), bytes), Declared(tensorIndex).Quantization);
        _values[tensorIndex] = value.Id;
        return value.Id;
    }

    /// <summary>Gives a tensor its value.</summary>
    public void Bind(int tensorIndex, Value value)
    {
        if (_subgraph.Tensors[tensorIndex].IsVariable) State.Write(VariableKey(tensorIndex), _subgraph.Tensors[tensorIndex].Name, value);
        else _values[tensorIndex] = value.Id;
    }

    /// <summary>Name of a tensor.</summary>
    public string NameOf(int tensorIndex) => _subgraph.Tensors[tensorIndex].Name;

    /// <summary>True for state that operators write through their inputs.</summary>
    public bool IsVariable(int tensorIndex) => _subgraph.Tensors[tensorIndex].IsVariable;

    /// <summary>Makes a tensor stand for a resource variable.</summary>
    public void BindResource(int tensorIndex, string key) => _resources[tensorIndex] = key;

    /// <summary>The resource variable that a tensor stands for.</summary>
    public string? ResourceOf(int tensorIndex) => _resources.GetValueOrDefault(tensorIndex);

    /// <summary>Type, shape and quantisation that the file declares for a tensor.</summary>
    public TensorType Declared(int tensorIndex) => Declared(_subgraph.Tensors[tensorIndex]);

    private string VariableKey(int tensorIndex) => string.Create(CultureInfo.InvariantCulture, $"tensor {index} {tensorIndex}");

    private void ReadOperators()
    {
        foreach (TfLiteOperator op in _subgraph.Operators) ReadOperator(op);
    }

    private void ReadOperator(TfLiteOperator op)
    {
        string origin = $"{op.Code.DisplayName}, version {op.Code.Version.ToString(CultureInfo.InvariantCulture)}";
        string name = op.Outputs.Length > 0 ? _subgraph.Tensors[op.Outputs[0]].Name : op.Code.DisplayName;
        string label = $"'{name}' ({origin})";
        if (!operators.TryGetValue(op.Code.Key, out Action<TfLiteNode>? import))
        {
            throw new ModelCompilationException("MC2001", $"{op.Code.Sentence} is not supported.",
                "The table of operators in the documentation lists what is; replace the operator in the model.", label);
        }

        try
        {
            import(new TfLiteNode(name, origin, op, this));
        }
        catch (ModelCompilationException e)
        {
            throw e.At(label);
        }
        catch (Exception e) when (e is ArgumentException or ArithmeticException or IndexOutOfRangeException or InvalidOperationException)
        {
            // Options of hostile files may contradict shapes in more ways than are worth a message of their own.
            throw new ModelCompilationException("MC1012", $"Its options and inputs contradict each other ({e.GetType().Name}).",
                "The file is damaged; convert it again.", label);
        }
    }

    private static TensorType Declared(TfLiteTensor tensor, int[]? shape = null)
    {
        ElementType type = tensor.Type.ToElementType()
            ?? throw new ModelCompilationException("MC2004", $"Tensor '{tensor.Name}' has elements of type {tensor.Type}, which are not supported.",
                "Convert the model with float, integer or boolean tensors.");
        return new TensorType(type, new Shape(shape ?? tensor.Shape), Quantization(tensor, type));
    }

    private static QuantizationParameters? Quantization(TfLiteTensor tensor, ElementType type)
    {
        if (tensor.Quantization is not { IsQuantized: true } q || q.Scales.Contains(0)) return null;
        long outside = type.IsInteger() && type.Size() <= 2 ? q.ZeroPoints.FirstOrDefault(z => z < type.MinValue() || z > type.MaxValue()) : 0;
        if (outside != 0) throw new ModelCompilationException("MC1012",
            $"The zero point of tensor '{tensor.Name}' is {outside}, which its type {type} does not hold.", "The file is damaged; convert it again.");
        return new QuantizationParameters(q.Scales.ToEquatableArray(),
            q.ZeroPoints.Select(z => (int)Math.Clamp(z, int.MinValue, int.MaxValue)).ToEquatableArray(), q.Scales.Length == 1 ? 0 : q.QuantizedDimension);
    }

    private TensorType InputType(TfLiteTensor tensor, InputShapes shapes)
    {
        // A batch of unknown size is as large as in the file, which is 1: one sample at a time is what devices run.
        IEnumerable<InputDimension> declared = tensor.Shape.Select((size, i) =>
            i >= tensor.ShapeSignature.Length || tensor.ShapeSignature[i] >= 0 ? new InputDimension(size, true, "") : new(i == 0 ? size : null, false, ""));
        return Declared(tensor, shapes.Bind(tensor.Name, [.. declared], _subgraph.Inputs.Length, channels: 3));
    }
}
