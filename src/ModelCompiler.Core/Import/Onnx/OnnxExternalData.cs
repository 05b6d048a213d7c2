using System.Globalization;
using Google.Protobuf;
using ModelCompiler.Core.Import.Onnx.Proto;
using DataType = ModelCompiler.Core.Import.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>
/// Brings elements that lie in files beside the model into the model, so that nothing after it knows the difference.
/// Paths are those of the folder of the model; whoever opens the files sees to links.
/// </summary>
/// <param name="read">Content of a file by its path relative to the model's folder, with slashes; throws <see cref="IOException"/> when it cannot be had.
/// Null when the model has no folder.</param>
internal sealed class OnnxExternalData(Func<string, ReadOnlyMemory<byte>>? read)
{
    private const string Remedy = "Keep the files that the exporter wrote beside the model, or save the model with its weights inside: "
        + "onnx.save_model(onnx.load(path), path, save_as_external_data=False).";

    /// <summary>The files that were read, in ordinal order of their paths.</summary>
    public SortedDictionary<string, ReadOnlyMemory<byte>> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Replaces every reference in a model, wherever a tensor may stand.</summary>
    /// <exception cref="ModelCompilationException">MC1004: a file or a part of it cannot be had.</exception>
    public void Resolve(ModelProto model)
    {
        Resolve(model.Graph);
        foreach (FunctionProto function in model.Functions)
        {
            foreach (NodeProto node in function.Node) Resolve(node);
            foreach (AttributeProto attribute in function.AttributeProto) Resolve(attribute, function.Name);
        }
    }

    private void Resolve(GraphProto graph)
    {
        foreach (TensorProto initializer in graph.Initializer) Resolve(initializer, "(unnamed)");
        foreach (SparseTensorProto initializer in graph.SparseInitializer) Resolve(initializer, "(unnamed)");
        foreach (NodeProto node in graph.Node) Resolve(node);
    }

    private void Resolve(NodeProto node)
    {
        string name = node.Output.FirstOrDefault(o => o.Length > 0) ?? node.Name;
        foreach (AttributeProto attribute in node.Attribute) Resolve(attribute, name);
    }

    private void Resolve(AttributeProto attribute, string name)
    {
        if (attribute.T is { } tensor) Resolve(tensor, name);
        foreach (TensorProto item in attribute.Tensors) Resolve(item, name);
        if (attribute.SparseTensor is { } sparse) Resolve(sparse, name);
        foreach (SparseTensorProto item in attribute.SparseTensors) Resolve(item, name);
        if (attribute.G is { } graph) Resolve(graph);
        foreach (GraphProto item in attribute.Graphs) Resolve(item);
    }

    private void Resolve(SparseTensorProto sparse, string name)
    {
        if (sparse.Values is { } values) Resolve(values, name);
        if (sparse.Indices is { } indices) Resolve(indices, sparse.Values is { Name.Length: > 0 } named ? named.Name : name);
    }

    private void Resolve(TensorProto tensor, string owner)
    {
        if (!IsExternal(tensor)) return;
        string name = tensor.Name.Length > 0 ? tensor.Name : owner;
        string location = Entry(tensor, "location") ?? throw Bad(name, null, "it does not say which");
        if (location.Length == 0 || Path.IsPathRooted(location) || location.Contains('\\', StringComparison.Ordinal)
            || location.Contains(':', StringComparison.Ordinal) || location.Contains('\0', StringComparison.Ordinal))
        {
            throw Bad(name, location, "the path is not one of a file below the model's folder");
        }

        if (location.Split('/').Contains("..")) throw Bad(name, location, "the path leads out of the model's folder");
        long? needed = OnnxTensorReader.StoredBytes(tensor);
        ReadOnlyMemory<byte> file = Read(name, location);
        long offset = Number(tensor, name, location, "offset") ?? 0;
        if (offset > file.Length) throw Bad(name, location, $"the elements should begin at byte {Text(offset)}, but the file has {Text(file.Length)} bytes");
        long length = Number(tensor, name, location, "length") ?? needed ?? file.Length - offset;
        if (length > file.Length - offset)
            throw Bad(name, location, $"{Text(length)} bytes should lie at byte {Text(offset)}, but the file ends after {Text(file.Length)}");
        if (needed is { } bytes && bytes != length)
            throw Bad(name, location, $"{(DataType)tensor.DataType} of shape [{string.Join(", ", tensor.Dims.Take(16))}] takes {Text(bytes)} bytes, but "
                + $"{Text(length)} are given");
        tensor.RawData = UnsafeByteOperations.UnsafeWrap(file.Slice((int)offset, (int)length));
        tensor.ExternalData.Clear();
        tensor.DataLocation = TensorProto.Types.DataLocation.Default;
    }

    /// <summary>True for a tensor whose elements do not lie in the message.</summary>
    public static bool IsExternal(TensorProto tensor) => tensor.DataLocation == TensorProto.Types.DataLocation.External || tensor.ExternalData.Count > 0;

    /// <summary>MC1004: the elements of a tensor cannot be had.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="location">The file, as the model names it.</param>
    /// <param name="problem">Why, as a part of a sentence; null when nothing can be read at all.</param>
    public static ModelCompilationException Bad(string name, string? location, string? problem) =>
        new("MC1004", $"The elements of tensor '{name}' lie in another "
        + $"file{(location is null ? "" : $" ('{location}')")}{(problem is null ? "" : $", which cannot be used: {problem}")}.", Remedy);

    /// <summary>What the model says about a tensor's file, or null.</summary>
    public static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value;

    private ReadOnlyMemory<byte> Read(string name, string location)
    {
        if (read is null) throw Bad(name, location, null);
        // Different spellings of one path are one file.
        string path = string.Join('/', location.Split('/').Where(part => part is not ("" or ".")));
        if (Files.TryGetValue(path, out ReadOnlyMemory<byte> content)) return content;
        try
        {
            return Files[path] = read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Bad(name, location, e.Message.TrimEnd('.'));
        }
    }

    private static long? Number(TensorProto tensor, string name, string location, string key)
    {
        if (Entry(tensor, key) is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
            : throw Bad(name, location, $"its {key} is '{text}'");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
