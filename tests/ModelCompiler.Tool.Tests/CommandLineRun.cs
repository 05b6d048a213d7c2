using System.Text.Json;

namespace ModelCompiler.Tool.Tests;

/// <summary>One run of the command line in this process, and what it printed.</summary>
internal sealed record CommandLineRun(int ExitCode, string Output, string Error)
{
    /// <summary>A small float network that is part of the repository.</summary>
    public static string Digits => Path.Combine(SharedData.RepositoryRoot, "samples", "Digits", "digits.onnx");

    /// <summary>Representative inputs of <see cref="Digits"/>.</summary>
    public static string DigitsCalibration => Path.Combine(SharedData.RepositoryRoot, "samples", "Digits", "calibration.npz");

    /// <summary>The output as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static CommandLineRun Of(params string[] args)
    {
        var output = new StringWriter();
        var error = new StringWriter();
        int code = ModelcApp.Run(args, output, error);
        var run = new CommandLineRun(code, output.ToString(), error.ToString());
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        return run;
    }

    /// <summary>A run that must succeed.</summary>
    public static CommandLineRun Succeeds(params string[] args)
    {
        CommandLineRun run = Of(args);
        Assert.True(run.ExitCode == 0, $"Exit code {run.ExitCode}: {run.Error}");
        return run;
    }
}

/// <summary>A folder that lives as long as a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("modelc-tests-");

    public string this[string name] => Path.Combine(_folder.FullName, name);

    public IEnumerable<string> Files => _folder.EnumerateFiles().Select(f => f.Name).Order(StringComparer.Ordinal);

    public void Dispose() => _folder.Delete(recursive: true);
}
