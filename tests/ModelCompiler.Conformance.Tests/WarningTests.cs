using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Conformance.Tests.Library;
using ModelCompiler.Core;
using ModelCompiler.Core.Planning;
using CompilationOptions = ModelCompiler.Core.CompilationOptions;
using Diagnostic = Microsoft.CodeAnalysis.Diagnostic;
using DiagnosticSeverity = Microsoft.CodeAnalysis.DiagnosticSeverity;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Projects that take warnings for errors compile the code of every operator: what generated files silence is all that there is.</summary>
public class WarningTests
{
    private static readonly ImmutableArray<MetadataReference> Framework =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(p => Path.GetDirectoryName(p) == Path.GetDirectoryName(typeof(object).Assembly.Location)).Select(p => MetadataReference.CreateFromFile(p))];

    public static TheoryData<string> Targets => ["portable", "x64-v4"];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Code_of_operators_gives_no_warnings(string target)
    {
        CSharpParseOptions parse = CSharpParseOptions.Default.WithDocumentationMode(DocumentationMode.Diagnose);
        var trees = new List<SyntaxTree>();
        foreach ((string name, Func<CaseBuilder, Core.Graph.ModelGraph> build) in OperatorCases.All.Concat(LibraryCases.All))
        {
            var options = new CompilationOptions { Target = target, Namespace = $"Case{trees.Count}", ClassName = "Network" };
            (ModelPlan plan, _) = Lowering.Run(build(new CaseBuilder(1)), new CompilationInput("case.onnx", default, options), Target.Of(target), []);
            trees.AddRange(ModelEmitter.EmitFiles(plan).Select(f =>
                CSharpSyntaxTree.ParseText(f.Text.Replace("auto-generated", "header", StringComparison.Ordinal), parse, name + f.Suffix)));
        }

        var compilation = CSharpCompilation.Create(
            "Warnings", trees, Framework, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, generalDiagnosticOption: ReportDiagnostic.Error,
                warningLevel: 9999, allowUnsafe: true));
        Diagnostic[] found = [.. compilation.GetDiagnostics().Where(d => d.Severity > DiagnosticSeverity.Info)];
        Assert.True(found.Length == 0, $"{found.Length} times: {string.Join("\n", found.DistinctBy(d => (d.Id, d.GetMessage(null))).Take(30))}");
    }
}
