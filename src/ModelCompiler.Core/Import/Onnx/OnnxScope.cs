using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>The names that are known at one place of a model: those of the graph so far and, inside subgraphs, those of the graphs around.</summary>
internal sealed class OnnxScope
{
    /// <summary>Starts with nothing.</summary>
    public OnnxScope()
    {
    }

    /// <summary>A scope inside another: sees its names and leaves it as it is.</summary>
    public OnnxScope(OnnxScope outer)
    {
        Values = new(outer.Values, StringComparer.Ordinal);
        Sequences = new(outer.Sequences, StringComparer.Ordinal);
        Types = new(outer.Types, StringComparer.Ordinal);
        Lengths = new(outer.Lengths, StringComparer.Ordinal);
    }

    /// <summary>Tensors by name.</summary>
    public Dictionary<string, int> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Sequences by name; their length is known at build time. An optional value is a sequence of at most one.</summary>
    public Dictionary<string, IReadOnlyList<int>> Sequences { get; } = new(StringComparer.Ordinal);

    /// <summary>Types in the file of tensors that the compiler keeps in a wider type: bfloat16 and floats of 8 and 4 bits in float32,
    /// integers of 4 and 2 bits in 8.</summary>
    public Dictionary<string, DataType> Types { get; } = new(StringComparer.Ordinal);

    /// <summary>Tensors of which only the first elements along an axis count, with the number of these.</summary>
    public Dictionary<string, OnnxLength> Lengths { get; } = new(StringComparer.Ordinal);

    /// <summary>Shapes that the graph declares for values, −1 for dimensions it leaves open.</summary>
    public Dictionary<string, int[]> Shapes { get; } = new(StringComparer.Ordinal);

    /// <summary>Notes the shapes that a graph declares.</summary>
    public void Declare(GraphProto graph)
    {
        foreach (ValueInfoProto value in graph.ValueInfo.Concat(graph.Output))
        {
            if (value.Type?.TensorType?.Shape is { } shape)
                Shapes[value.Name] = [.. shape.Dim.Select(d => d.HasDimValue && d.DimValue is >= 0 and <= int.MaxValue ? (int)d.DimValue : -1)];
        }
    }

    /// <summary>Adds a tensor.</summary>
    public void Add(string name, Value value, DataType type)
    {
        Values[name] = value.Id;
        Sequences.Remove(name);
        Lengths.Remove(name);
        if (OnnxTensorReader.IsNarrow(type)) Types[name] = type;
        else Types.Remove(name);
    }
}
