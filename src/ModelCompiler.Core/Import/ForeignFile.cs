using System.Text;

namespace ModelCompiler.Core.Import;

/// <summary>Recognises files that are often mistaken for a model, so that the error says what the file is instead.</summary>
internal static class ForeignFile
{
    /// <summary>The error for a file that is not a model of the expected format.</summary>
    /// <param name="file">Content of the file.</param>
    /// <param name="format">The expected format, such as <c>a TensorFlow Lite model</c>.</param>
    /// <param name="evidence">What is wrong when the content is not recognised.</param>
    public static ModelCompilationException Error(ReadOnlySpan<byte> file, string format, string evidence)
    {
        if (file.IsEmpty) return Error($"The file is empty, so it is not {format}.", "Export or download the model again.");
        if (file.StartsWith("version https://git-lfs"u8))
            return Error("The file is a Git LFS pointer: the model itself was not downloaded.", "Run 'git lfs pull' and build again.");
        if (file.StartsWith<byte>([0x89, (byte)'H', (byte)'D', (byte)'F']))
            return Error($"The file is HDF5 (a Keras model), not {format}.", "Convert it with TFLiteConverter or tf2onnx.");
        if (file.StartsWith("PK\x3\x4"u8))
            return Error($"The file is a zip archive (a PyTorch checkpoint or a Keras model, perhaps), not {format}.",
                "Export the model as .onnx or .tflite, or unpack the archive if the model lies inside.");
        if (file.StartsWith<byte>([0x1f, 0x8b])) return Error($"The file is compressed with gzip, so it is not {format} as it stands.", "Unpack it.");
        if (file.Length >= 8 && file[4..8].SequenceEqual("TFL3"u8))
            return Error($"The file is a TensorFlow Lite model, not {format}.", "Give it the extension .tflite.");
        if (IsMarkup(file)) return Error($"The file is a web page or text, not {format}.", "Download the model itself, not the page that shows it.");
        return Error($"The file is not {format}: {evidence}", "Check that the right file is named, and export or download it again.");
    }

    private static ModelCompilationException Error(string reason, string remedy) => new("MC1001", reason, remedy);

    private static bool IsMarkup(ReadOnlySpan<byte> file)
    {
        string start = Encoding.Latin1.GetString(file[..Math.Min(file.Length, 64)]).TrimStart();
        return start.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            || start.StartsWith("<?xml", StringComparison.Ordinal);
    }
}
