using System.CommandLine;
using System.CommandLine.Invocation;
using ModelCompiler.Core;
using ModelCompiler.Tool.CommandLine;
using ModelCompiler.Tool.Commands;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool;

/// <summary>The command line as a function, so that tests need no process.</summary>
internal static class ModelcApp
{
    /// <summary>Success.</summary>
    public const int Success = 0;

    /// <summary>The model, its data or the environment is at fault; diagnostics say how.</summary>
    public const int Failure = 1;

    /// <summary>The command line is at fault.</summary>
    public const int Usage = 2;

    /// <summary>Runs one command line and gives the exit code. No exception leaves it.</summary>
    /// <param name="args">Arguments, without the program's name.</param>
    /// <param name="output">Receives results: text, or one JSON document with <c>--json</c>.</param>
    /// <param name="error">Receives diagnostics, one per line.</param>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            ParseResult parsed = CreateRoot(output, error).Parse(args);
            if (parsed.Action is ParseErrorAction)
            {
                new Reporter(output, error, args.Contains(SharedOptions.JsonName)).Fail(UsageErrors.Of(parsed));
                return Usage;
            }

            return parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception e)
        {
            new Reporter(output, error, args.Contains(SharedOptions.JsonName)).Fail(Unexpected("modelc", e));
            return Failure;
        }
    }

    /// <summary>The diagnostic for an exception that nobody expected: one line, no stack trace.</summary>
    internal static Diagnostic Unexpected(string file, Exception e)
    {
        string message = string.Join(' ', e.Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return e is OutOfMemoryException
            ? new("MC9999", DiagnosticSeverity.Error, file, null, "There is not enough memory.", "Use smaller shapes, or a machine with more memory.")
            : new("MC9999", DiagnosticSeverity.Error, file, null, $"ModelCompiler failed unexpectedly ({e.GetType().Name}: {message.TrimEnd('.')}).",
                "This is a defect of ModelCompiler; please report it with the model.");
    }

    /// <summary>All commands.</summary>
    internal static RootCommand CreateRoot(TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Compiles neural networks (.onnx, .tflite) to C#.");
        Option<bool> json = SharedOptions.Json();
        root.Options.Add(json);
        ModelCommand[] commands = [new InspectCommand(), new CompileCommand(), new RunCommand(), new EvaluateCommand(), new ExplainCommand(),
            new BenchCommand(), new ExportCommand()];
        foreach (ModelCommand command in commands) root.Subcommands.Add(command.Create(json, output, error));
        root.Subcommands.Add(new ConformCommand().Create(json, output, error));
        root.Subcommands.Add(new TargetsCommand().Create(json, output, error));
        return root;
    }
}
