using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Planning;
using CompilationOptions = ModelCompiler.Core.CompilationOptions;

namespace ModelCompiler.Conformance.Tests;

/// <summary>
/// Generated methods stay within what the just-in-time compiler optimises, so that it makes of them what the native compiler does; and code grows with the
/// number of distinct shapes, not with the number of layers.
/// </summary>
public partial class CodeSizeTests
{
    // Beyond 56 KB of IL the just-in-time compiler no longer optimises; beyond some 400 vector loads it no longer inlines them.
    private const int MostIlBytes = 50_000, MostVectorLoads = 384;

    private static readonly string[] Targets = [.. Target.All.Where(t => t.InstructionSets is [{ IsScalar: false }] && t.Framework <= Environment.Version.Major)
        .Select(t => t.Name)];

    private static readonly MetadataReference[] Framework = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(p => Path.GetDirectoryName(p) == Path.GetDirectoryName(typeof(object).Assembly.Location)).Select(p => MetadataReference.CreateFromFile(p))];

    public static TheoryData<string> Models() => SharedData.Root is null ? ["none"]
        : [.. SharedData.Files("models", "*_int8.tflite").Concat(SharedData.Files("models/mobilenet")).Select(f => Path.GetRelativePath(SharedData.Root, f))
            .Where(f => Path.GetExtension(f) is ".tflite" or ".onnx")];

    [SharedDataTheory]
    [MemberData(nameof(Models))]
    public void Methods_of_models_are_small_enough_to_optimise(string model)
    {
        var input = new CompilationInput(Path.GetFileName(model), File.ReadAllBytes(SharedData.Path(model)), new CompilationOptions { Target = "x64-v3" });
        CompilationResult result = ModelCompilation.Run(input);
        Assert.True(result.Success || result.Diagnostics.All(d => d.Code == "MC2001"), string.Join("\n", result.Diagnostics));
        if (result.Success) AssertSmall([(result.Plan!, result.Weights)]);
    }

    public static TheoryData<string> Cases() => [.. OperatorCases.All.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Methods_of_operator_cases_are_small_enough_to_optimise(string name) => AssertSmall([.. Targets.Select(target =>
    {
        ModelPlan plan = Lower(OperatorCases.All[name](new CaseBuilder(name.Length)), target, out byte[] weights);
        return (plan with { Namespace = "For" + target.Replace('-', '_') }, (ReadOnlyMemory<byte>)weights);
    })]);

    [Fact]
    public void Code_grows_with_shapes_and_not_with_layers()
    {
        foreach (string target in Targets)
        {
            (int one, int many) = (Methods(1), Methods(20));
            Assert.InRange(many, one, one + 2); // the last of several layers may have another place to write to
            int Methods(int layers) => MethodsOf(CSharpSyntaxTree.ParseText(ModelEmitter.Emit(Lower(Chain(layers), target, out _)))).Count();
        }
    }

    private static ModelGraph Chain(int layers)
    {
        var builder = new CaseBuilder(1);
        Value x = builder.QuantizedInput(ElementType.Int8, 1, 8, 8, 16);
        QuantizationParameters q = x.Q;
        for (int i = 0; i < layers; i++)
            x = builder.Apply(new Conv(1, 1, 1, 1, 1, 1, 1, 1, 1, ActivationRange.None), ElementType.Int8, q, x,
                builder.QuantizedConstant(ElementType.Int8, true, 16, 3, 3, 16), builder.Bias(16));
        return builder.Build(x);
    }

    private static ModelPlan Lower(ModelGraph graph, string target, out byte[] weights)
    {
        (ModelPlan plan, weights) = Lowering.Run(graph, new CompilationInput("case.onnx", default, new CompilationOptions { Target = target }),
            Target.Of(target), []);
        return plan;
    }

    private static void AssertSmall((ModelPlan Plan, ReadOnlyMemory<byte> Weights)[] models)
    {
        SyntaxTree[] trees = [.. models.Select(m => CSharpSyntaxTree.ParseText(ModelEmitter.Emit(m.Plan)))];
        foreach ((SyntaxTree tree, ModelPlan plan) in trees.Zip(models, (t, m) => (t, m.Plan)))
        {
            foreach (MethodDeclarationSyntax method in MethodsOf(tree))
            {
                int loads = method.DescendantNodes().OfType<InvocationExpressionSyntax>().Count(c => VectorLoad().IsMatch(c.Expression.ToString()));
                Assert.True(loads <= MostVectorLoads, $"{plan.Target}, {plan.ClassName}.{method.Identifier.Text} has {loads} vector loads.");
            }
        }

        using var image = new PEReader(Compile(trees, models));
        MetadataReader metadata = image.GetMetadataReader();
        foreach (MethodDefinition method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => m.RelativeVirtualAddress != 0))
        {
            int bytes = image.GetMethodBody(method.RelativeVirtualAddress).GetILReader().Length;
            Assert.True(bytes <= MostIlBytes, $"{metadata.GetString(method.Name)} has {bytes} bytes of IL.");
        }
    }

    private static IEnumerable<MethodDeclarationSyntax> MethodsOf(SyntaxTree tree) => tree.GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>();

    private static MemoryStream Compile(SyntaxTree[] trees, (ModelPlan Plan, ReadOnlyMemory<byte> Weights)[] models)
    {
        IEnumerable<MetadataReference> references = Framework.Concat(models.Where(m => m.Plan.Weights.IsAssembly).Select(m =>
            MetadataReference.CreateFromImage(WeightsAssembly.Write(m.Plan.Weights.Assembly, WeightStorage.TypeNamespace, m.Plan.Weights.TypeName,
                m.Weights.Span))));
        var image = new MemoryStream();
        var result = CSharpCompilation.Create("sizes", trees, references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true)).Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics.Take(3)));
        image.Position = 0;
        return image;
    }

    [GeneratedRegex(@"^(Vector\d+|Simd\w+|Avx\w*|AdvSimd)\.(Load|Broadcast)")]
    private static partial Regex VectorLoad();
}
