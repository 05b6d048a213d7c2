using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace ModelCompiler.Generator.Tests;

/// <summary>A plan as the build hands it to the compiler.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Text">Its content.</param>
/// <param name="IsPlan">False for an additional file of someone else's.</param>
internal sealed record PlanFile(string Path, string Text, bool IsPlan = true)
{
    /// <summary>The smallest network there is: its output is its input.</summary>
    public static PlanFile Identity(string className = "Tiny", string model = "tiny.onnx", int elements = 4) => new($"/obj/{className}/plan.txt", $"""
        modelcompiler-plan 2
        model "{model}" sha256=00
        class {className} namespace=Demo accessibility=public
        target scalar
        options ""
        arena 64
        weights 0
        tensor %0 Float32 [1,{elements}] at=0 "x"
        input %0 "x"
        output %0 "y"

        """.ReplaceLineEndings("\n"));

    public AdditionalText ToAdditionalText() => new InMemoryText(Path, Text);

    private sealed class InMemoryText(string path, string text) : AdditionalText
    {
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }
}

/// <summary>What the build says about additional files.</summary>
internal sealed class PlanOptions(IEnumerable<PlanFile> files) : AnalyzerConfigOptionsProvider
{
    private readonly HashSet<string> _plans = [.. files.Where(f => f.IsPlan).Select(f => f.Path)];

    public override AnalyzerConfigOptions GlobalOptions { get; } = new Values(ImmutableDictionary<string, string>.Empty);

    public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

    public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) =>
        _plans.Contains(textFile.Path) ? new Values(ImmutableDictionary<string, string>.Empty.Add("build_metadata.AdditionalFiles.ModelPlan", "true"))
        : GlobalOptions;

    private sealed class Values(ImmutableDictionary<string, string> values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value) =>
            values.TryGetValue(key, out value);
    }
}
