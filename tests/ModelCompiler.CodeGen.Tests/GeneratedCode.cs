using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Compiles generated code as a strict project would.</summary>
internal static class GeneratedCode
{
    private static readonly ImmutableArray<MetadataReference> Framework =
        [.. new[] { typeof(object).Assembly.Location, Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "System.Runtime.dll") }
        .Select(p => MetadataReference.CreateFromFile(p))];

    /// <summary>Compiles and returns the image; fails on any diagnostic.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="change">Changes the generated text before.</param>
    /// <param name="caller">More code of the project.</param>
    public static byte[] Compile(ModelPlan plan, Func<string, string>? change = null, string caller = "")
    {
        string code = ModelEmitter.Emit(plan);
        ImmutableArray<MetadataReference> references = plan.Weights.IsAssembly
            ? Framework.Add(MetadataReference.CreateFromImage(WeightsAssembly.Write(plan.Weights.Assembly, WeightStorage.TypeNamespace, plan.Weights.TypeName,
                new byte[plan.Weights.Bytes])))
            : Framework;
        var options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, generalDiagnosticOption: ReportDiagnostic.Error,
            warningLevel: 9999, allowUnsafe: true,
            nullableContextOptions: NullableContextOptions.Enable);
        CSharpParseOptions parse = CSharpParseOptions.Default.WithDocumentationMode(DocumentationMode.Diagnose);
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Generated", [CSharpSyntaxTree.ParseText(change is null ? code : change(code), parse, plan.ClassName + ".g.cs"),
                CSharpSyntaxTree.ParseText(caller, parse)], references, options);
        using var image = new MemoryStream();
        ImmutableArray<Microsoft.CodeAnalysis.Diagnostic> diagnostics =
            compilation.Emit(image).Diagnostics.RemoveAll(d => d.Severity == DiagnosticSeverity.Hidden);
        Assert.True(diagnostics.IsEmpty, string.Join("\n", diagnostics.Take(10)));
        return image.ToArray();
    }

    /// <summary>What the user's class looks up from the inside out, and its own members.</summary>
    public static IEnumerable<string> SimpleNames(string code)
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(code).GetRoot();
        ClassDeclarationSyntax[] classes = [.. root.DescendantNodes().OfType<ClassDeclarationSyntax>()];
        IEnumerable<string> used = classes[0].DescendantNodes().OfType<SimpleNameSyntax>()
            .Where(n => n.Parent is not (QualifiedNameSyntax or AliasQualifiedNameSyntax or NameMemberCrefSyntax)
                && !(n.Parent is MemberAccessExpressionSyntax access && access.Name == n))
            .Select(n => n.Identifier.Text);
        return used.Where(n => n.Length > 1).Concat(Methods(classes[0])).Distinct().Order(StringComparer.Ordinal);

        static IEnumerable<string> Methods(ClassDeclarationSyntax type) => type.Members.OfType<MethodDeclarationSyntax>().Select(m => m.Identifier.Text);
    }

    /// <summary>Bytes of IL of every method.</summary>
    public static IEnumerable<(string Method, int Bytes)> MethodSizes(byte[] image)
    {
        using var reader = new PEReader([.. image]);
        MetadataReader metadata = reader.GetMetadataReader();
        foreach (MethodDefinition method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => m.RelativeVirtualAddress != 0))
        {
            yield return (metadata.GetString(method.Name), reader.GetMethodBody(method.RelativeVirtualAddress).GetILReader().Length);
        }
    }
}
