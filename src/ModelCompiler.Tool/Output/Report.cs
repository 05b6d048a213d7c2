using System.Text.Json.Serialization;
using ModelCompiler.Core;

namespace ModelCompiler.Tool.Output;

/// <summary>What a command found out. Its public properties are its JSON; property names are part of the tool's contract.</summary>
internal abstract record Report
{
    /// <summary>Everything the compiler had to say, in order.</summary>
    [JsonPropertyOrder(100)]
    public IReadOnlyList<DiagnosticReport> Diagnostics { get; init; } = [];

    /// <summary>Prints it for people.</summary>
    public abstract void WriteText(TextWriter output);
}

/// <summary>The report of a command that failed: diagnostics and nothing else.</summary>
internal sealed record FailureReport : Report
{
    /// <inheritdoc/>
    public override void WriteText(TextWriter output)
    {
        // Diagnostics go to the error stream.
    }
}

/// <summary>A diagnostic as JSON.</summary>
internal sealed record DiagnosticReport(string Code, string Severity, string File, string? Node, string Reason, string Remedy)
{
    public static DiagnosticReport Of(Diagnostic d) => new(d.Code, d.Severity.ToString().ToLowerInvariant(), d.File, d.Node, d.Reason, d.Remedy);
}
