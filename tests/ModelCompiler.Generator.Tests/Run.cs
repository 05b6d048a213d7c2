using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace ModelCompiler.Generator.Tests;

/// <summary>The generator at work on a compilation; each run continues where the one before stopped, as in an editor.</summary>
internal sealed class Run
{
    private static readonly CSharpCompilation Empty = CSharpCompilation.Create(
        "Test",
        [CSharpSyntaxTree.ParseText("class UserCode;")],
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p)),
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));

    private readonly GeneratorDriver _driver;
    private readonly Compilation _compilation;

    private Run(GeneratorDriver driver, Compilation compilation)
    {
        _compilation = compilation;
        _driver = driver.RunGeneratorsAndUpdateCompilation(compilation, out Compilation output, out _);
        Output = output;
    }

    /// <summary>The user's code and the generated code.</summary>
    public Compilation Output { get; }

    public GeneratorRunResult Result => _driver.GetRunResult().Results.Single();

    public ImmutableArray<Diagnostic> Diagnostics => Result.Diagnostics;

    /// <summary>The generated files by name.</summary>
    public Dictionary<string, string> Sources => Result.GeneratedSources.ToDictionary(s => s.HintName, s => s.SourceText.ToString());

    public static Run Of(params PlanFile[] plans) => new(
        CSharpGeneratorDriver.Create(
            [new ModelGenerator().AsSourceGenerator()],
            plans.Select(p => p.ToAdditionalText()),
            optionsProvider: new PlanOptions(plans),
            driverOptions: new GeneratorDriverOptions(default, trackIncrementalGeneratorSteps: true)),
        Empty);

    /// <summary>Runs again after the user typed some C#.</summary>
    public Run AfterEdit() => new(_driver, _compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Unrelated { int _field; }")));

    /// <summary>Runs again after the build wrote plans, equal or not.</summary>
    public Run WithPlans(params PlanFile[] plans) => new(
        _driver.ReplaceAdditionalTexts([.. plans.Select(p => p.ToAdditionalText())]).WithUpdatedAnalyzerConfigOptions(new PlanOptions(plans)), _compilation);

    /// <summary>Why the outputs of a step are what they are.</summary>
    public IEnumerable<IncrementalStepRunReason> Reasons(string step) => Result.TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Reason);

    /// <summary>Reasons of the final outputs.</summary>
    public IEnumerable<IncrementalStepRunReason> OutputReasons =>
        Result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).Select(o => o.Reason);
}
