using System.CommandLine;
using System.Globalization;
using System.Text;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Planning;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>compile</c>: writes the generated class, its plan and, when they are large, its weights.</summary>
internal sealed class CompileCommand : ModelCommand
{
    private readonly Option<string> _output = new("--output", "-o") { Description = "Folder for the files; by default the current one.", HelpName = "folder",
        DefaultValueFactory = _ => "." };

    public CompileCommand()
        : base("compile", "Writes the C# class of a model, its plan and, when they are large, an assembly with its weights.") => Command.Options.Add(_output);

    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        string folder = parsed.GetValue(_output)!;
        ModelPlan plan = model.Plan;
        List<(string Name, byte[] Content)> files =
        [
            .. ModelEmitter.EmitFiles(plan).Select(f => (plan.ClassName + f.Suffix, Encoding.UTF8.GetBytes(f.Text))),
            (plan.ClassName + ".plan.txt", Encoding.UTF8.GetBytes(PlanText.Write(plan))),
        ];
        if (plan.Weights.IsAssembly)
        {
            files.Add((plan.Weights.Assembly + ".dll", WeightsAssembly.Write(plan.Weights.Assembly, WeightStorage.TypeNamespace, plan.Weights.TypeName,
                model.Result.Weights.Span)));
        }

        AtomicFiles.Write([.. files.Select(f => (Path.Combine(folder, f.Name), (Action<Stream>)(stream => stream.Write(f.Content))))]);
        return new CompileReport(plan.ModelFile, plan.Namespace, plan.ClassName, plan.Target, model.Macs, model.WeightBytes, plan.ArenaBytes,
            [.. files.Select(f => new WrittenFile(Path.Combine(folder, f.Name), f.Content.Length))]);
    }
}

/// <summary>A file that was written.</summary>
internal sealed record WrittenFile(string Path, long Bytes);

/// <summary>What <c>compile</c> wrote.</summary>
internal sealed record CompileReport(string Model, string Namespace, string ClassName, string Target, long Macs, long WeightBytes, long ArenaBytes,
    IReadOnlyList<WrittenFile> Files) : Report
{
    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        foreach (WrittenFile file in Files) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"wrote {file.Path} ({file.Bytes:N0} bytes)"));
    }
}
