using Google.Protobuf;
using ModelCompiler.Core.Import.Onnx.Proto;

namespace ModelCompiler.Core.Import.Onnx;

/// <summary>Parses the bytes of an ONNX file.</summary>
internal static class OnnxFile
{
    /// <summary>Parses a model.</summary>
    /// <exception cref="ModelCompilationException">MC1001: the bytes are not an ONNX model.</exception>
    public static ModelProto Parse(ReadOnlyMemory<byte> bytes)
    {
        ModelProto model;
        try
        {
            // Protobuf limits the depth of nesting to 100 by itself.
            model = ModelProto.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ModelCompilationException("MC1001", $"The file is not a readable ONNX model ({e.Message.TrimEnd('.')}).", "It is damaged or incomplete; export or download it again.");
        }

        if (model.Graph is null || model.Graph.Node.Count + model.Graph.Output.Count == 0)
        {
            throw new ModelCompilationException("MC1001", "The file holds no ONNX graph.", "Check that it is an .onnx model and that it was written completely.");
        }

        return model;
    }
}
