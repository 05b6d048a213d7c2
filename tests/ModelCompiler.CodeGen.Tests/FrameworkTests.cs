using System.Collections.Immutable;
using Basic.Reference.Assemblies;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Generated code uses nothing that .NET 8 and C# 12 do not have.</summary>
public class FrameworkTests
{
    private static readonly Dictionary<int, (LanguageVersion Language, IEnumerable<MetadataReference> References)> Frameworks = new()
    {
        [8] = (LanguageVersion.CSharp12, Net80.References.All),
        [9] = (LanguageVersion.CSharp13, Net90.References.All),
        [10] = (LanguageVersion.Latest, Net100.References.All),
    };

    public static TheoryData<int> All => [8, 9, 10];

    [Theory]
    [MemberData(nameof(All))]
    public void Every_helper_compiles(int framework)
    {
        var code = new SourceWriter();
        code.Line("#nullable disable\nnamespace Everything;");
        foreach (string line in ModelEmitter.EmitFiles(SmallNetworks.Plan("floats", "portable"))[1].Text.Split('\n')
            .Where(l => l.StartsWith("    using global::", StringComparison.Ordinal))) code.Line(line.Trim());
        code.Line("using global::System.Numerics;");
        HelperLibrary.Write(string.Join(' ', HelperLibrary.Members.Where(m => framework >= FirstFramework(m.Split('.')[0]))), code);
        Compile(framework, code.ToString());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Networks_compile_for_every_target(int framework)
    {
        foreach (string network in SmallNetworks.Names)
        {
            foreach (string target in Target.All.Where(t => t.Framework <= framework).Select(t => t.Name))
            {
                ModelPlan plan = SmallNetworks.Plan(network, target);
                Compile(framework, ModelEmitter.Emit(plan), plan);
            }
        }
    }

    private static int FirstFramework(string helperClass) => helperClass == Isa.Avx512Vnni.Vnni ? Isa.Avx512Vnni.Framework : 0;

    private static void Compile(int framework, string code, ModelPlan? plan = null)
    {
        (LanguageVersion language, IEnumerable<MetadataReference> references) = Frameworks[framework];
        if (plan?.Weights is { IsAssembly: true } weights)
            references = references.Append(MetadataReference.CreateFromImage(WeightsAssembly.Write(weights.Assembly, WeightStorage.TypeNamespace,
                weights.TypeName, new byte[weights.Bytes])));
        CSharpCompilation compilation = CSharpCompilation.Create(
            "Generated", [CSharpSyntaxTree.ParseText(code, CSharpParseOptions.Default.WithLanguageVersion(language), "Generated.g.cs")], references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        ImmutableArray<Microsoft.CodeAnalysis.Diagnostic> errors = compilation.GetDiagnostics().RemoveAll(d => d.Severity < DiagnosticSeverity.Error);
        Assert.True(errors.IsEmpty, $"{plan?.Target}\n" + string.Join("\n",
            errors.Select(e => $"{e.GetMessage(null)}   {e.Location.SourceTree?.GetText().Lines[e.Location.GetLineSpan().StartLinePosition.Line]}").Distinct()
            .Take(40)));
    }
}
