using System.Collections.Immutable;

namespace ModelCompiler.Core;

/// <summary>How bad a <see cref="Diagnostic"/> is.</summary>
public enum DiagnosticSeverity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>Probably not what the user wants; the model compiles.</summary>
    Warning,

    /// <summary>The model does not compile; nothing is written.</summary>
    Error,
}

/// <summary>
/// A message for a person: what is wrong, where, and what to do about it.
/// </summary>
/// <param name="Code">Stable code <c>MCxxxx</c>; each has a help page in the documentation.</param>
/// <param name="Severity">Error, warning or information.</param>
/// <param name="File">Model (or data) file the message is about.</param>
/// <param name="Node">Node it is about, such as <c>'conv1' (Conv, opset 13)</c>; null when it concerns the whole file.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Remedy">What would work.</param>
public sealed record Diagnostic(string Code, DiagnosticSeverity Severity, string File, string? Node, string Reason, string Remedy)
{
    /// <summary>Inputs of the model whose values, given with the option InputValues, would let the compilation go on.</summary>
    public ImmutableArray<string> NeededInputs { get; init; } = [];

    /// <summary>Reason, node and remedy as one line, without code and file, which hosts print in their own way.</summary>
    public string Message => Node is null ? $"{Reason} {Remedy}" : $"node {Node}: {Reason} {Remedy}";

    /// <summary>The same with options as a host spells them.</summary>
    public Diagnostic Spelled(OptionSpelling spelling) =>
        this with { Reason = OptionText.Spell(Reason, spelling), Remedy = OptionText.Spell(Remedy, spelling) };

    /// <inheritdoc/>
    public override string ToString() => $"{File}: {Severity.ToString().ToLowerInvariant()} {Code}: {Message}";
}

/// <summary>Stops a compilation with one diagnostic. The façade turns it into a result; it never reaches a user as an exception.</summary>
internal sealed class ModelCompilationException(string code, string reason, string remedy, string? node = null, string? file = null)
    : Exception(OptionText.Spell($"{code}: {reason} {remedy}", OptionText.AsMetadata))
{
    /// <summary>Stable diagnostic code.</summary>
    public string Code { get; } = code;

    /// <summary>What is wrong; options stand in it as <see cref="OptionText"/> marks them.</summary>
    public string Reason { get; } = reason;

    /// <summary>What would work; options stand in it as <see cref="OptionText"/> marks them.</summary>
    public string Remedy { get; } = remedy;

    /// <summary>The node concerned, if one is.</summary>
    public string? Node { get; } = node;

    /// <summary>The file concerned, when it is not the model.</summary>
    public string? File { get; } = file;

    /// <summary>Inputs of the model that would have to be constants; empty when that would not help.</summary>
    public IReadOnlyList<string> NeededInputs { get; init; } = [];

    /// <summary>The same error with the node filled in where it is missing.</summary>
    public ModelCompilationException At(string node) => Node is null ? new(Code, Reason, Remedy, node, File) { NeededInputs = NeededInputs } : this;

    /// <summary>The diagnostic to report.</summary>
    /// <param name="modelFile">The file concerned, unless the exception names another.</param>
    /// <param name="spelling">How the host spells options; null for <see cref="OptionText.AsMetadata"/>.</param>
    public Diagnostic ToDiagnostic(string modelFile, OptionSpelling? spelling = null) =>
        new Diagnostic(Code, DiagnosticSeverity.Error, File ?? modelFile, Node, Reason,
            Remedy) { NeededInputs = [.. NeededInputs] }.Spelled(spelling ?? OptionText.AsMetadata);
}

/// <summary>Collects diagnostics that do not stop the compilation.</summary>
/// <param name="file">The file they are about.</param>
/// <param name="spelling">How the host spells options; null for <see cref="OptionText.AsMetadata"/>.</param>
internal sealed class DiagnosticBag(string file, OptionSpelling? spelling = null)
{
    private readonly List<Diagnostic> _items = [];

    /// <summary>Adds a warning.</summary>
    public void Warn(string code, string reason, string remedy, string? node = null) =>
        Add(new(code, DiagnosticSeverity.Warning, file, node, reason, remedy));

    /// <summary>Adds an information.</summary>
    public void Info(string code, string reason, string remedy, string? node = null) =>
        Add(new(code, DiagnosticSeverity.Info, file, node, reason, remedy));

    /// <summary>Adds a finished diagnostic.</summary>
    public void Add(Diagnostic diagnostic) => _items.Add(diagnostic.Spelled(spelling ?? OptionText.AsMetadata));

    /// <summary>Everything reported so far, in order.</summary>
    public ImmutableArray<Diagnostic> ToImmutableArray() => [.. _items];
}
