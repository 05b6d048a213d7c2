using Google.Protobuf;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Reads ONNX messages from bytes.</summary>
internal static class OnnxFile
{
    private const string Remedy = "Export or download the model again.";

    /// <summary>Reads a model.</summary>
    /// <exception cref="ModelCompilationException">MC1001, MC1002, MC1008: the bytes are not a sound model.</exception>
    public static ModelProto Parse(ReadOnlyMemory<byte> bytes)
    {
        ModelProto model = Parse(ModelProto.Parser, OnnxMessage.Model, bytes.Span, "an ONNX model");
        if (model.Graph is not null) return model;
        if (model.IrVersion == 0 && model.OpsetImport.Count == 0)
            throw ForeignFile.Error(bytes.Span, "an ONNX model", "none of its fields are those of a model.");
        throw new ModelCompilationException("MC1008", "The model holds no graph.", "Export it again.");
    }

    /// <summary>Reads a tensor, as in the <c>.pb</c> files of the ONNX test suites.</summary>
    /// <exception cref="ModelCompilationException">MC1001, MC1002: the bytes are not a sound tensor.</exception>
    public static TensorProto ParseTensor(ReadOnlyMemory<byte> bytes) => Parse(TensorProto.Parser, OnnxMessage.Tensor, bytes.Span, "an ONNX tensor");

    private static T Parse<T>(MessageParser<T> parser, OnnxMessage root, ReadOnlySpan<byte> file, string format)
        where T : IMessage<T>
    {
        switch (OnnxWire.Check(file, root))
        {
            // Exporters write the version first: a file that starts with it began as a model.
            case WireState.Truncated when file[0] == 0x08:
                throw new ModelCompilationException("MC1002", "The file is truncated or damaged: one of its parts reaches past the end.", Remedy);
            case WireState.Truncated or WireState.Invalid:
                throw ForeignFile.Error(file, format, "its bytes do not follow the protobuf format.");
            case WireState.TooDeep:
                throw new ModelCompilationException("MC1001", "The structure of the file is damaged: its parts are nested too deeply.", Remedy);
            case WireState.TooMany:
                throw new ModelCompilationException("MC1001", $"The structure of the file is damaged: it has more than {OnnxWire.MaxMessages} parts.", Remedy);
        }

        try
        {
            return parser.WithDiscardUnknownFields(true).ParseFrom(file);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ModelCompilationException("MC1001", $"The structure of the file is damaged: {e.Message.TrimEnd('.')}.", Remedy);
        }
    }
}
