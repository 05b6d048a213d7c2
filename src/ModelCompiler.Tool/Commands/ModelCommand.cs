using System.CommandLine;
using ModelCompiler.Core;
using ModelCompiler.Tool.CommandLine;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary>A command that compiles a model and reports something about it.</summary>
internal abstract class ModelCommand
{
    private readonly Argument<string> _model = new("MODEL") { Description = "The model: an .onnx or .tflite file." };
    private readonly ItemOptions _items;

    protected ModelCommand(string name, string description)
    {
        Command = new Command(name, description);
        Command.Arguments.Add(_model);
        _model.Validators.Add(result =>
        {
            if (UsageErrors.IsStray(result.Tokens[0].Value)) result.AddError($"'{result.Tokens[0].Value}' is no file.");
        });
        _items = new ItemOptions(Command);
    }

    /// <summary>The command, for options of its own.</summary>
    protected Command Command { get; }

    /// <summary>Receives how far the work is, when it takes long.</summary>
    protected TextWriter Error { get; private set; } = TextWriter.Null;

    /// <summary>The finished command.</summary>
    public Command Create(Option<bool> json, TextWriter output, TextWriter error)
    {
        Error = error;
        Command.SetAction(parsed => Run(parsed, new Reporter(output, error, parsed.GetValue(json))));
        return Command;
    }

    /// <summary>Does the work, once the model is compiled.</summary>
    protected abstract Report Execute(CompiledModel model, ParseResult parsed);

    /// <summary>Declares an option, or takes the item option of that name once there is one.</summary>
    protected Option<string?> Declare(string name, string description, string helpName)
    {
        if (_items.Find(name) is { } item) return item;
        var option = new Option<string?>(name) { Description = description, HelpName = helpName };
        Command.Options.Add(option);
        return option;
    }

    private int Run(ParseResult parsed, Reporter reporter)
    {
        string path = parsed.GetValue(_model)!;
        IReadOnlyList<Diagnostic> diagnostics = [];
        try
        {
            CompiledModel model = CompiledModel.Load(path, _items.Read(parsed));
            diagnostics = model.Result.Diagnostics;
            if (model.Result.Success)
            {
                Report report = Execute(model, parsed);
                reporter.Succeed(report, [.. diagnostics, .. model.Notices]);
                return ModelcApp.Success;
            }

            reporter.Fail(diagnostics);
        }
        catch (ModelCompilationException e)
        {
            reporter.Fail([.. diagnostics, e.ToDiagnostic(path, ItemOptions.Spell)]);
        }
        catch (Exception e)
        {
            reporter.Fail([.. diagnostics, ModelcApp.Unexpected(path, e)]);
        }

        return ModelcApp.Failure;
    }
}
