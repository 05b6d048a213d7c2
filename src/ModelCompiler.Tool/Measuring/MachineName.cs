using System.Runtime.InteropServices;

namespace ModelCompiler.Tool.Measuring;

/// <summary>What figures were measured on: they mean nothing without it.</summary>
internal static class MachineName
{
    /// <summary>The framework with its version, and the processor.</summary>
    public static string Text => $"{RuntimeInformation.FrameworkDescription}, {Processor}";

    private static string Processor => FromSystem() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
        ?? $"{RuntimeInformation.ProcessArchitecture} processor";

    private static string? FromSystem()
    {
        const string File = "/proc/cpuinfo";
        string? line = System.IO.File.Exists(File)
            ? System.IO.File.ReadLines(File).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
