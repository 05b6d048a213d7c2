using System.CommandLine;
using System.Globalization;
using ModelCompiler.Core;
using ModelCompiler.Core.Export;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>export</c>: writes the compiled network as a model file that other runtimes take.</summary>
internal sealed class ExportCommand : ModelCommand
{
    private readonly Option<string> _output = new("--output", "-o") { Description = "The file: an .onnx file.", HelpName = "file", Required = true };

    public ExportCommand()
        : base("export", "Writes the quantised and compressed network as an ONNX model for other runtimes.") => Command.Options.Add(_output);

    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        string path = parsed.GetValue(_output)!;
        string extension = Path.GetExtension(path);
        if (!extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase))
        {
            throw new ModelCompilationException("MC2007", $"Networks are not written as '{extension}' files.", "Name an .onnx file as --output.", file: path);
        }

        byte[] content = QdqExporter.ExportModel(model.Graph, model.Result.Original!);
        AtomicFiles.Write([(path, stream => stream.Write(content))]);
        return new ExportReport(model.Plan.ModelFile, new WrittenFile(path, content.Length));
    }
}

/// <summary>What <c>export</c> wrote.</summary>
internal sealed record ExportReport(string Model, WrittenFile File) : Report
{
    /// <inheritdoc/>
    public override void WriteText(TextWriter output) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wrote {File.Path} ({File.Bytes:N0} bytes)"));
}
