using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>
/// The helpers in generated code: vocabulary and routines of the library, which are text of their own files. Snapshots leave them out, so that a change of one
/// shows where it is made and not in every network; which of them a network gets is a snapshot of names.
/// </summary>
internal static partial class SnapshotHelpers
{
    /// <summary>The code with the bodies of helper types left out.</summary>
    public static string LeaveOut(string code)
    {
        foreach (BaseTypeDeclarationSyntax type in Types(code).Reverse())
            code = code[..type.OpenBraceToken.SpanStart] + "{ … }" + code[type.CloseBraceToken.Span.End..];
        return BraceOnItsOwn().Replace(code, " { … }");
    }

    /// <summary>A line for each helper type: its name and its members' names, overloads counted.</summary>
    public static string Members(string code) => string.Concat(Types(code).Select(type =>
        $"{type.Identifier}: {string.Join(", ", NamesOf(type).GroupBy(n => n).Select(n => n.Count() == 1 ? n.Key : $"{n.Key} ({n.Count()})"))}\n"));

    // Helpers are the types within the class of all kernels.
    private static BaseTypeDeclarationSyntax[] Types(string code) => [.. CSharpSyntaxTree.ParseText(code).GetRoot().DescendantNodes()
        .OfType<NamespaceDeclarationSyntax>().Where(n => n.Name.ToString() == ModelEmitter.CodeNamespace)
        .SelectMany(n => n.Members).OfType<TypeDeclarationSyntax>().SelectMany(t => t.Members).OfType<BaseTypeDeclarationSyntax>()];

    private static IEnumerable<string> NamesOf(BaseTypeDeclarationSyntax type) => type is not TypeDeclarationSyntax { Members: var members } ? []
        : members.Select(m => m switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            PropertyDeclarationSyntax property => property.Identifier.Text,
            FieldDeclarationSyntax field => string.Join(", ", field.Declaration.Variables.Select(v => v.Identifier.Text)),
            BaseTypeDeclarationSyntax nested => nested.Identifier.Text,
            _ => m.Kind().ToString(),
        });

    [GeneratedRegex(@"\n *\{ … \}")]
    private static partial Regex BraceOnItsOwn();
}
