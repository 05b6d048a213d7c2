using ModelCompiler.Core.Operators;
using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Reads an ONNX model into a graph. Convolutions and pools are brought to channels-last by explicit transposes, which passes remove.</summary>
internal sealed class OnnxImporter
{
    // More than any network has; unrolled loops stop here.
    private const int MaxNodes = 200_000;
    private const int MaxDepth = 32;

    private static readonly IReadOnlyDictionary<(string Domain, string Name), Action<OnnxNode>> Operators =
        OperatorRegistry.Find<OnnxOperatorAttribute, (string, string), OnnxNode>(a => (a.Domain, a.Name));

    private readonly GraphEditor _graph = new();
    private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = [];
    private readonly InputShapes _shapes;
    private readonly InputValues _values;
    private readonly Action<string> _note;
    private int _imported;
    private int _depth;

    private OnnxImporter(InputShapes shapes, InputValues values, Action<string> note) => (_shapes, _values, _note) = (shapes, values, note);

    /// <summary>All operators, for the table in the documentation.</summary>
    public static IEnumerable<(string Domain, string Name)> SupportedOperators => Operators.Keys;

    /// <summary>Reads a model.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="shapes">Shapes of open inputs.</param>
    /// <param name="values">Inputs that become constants.</param>
    /// <param name="external">Elements in other files.</param>
    /// <param name="note">Takes what the header of the generated file should say.</param>
    /// <exception cref="ModelCompilationException">The file is malformed, or an operator is not supported.</exception>
    public static ModelGraph Import(ReadOnlyMemory<byte> bytes, InputShapes shapes, InputValues values, OnnxExternalData external, Action<string> note)
    {
        ModelProto model = OnnxFile.Parse(bytes);
        external.Resolve(model);
        return new OnnxImporter(shapes, values, note).Import(model);
    }

    private ModelGraph Import(ModelProto model)
    {
        Dictionary<string, int> opsets = Opsets(model.OpsetImport);
        foreach (FunctionProto function in model.Functions) _functions[(Domain(function.Domain), function.Name, function.Overload)] = function;
        var scope = new OnnxScope();
        AddInitializers(model.Graph, scope);
        foreach (ValueInfoProto input in model.Graph.Input.Where(i => !scope.Values.ContainsKey(i.Name)).ToArray())
            AddInput(input, scope, model.Graph.Input.Count);
        _shapes.RequireAll();
        _values.RequireAllUsed();
        scope.Declare(model.Graph);
        foreach (NodeProto node in Ordered(model.Graph.Node, scope)) ImportNode(node, opsets, scope);
        foreach (ValueInfoProto output in model.Graph.Output) AddOutput(output, scope);
        if (_graph.Outputs.Count == 0) throw new ModelCompilationException("MC1014", "The model has no outputs.", "Export the model again with named outputs.");
        return _graph.ToGraph();
    }

    /// <summary>Says something in the header of the generated file.</summary>
    public void Note(string text) => _note(text);

    /// <summary>Reads the nodes of a subgraph in a scope that has its inputs, and gives the scope with its outputs.</summary>
    public OnnxScope ImportSubgraph(GraphProto subgraph, Dictionary<string, int> opsets, OnnxScope outer, Action<OnnxScope> bindInputs)
    {
        var scope = new OnnxScope(outer);
        AddInitializers(subgraph, scope);
        bindInputs(scope);
        scope.Declare(subgraph);
        Nested(() =>
        {
            foreach (NodeProto node in Ordered(subgraph.Node, scope)) ImportNode(node, opsets, scope);
        });
        return scope;
    }

    /// <summary>Reads one node.</summary>
    /// <exception cref="ModelCompilationException">MC2001: the operator is not known; MC1003: there are too many nodes.</exception>
    public void ImportNode(NodeProto proto, Dictionary<string, int> opsets, OnnxScope scope)
    {
        string domain = Domain(proto.Domain);
        if (++_imported > MaxNodes)
            throw new ModelCompilationException("MC1003", $"The network has more than {MaxNodes} nodes once its loops are unrolled.", "Use fewer iterations.");
        if (_functions.TryGetValue((domain, proto.OpType, proto.Overload), out FunctionProto? function))
        {
            ImportFunction(proto, function, scope);
            return;
        }

        var node = new OnnxNode(proto, opsets.GetValueOrDefault(domain), _graph, scope, this, opsets);
        string full = (domain.Length > 0 ? domain + "." : "") + proto.OpType;
        if (OnnxUnsupported.Reasons.TryGetValue((domain, proto.OpType), out string? reason))
            throw new ModelCompilationException("MC2001", $"Operator '{full}' is not supported.", $"The reason: {reason}.", $"'{node.Name}' ({node.Origin})");
        if (!Operators.TryGetValue((domain, proto.OpType), out Action<OnnxNode>? import))
        {
            throw new ModelCompilationException(
                "MC2001", $"Operator '{full}' is not supported.",
                "The table of operators in the documentation lists what is; replace the operator or export the model with another opset.",
                $"'{node.Name}' ({node.Origin})");
        }

        try
        {
            node.Read(import);
            node.InheritTypes();
        }
        catch (ModelCompilationException e)
        {
            throw e.At($"'{node.Name}' ({node.Origin})");
        }
        catch (Exception e) when (e is ArgumentException or ArithmeticException or IndexOutOfRangeException or InvalidOperationException)
        {
            // Attributes of hostile files may contradict shapes in more ways than are worth a message of their own.
            throw node.Malformed($"Its attributes and inputs contradict each other ({e.GetType().Name}).");
        }
    }

    // A function is expanded where it is called: formal names stand for the actual ones.
    private void ImportFunction(NodeProto call, FunctionProto function, OnnxScope scope)
    {
        var inner = new OnnxScope();
        for (int i = 0; i < function.Input.Count; i++)
        {
            string actual = i < call.Input.Count ? call.Input[i] : "";
            if (scope.Values.TryGetValue(actual, out int value)) inner.Values[function.Input[i]] = value;
            if (scope.Sequences.TryGetValue(actual, out IReadOnlyList<int>? sequence)) inner.Sequences[function.Input[i]] = sequence;
            if (scope.Types.TryGetValue(actual, out DataType type)) inner.Types[function.Input[i]] = type;
            if (scope.Lengths.TryGetValue(actual, out OnnxLength? bound)) inner.Lengths[function.Input[i]] = bound;
        }

        Dictionary<string, AttributeProto> attributes = function.AttributeProto.Concat(call.Attribute).GroupBy(a => a.Name)
            .ToDictionary(g => g.Key, g => g.Last());
        Dictionary<string, int> opsets = Opsets(function.OpsetImport);
        Nested(() =>
        {
            foreach (NodeProto node in Ordered(function.Node, inner))
                ImportNode(OnnxFunction.Bind(node, attributes, n => inner.Values.ContainsKey(n) || inner.Sequences.ContainsKey(n)), opsets, inner);
        });
        for (int i = 0; i < Math.Min(function.Output.Count, call.Output.Count); i++)
        {
            (string formal, string actual) = (function.Output[i], call.Output[i]);
            if (actual.Length == 0) continue;
            if (inner.Values.TryGetValue(formal, out int value)) scope.Add(actual, _graph[value], inner.Types.GetValueOrDefault(formal));
            if (inner.Sequences.TryGetValue(formal, out IReadOnlyList<int>? sequence)) scope.Sequences[actual] = sequence;
            if (inner.Lengths.TryGetValue(formal, out OnnxLength? bound)) scope.Lengths[actual] = bound;
        }
    }

    private static IReadOnlyList<NodeProto> Ordered(IReadOnlyList<NodeProto> nodes, OnnxScope scope) =>
        OnnxOrder.Sort(nodes, n => scope.Values.ContainsKey(n) || scope.Sequences.ContainsKey(n));

    private void Nested(Action import)
    {
        if (++_depth > MaxDepth)
            throw new ModelCompilationException("MC1001", "The structure of the file is damaged: its functions or subgraphs are nested too deeply.",
                "Export the model again.");
        import();
        _depth--;
    }

    private void AddInitializers(GraphProto graph, OnnxScope scope)
    {
        foreach (TensorProto initializer in graph.Initializer)
            scope.Add(initializer.Name, _graph.AddConstant(initializer.Name, OnnxNode.ReadTensor(initializer)), (DataType)initializer.DataType);
        foreach (SparseTensorProto initializer in graph.SparseInitializer)
            scope.Add(initializer.Values.Name, _graph.AddConstant(initializer.Values.Name, OnnxSparseTensor.Read(initializer)),
                (DataType)initializer.Values.DataType);
    }

    private void AddInput(ValueInfoProto input, OnnxScope scope, int inputCount)
    {
        TypeProto? wrapped = input.Type?.OptionalType?.ElemType;
        if (_shapes.IsAbsent(input.Name) && (wrapped is not null || input.Type?.SequenceType is not null))
        {
            scope.Sequences[input.Name] = [];
            return;
        }

        if ((input.Type?.SequenceType ?? wrapped?.SequenceType)?.ElemType?.TensorType is { } element)
        {
            scope.Sequences[input.Name] = [.. AddSequence(input.Name, element, inputCount)];
            return;
        }

        // An optional value of a tensor type is a tensor, unless an option says that there is none.
        TypeProto.Types.Tensor? tensor = input.Type?.TensorType ?? wrapped?.TensorType;
        if (tensor is null) throw new ModelCompilationException("MC2004", $"Input '{input.Name}' is not a tensor.",
            "Sequences of sequences, maps and sparse tensors are not supported as inputs.");
        TensorType type = InputType(input.Name, tensor, inputCount);
        TensorData? known = _shapes.IsOpen(input.Name) ? null : _values.For(input.Name, type);
        Value value = known is null ? _graph.AddValue(input.Name, type) : _graph.AddConstant(input.Name, known);
        scope.Add(input.Name, value, (DataType)tensor.ElemType);
        if (input.Type!.OptionalType is not null) scope.Sequences[input.Name] = [value.Id];
        if (known is null) _graph.Inputs.Add(value.Id);
    }

    // One input per element, as many as the option InputShapes gives shapes for.
    private IEnumerable<int> AddSequence(string name, TypeProto.Types.Tensor element, int inputCount)
    {
        int count = _shapes.ElementsOf(name);
        if (count == 0) throw new ModelCompilationException("MC2004", $"Input '{name}' is a sequence, whose length the model does not tell.",
            $"Give the shapes of its elements with the option {OptionText.Of(nameof(CompilationOptions.InputShapes))}, such as "
            + $"{OptionText.Set(nameof(CompilationOptions.InputShapes), $"{name}_0:3;{name}_1:4")}, or {name}:none.");
        for (int i = 0; i < count; i++)
        {
            string own = $"{name}_{i.ToString(CultureInfo.InvariantCulture)}";
            TensorType type = InputType(own, element, inputCount + count);
            TensorData? known = _shapes.IsOpen(own) ? null : _values.For(own, type);
            Value value = known is null ? _graph.AddValue(own, type) : _graph.AddConstant(own, known);
            if (known is null) _graph.Inputs.Add(value.Id);
            yield return value.Id;
        }
    }

    private TensorType InputType(string name, TypeProto.Types.Tensor tensor, int inputCount)
    {
        var dataType = (DataType)tensor.ElemType;
        ElementType type = OnnxTensorReader.ToElementType(dataType) ?? throw OnnxTensorReader.UnsupportedType(name, dataType);
        return new TensorType(type, new Shape(_shapes.Bind(name, tensor.Shape?.Dim.Select((d, i) => Declared(name, d, i)).ToArray(), inputCount, channels: 1)));
    }

    private static InputDimension Declared(string input, TensorShapeProto.Types.Dimension dimension, int axis)
    {
        long known = dimension.DimValue;
        if (known is < 0 or > int.MaxValue)
            throw new ModelCompilationException("MC1012", $"Dimension {axis.ToString(CultureInfo.InvariantCulture)} of input '{input}' is "
                + $"{known.ToString(CultureInfo.InvariantCulture)}.", "Export the model again with valid dimensions.");
        // A batch of unknown size is 1: one sample at a time is what devices run.
        return dimension.HasDimValue && known > 0 ? new((int)known, true, "") : new(axis == 0 ? 1 : null, false, dimension.DimParam);
    }

    private void AddOutput(ValueInfoProto output, OnnxScope scope)
    {
        if (scope.Sequences.TryGetValue(output.Name, out IReadOnlyList<int>? sequence) && output.Type?.TensorType is null)
        {
            // One output per element of a sequence, whose length is fixed.
            for (int i = 0; i < sequence.Count; i++)
                AddOutput(sequence.Count == 1 && output.Type?.OptionalType?.ElemType?.TensorType is not null ? output.Name
                    : $"{output.Name}_{i.ToString(CultureInfo.InvariantCulture)}", sequence[i]);
            return;
        }

        if (!scope.Values.TryGetValue(output.Name, out int id))
            throw new ModelCompilationException("MC1013", $"Output '{output.Name}' is computed by no node.", "The file is damaged; export it again.");
        var declared = (DataType)(output.Type?.TensorType?.ElemType ?? 0);
        // What is kept in float32 is rounded to the type that the model promises.
        if (NarrowFloat.Find(declared) is { } format && _graph[id].Type == ElementType.Float32)
            id = _graph.Add(output.Name, "output", Round.To(format), [id]).Id;
        OnnxLength? bound = scope.Lengths.GetValueOrDefault(output.Name);
        if (bound is { IsRestOpen: true }) id = _graph.Add(output.Name, "output", new KeepFirst(bound.Axis), [id, bound.Length]).Id;
        AddOutput(output.Name, id);
        if (bound is not null) AddOutput(output.Name + "_length", bound.Length);
    }

    private void AddOutput(string name, int id)
    {
        _graph.Outputs.Add(id);
        _graph.OutputNames.Add(name);
    }

    private static Dictionary<string, int> Opsets(IEnumerable<OperatorSetIdProto> sets)
    {
        Dictionary<string, int> opsets = [];
        foreach (OperatorSetIdProto set in sets) opsets[Domain(set.Domain)] = (int)Math.Clamp(set.Version, 0, int.MaxValue);
        return opsets;
    }

    private static string Domain(string domain) => domain == "ai.onnx" ? "" : domain;
}
