using System.CommandLine;
using System.Globalization;
using System.Runtime.Intrinsics.X86;
using ModelCompiler.Core;
using ModelCompiler.Tool.CommandLine;
using ModelCompiler.Tool.Conformance;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>conform</c>: runs ONNX backend tests.</summary>
internal sealed class ConformCommand
{
    private readonly Argument<string> _folder = new("DIR") { Description = "A folder with tests: */model.onnx with */test_data_set_*/{input,output}_*.pb." };
    private readonly Option<EngineKind> _engine = SharedOptions.Engine();
    private readonly Option<string?> _target = new("--target") { Description = "Machine to compile for; by default this one.", HelpName = "text" };

    /// <summary>The finished command.</summary>
    public Command Create(Option<bool> json, TextWriter output, TextWriter error)
    {
        var command = new Command("conform", "Runs ONNX backend tests and compares with their outputs.");
        command.Arguments.Add(_folder);
        _folder.Validators.Add(result =>
        {
            if (UsageErrors.IsStray(result.Tokens[0].Value)) result.AddError($"'{result.Tokens[0].Value}' is no folder.");
        });
        command.Options.Add(_engine);
        command.Options.Add(_target);
        command.SetAction(parsed => Run(parsed, new Reporter(output, error, parsed.GetValue(json))));
        return command;
    }

    private int Run(ParseResult parsed, Reporter reporter)
    {
        string folder = parsed.GetValue(_folder)!;
        if (!Directory.Exists(folder))
        {
            reporter.Fail(new ModelCompilationException("MC9004", "The tests cannot be read: there is no such folder.", "Check the path.")
                .ToDiagnostic(folder));
            return ModelcApp.Failure;
        }

        IReadOnlyList<ConformanceResult> results = ConformanceRunner.Run(folder, parsed.GetValue(_engine),
            parsed.GetValue(_target) ?? (Avx2.IsSupported && Fma.IsSupported ? "x64-v3" : "portable"));
        reporter.Succeed(new ConformanceReport(Count(ConformanceOutcome.Passed), Count(ConformanceOutcome.Failed), Count(ConformanceOutcome.Skipped),
            [.. results]), []);
        return results.Any(r => r.Outcome == ConformanceOutcome.Failed) ? ModelcApp.Failure : ModelcApp.Success;

        int Count(ConformanceOutcome outcome) => results.Count(r => r.Outcome == outcome);
    }
}

/// <summary>What <c>conform</c> found.</summary>
internal sealed record ConformanceReport(int Passed, int Failed, int Skipped, IReadOnlyList<ConformanceResult> Results) : Report
{
    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        foreach (ConformanceResult result in Results.Where(r => r.Outcome != ConformanceOutcome.Passed))
            output.WriteLine($"{result.Outcome.ToString().ToLowerInvariant()} {result.Name}: {result.Reason}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Passed} passed, {Failed} failed, {Skipped} skipped"));
    }
}
