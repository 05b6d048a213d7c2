using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using ModelCompiler.Core;

namespace ModelCompiler.Tool.Output;

/// <summary>Prints results to the output stream, as text or JSON, and diagnostics to the error stream.</summary>
internal sealed class Reporter(TextWriter output, TextWriter error, bool json)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Prints a result and what was said on the way to it.</summary>
    public void Succeed(Report report, IReadOnlyList<Diagnostic> diagnostics)
    {
        Print(diagnostics);
        if (!json) report.WriteText(output);
        else WriteJson(report, diagnostics);
    }

    /// <summary>Prints why there is no result.</summary>
    public void Fail(params IReadOnlyList<Diagnostic> diagnostics)
    {
        Print(diagnostics);
        if (json) WriteJson(new FailureReport(), diagnostics);
    }

    private void WriteJson(Report report, IReadOnlyList<Diagnostic> diagnostics) =>
        output.WriteLine(JsonSerializer.Serialize<object>(report with { Diagnostics = [.. diagnostics.Select(DiagnosticReport.Of)] }, Format));

    private void Print(IReadOnlyList<Diagnostic> diagnostics)
    {
        foreach (Diagnostic diagnostic in diagnostics) error.WriteLine(OneLine(diagnostic.ToString()));
    }

    // Names come from the model, which may hold anything.
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
