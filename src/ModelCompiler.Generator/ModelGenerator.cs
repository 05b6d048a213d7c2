using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.Generator;

/// <summary>
/// Turns the plans that the build task wrote into C#. A pure function of the plans' text: it looks neither at the user's code nor at any other file.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class ModelGenerator : IIncrementalGenerator
{
    /// <summary>Step that reads the plans.</summary>
    public const string PlansStep = "Plans";

    /// <summary>Step that turns each plan into code.</summary>
    public const string ClassesStep = "Classes";

    /// <summary>Step that finds classes claimed by several plans.</summary>
    public const string CollisionsStep = "Collisions";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<GeneratedClass> classes = context.AdditionalTextsProvider
            .Combine(context.AnalyzerConfigOptionsProvider)
            .Where(static pair => IsPlan(pair.Left, pair.Right))
            .Select(static (pair, token) => new PlanSource(pair.Left.Path, pair.Left.GetText(token)?.ToString() ?? ""))
            .WithTrackingName(PlansStep)
            .Select(static (plan, _) => GeneratedClass.Compile(plan))
            .WithTrackingName(ClassesStep);

        IncrementalValueProvider<string> collisions = classes
            .Select(static (c, _) => c.HintName)
            .Collect()
            .Select(static (names, _) => Repeated(names))
            .WithTrackingName(CollisionsStep);

        context.RegisterSourceOutput(classes.Combine(collisions), static (output, pair) => Produce(output, pair.Left, pair.Right));
    }

    private static bool IsPlan(AdditionalText file, AnalyzerConfigOptionsProvider options) =>
        options.GetOptions(file).TryGetValue("build_metadata.AdditionalFiles.ModelPlan", out string? value)
        && value.Equals("true", StringComparison.OrdinalIgnoreCase);

    // One text, because texts compare by value. Roslyn's hint names ignore case.
    private static string Repeated(ImmutableArray<string> names) => "|" + string.Join("|", names
        .Where(n => n.Length > 0)
        .GroupBy(n => n, StringComparer.OrdinalIgnoreCase)
        .Where(g => g.Count() > 1)
        .SelectMany(g => g.Distinct())
        .OrderBy(n => n, StringComparer.Ordinal)) + "|";

    private static void Produce(SourceProductionContext output, GeneratedClass generated, string collisions)
    {
        if (generated.Error is { } error)
        {
            output.ReportDiagnostic(error.ToDiagnostic(generated.PlanPath));
        }
        else if (collisions.Contains("|" + generated.HintName + "|"))
        {
            output.ReportDiagnostic(new PlanError(PlanError.Collision, 1,
                $"{generated.ModelFile} is not the only model that compiles to class {generated.ClassName}").ToDiagnostic(generated.PlanPath));
        }
        else
        {
            foreach (GeneratedFile file in generated.Files) output.AddSource(generated.Hint(file.Suffix), SourceText.From(file.Text, Encoding.UTF8));
        }
    }
}
