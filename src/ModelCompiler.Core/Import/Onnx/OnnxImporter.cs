using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Reads an ONNX model into a graph. Convolutions and pools are brought to channels-last by explicit transposes, which passes remove.</summary>
internal static class OnnxImporter
{
    private static readonly IReadOnlyDictionary<(string Domain, string Name), Action<OnnxNode>> Operators =
        OperatorRegistry.Find<OnnxOperatorAttribute, (string, string), OnnxNode>(a => (a.Domain, a.Name));

    /// <summary>All operators, for the table in the documentation.</summary>
    public static IEnumerable<(string Domain, string Name)> SupportedOperators => Operators.Keys;

    /// <summary>Reads a model.</summary>
    /// <exception cref="ModelCompilationException">The file is malformed, or an operator is not supported.</exception>
    public static ModelGraph Import(ReadOnlyMemory<byte> bytes, InputShapes shapes)
    {
        ModelProto model = OnnxFile.Parse(bytes);
        Dictionary<string, int> opsets = [];
        foreach (OperatorSetIdProto set in model.OpsetImport) opsets[Domain(set.Domain)] = (int)Math.Clamp(set.Version, 0, int.MaxValue);

        var graph = new GraphEditor();
        var values = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (TensorProto initializer in model.Graph.Initializer) values[initializer.Name] = graph.AddConstant(initializer.Name, OnnxNode.ReadTensor(initializer)).Id;
        foreach (ValueInfoProto input in model.Graph.Input.Where(i => !values.ContainsKey(i.Name)))
        {
            Value value = graph.AddValue(input.Name, InputType(input, shapes, model.Graph.Input.Count));
            values[input.Name] = value.Id;
            graph.Inputs.Add(value.Id);
        }

        shapes.RequireAllUsed();
        foreach (NodeProto node in model.Graph.Node) ImportNode(node, opsets, graph, values);
        foreach (ValueInfoProto output in model.Graph.Output)
        {
            if (!values.TryGetValue(output.Name, out int id)) throw new ModelCompilationException("MC1013", $"Output '{output.Name}' is computed by no node.", "The file is damaged; export it again.");
            graph.Outputs.Add(id);
            graph.OutputNames.Add(output.Name);
        }

        if (graph.Outputs.Count == 0) throw new ModelCompilationException("MC1014", "The model has no outputs.", "Export the model again with named outputs.");
        return graph.ToGraph();
    }

    private static void ImportNode(NodeProto proto, Dictionary<string, int> opsets, GraphEditor graph, Dictionary<string, int> values)
    {
        string domain = Domain(proto.Domain);
        var node = new OnnxNode(proto, opsets.GetValueOrDefault(domain), graph, values);
        if (!Operators.TryGetValue((domain, proto.OpType), out Action<OnnxNode>? import))
        {
            throw new ModelCompilationException(
                "MC2001", $"Operator '{(domain.Length > 0 ? domain + "." : "")}{proto.OpType}' is not supported.", "The table of operators in the documentation lists what is; replace the operator or export the model with another opset.", $"'{node.Name}' ({node.Origin})");
        }

        try
        {
            import(node);
        }
        catch (ModelCompilationException e)
        {
            throw e.At($"'{node.Name}' ({node.Origin})");
        }
    }

    private static TensorType InputType(ValueInfoProto input, InputShapes shapes, int inputCount)
    {
        if (input.Type?.TensorType is not { } tensor) throw new ModelCompilationException("MC2004", $"Input '{input.Name}' is not a tensor.", "Sequences, maps and optional values are not supported as inputs.");
        var dataType = (TensorProto.Types.DataType)tensor.ElemType;
        ElementType type = OnnxTensorReader.ToElementType(dataType) ?? throw OnnxTensorReader.UnsupportedType(input.Name, dataType);
        int[]? given = shapes.For(input.Name, inputCount);
        if (tensor.Shape is null) return new TensorType(type, new Shape(given ?? throw shapes.Missing(input.Name, "unknown rank")));
        if (given is not null && given.Length != tensor.Shape.Dim.Count) throw shapes.Mismatch(input.Name, given, tensor.Shape.Dim.Count);
        var dimensions = new int[tensor.Shape.Dim.Count];
        for (int i = 0; i < dimensions.Length; i++)
        {
            TensorShapeProto.Types.Dimension dimension = tensor.Shape.Dim[i];
            long known = dimension.DimValue;
            if (known < 0 || known > int.MaxValue) throw new ModelCompilationException("MC1012", $"Dimension {i.ToString(CultureInfo.InvariantCulture)} of input '{input.Name}' is {known.ToString(CultureInfo.InvariantCulture)}.", "Export the model again with valid dimensions.");
            bool isKnown = dimension.HasDimValue && known > 0;
            if (given is not null && isKnown && given[i] != known) throw shapes.Mismatch(input.Name, given, dimensions.Length);
            // A batch of unknown size is 1: one sample at a time is what devices run.
            dimensions[i] = given?[i] ?? (isKnown ? (int)known : i == 0 ? 1 : throw shapes.Missing(input.Name, dimension.DimParam.Length > 0 ? $"dimension '{dimension.DimParam}'" : $"dimension {i.ToString(CultureInfo.InvariantCulture)}"));
        }

        return new TensorType(type, new Shape(dimensions));
    }

    private static string Domain(string domain) => domain == "ai.onnx" ? "" : domain;
}
