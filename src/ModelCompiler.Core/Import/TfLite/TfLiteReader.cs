using System.Collections.Immutable;

namespace ModelCompiler.Core.Import.TfLite;

/// <summary>
/// Reads the TensorFlow Lite schema, version 3. Whatever the bytes are, it gives a model whose indices and sizes hold or throws
/// <see cref="ModelCompilationException"/>. Field numbers are those of the schema.
/// </summary>
internal static class TfLiteReader
{
    private const int SchemaVersion = 3;
    private const string Remedy = "Export or download the model again.";

    /// <summary>Reads a model.</summary>
    /// <exception cref="ModelCompilationException">MC1001–MC1003, MC1007, MC1008: the bytes are not a sound model.</exception>
    public static TfLiteModel Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length < 8 || !file.Span[4..8].SequenceEqual("TFL3"u8))
        {
            throw ForeignFile.Error(file.Span, "a TensorFlow Lite model", "it lacks the identifier 'TFL3' at byte 4.");
        }

        var buffer = new FlatBuffer(file);
        FlatTable root = buffer.Root();
        uint version = root.Scalar<uint>(0);
        if (version != SchemaVersion)
            throw new ModelCompilationException("MC1001", $"The file says it has schema version {version}; TensorFlow Lite models have version "
                + $"{SchemaVersion}.", "Export the model again with TensorFlow 1.9 or later.");

        ImmutableArray<TfLiteOperatorCode> codes = [.. root.Tables(1, ReadOperatorCode)];
        ImmutableArray<ReadOnlyMemory<byte>?> buffers = [.. root.Tables(4, (t, _) => ReadBuffer(buffer, t))];
        ImmutableArray<TfLiteSubgraph> subgraphs = [.. root.Tables(2, (t, i) => ReadSubgraph(buffer, t, i, codes, buffers))];
        if (subgraphs.IsEmpty) throw new ModelCompilationException("MC1008", "The model holds no graph.", "Export it again.");
        ImmutableArray<TfLiteMetadata> metadata = [.. root.Tables(6, (t, i) => ReadMetadata(t, i, buffers))];
        ImmutableArray<TfLiteSignature> signatures = [.. root.Tables(7, (t, _) => ReadSignature(t, subgraphs))];
        return new TfLiteModel(SchemaVersion, root.Text(3) ?? "", codes, subgraphs, [.. buffers.Select(b => b ?? default)], metadata, signatures);
    }

    private static TfLiteOperatorCode ReadOperatorCode(FlatTable table, int index)
    {
        // Codes above 127 did not fit the first field; older files have only that one.
        var builtin = (TfLiteBuiltinOperator)Math.Max(table.Scalar<sbyte>(0), table.Scalar<int>(3));
        return new(builtin, builtin == TfLiteBuiltinOperator.Custom ? table.Text(1) ?? "" : null, table.Scalar(2, 1));
    }

    private static ReadOnlyMemory<byte>? ReadBuffer(FlatBuffer buffer, FlatTable table) =>
        table.Bytes(0) is { Length: > 0 } data ? data : ReadOutside(buffer, table, 1) ?? table.Bytes(0);

    /// <summary>Data of models above 2 GB lies behind the FlatBuffers part, at an offset and size held by two fields; offsets 0 and 1 stand for none.</summary>
    private static ReadOnlyMemory<byte>? ReadOutside(FlatBuffer buffer, FlatTable table, int offsetField)
    {
        ulong offset = table.Scalar<ulong>(offsetField);
        ulong size = table.Scalar<ulong>(offsetField + 1);
        if (offset <= 1) return null;
        if (offset > (ulong)buffer.Length || size > (ulong)buffer.Length - offset)
        {
            throw new ModelCompilationException("MC1002", $"The file is truncated: {size} bytes of weights should lie at byte {offset}, but the file ends "
                + $"after {buffer.Length}.", Remedy);
        }

        return buffer.Slice((long)offset, (long)size);
    }

    private static TfLiteSubgraph ReadSubgraph(FlatBuffer buffer, FlatTable table, int index, ImmutableArray<TfLiteOperatorCode> codes,
        ImmutableArray<ReadOnlyMemory<byte>?> buffers)
    {
        string name = table.Text(4) is { Length: > 0 } text ? text : $"subgraph {index}";
        ImmutableArray<TfLiteTensor> tensors = [.. table.Tables(0, (t, i) => TfLiteTensorReader.Read(t, i, buffers))];
        int[] inputs = TensorIndices(table.Vector<int>(1), tensors.Length, $"input of '{name}'");
        int[] outputs = TensorIndices(table.Vector<int>(2), tensors.Length, $"output of '{name}'");
        return new(name, tensors, inputs, outputs, [.. table.Tables(3, (t, i) => ReadOperator(buffer, t, i, codes, tensors.Length))]);
    }

    private static TfLiteOperator ReadOperator(FlatBuffer buffer, FlatTable table, int index, ImmutableArray<TfLiteOperatorCode> codes, int tensors)
    {
        uint code = table.Scalar<uint>(0);
        if (code >= (uint)codes.Length) throw Damaged($"operator {index} has kind {code}, but the model lists {codes.Length} kinds of operators.");
        string name = $"{codes[(int)code].DisplayName}, operator {index}";
        return new(
            index,
            codes[(int)code],
            TensorIndices(table.Vector<int>(1), tensors, $"input of {name}", optional: true),
            TensorIndices(table.Vector<int>(2), tensors, $"output of {name}"),
            TensorIndices(table.Vector<int>(8), tensors, $"intermediate of {name}", optional: true),
            ReadOptions(table, 3),
            ReadOptions(table, 11),
            table.Bytes(5) ?? ReadOutside(buffer, table, 9) ?? default);
    }

    /// <summary>A union takes two fields: the number of its type, then the table.</summary>
    private static TfLiteOptions ReadOptions(FlatTable table, int typeField)
    {
        byte type = table.Scalar<byte>(typeField);
        return type == 0 || table.Table(typeField + 1) is not { } options ? TfLiteOptions.None : new(type, options);
    }

    private static TfLiteMetadata ReadMetadata(FlatTable table, int index, ImmutableArray<ReadOnlyMemory<byte>?> buffers)
    {
        uint buffer = table.Scalar<uint>(1);
        if (buffer >= (uint)buffers.Length) throw Damaged($"metadata {index} lies in buffer {buffer}, but the model has {buffers.Length}.");
        return new(table.Text(0) ?? "", buffers[(int)buffer] ?? default);
    }

    private static TfLiteSignature ReadSignature(FlatTable table, ImmutableArray<TfLiteSubgraph> subgraphs)
    {
        string key = table.Text(2) ?? "";
        uint subgraph = table.Scalar<uint>(4);
        if (subgraph >= (uint)subgraphs.Length) throw Damaged($"signature '{key}' names subgraph {subgraph}, but the model has {subgraphs.Length}.");
        int tensors = subgraphs[(int)subgraph].Tensors.Length;
        return new(key, (int)subgraph, [.. table.Tables(0, Name)], [.. table.Tables(1, Name)]);

        TfLiteTensorName Name(FlatTable map, int index)
        {
            uint tensor = map.Scalar<uint>(1);
            if (tensor >= (uint)tensors) throw Damaged($"signature '{key}' names tensor {tensor}, but its subgraph has {tensors}.");
            return new(map.Text(0) ?? "", (int)tensor);
        }
    }

    private static int[] TensorIndices(int[] indices, int tensors, string what, bool optional = false)
    {
        foreach (int index in indices)
        {
            if (index >= tensors || index < (optional ? -1 : 0)) throw Damaged($"an {what} is tensor {index}, but there are {tensors}.");
        }

        return indices;
    }

    private static ModelCompilationException Damaged(string what) => new("MC1001", "The structure of the file is damaged: " + what, Remedy);
}
