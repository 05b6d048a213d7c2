using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Tests.Docs;

/// <summary>The documentation says what the code does.</summary>
public partial class DocumentationTests
{
    [Fact]
    public void Options()
    {
        var defaults = new CompilationOptions();
        IEnumerable<string[]> rows = CompilationOptions.All.Select(p => (string[])[$"`{Metadata(p.Name)}`", $"`--{Kebab(p.Name)}`", p.GetCustomAttribute<OptionAttribute>()!.Help, Values(p), Default(p.GetValue(defaults))]);
        new DocumentationPage("options.md").Verify("options", DocumentationPage.Table(["Metadata", "`modelc`", "Meaning", "Values", "Default"], rows));

        // MSBuild allows no metadata called Target.
        static string Metadata(string option) => option == nameof(CompilationOptions.Target) ? "Machine" : option;

        static string Values(PropertyInfo p) =>
            CompilationOptions.ValuesOf(p) is { Count: > 0 } values ? string.Join(", ", values.Select(v => $"`{v}`")) :
            p.PropertyType == typeof(int) ? "number" :
            p.GetCustomAttribute<OptionAttribute>()!.IsFile ? "file" : "text";

        static string Default(object? value) => value is null ? "" : $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`";
    }

    [Fact]
    public void Targets()
    {
        IEnumerable<string[]> rows = Target.All.Select(t => (string[])[$"`{t.Name}`", t.Machine, string.Join(", ", t.InstructionSets.Select(i => i.Name)), t.NativeInstructionSet is { } set ? $"`{set}`" : ""]);
        new DocumentationPage("options.md").Verify("targets", DocumentationPage.Table(["Target", "Machines", "Instruction sets of the code", "`IlcInstructionSet`"], rows));
    }

    [Fact]
    public void Targets_of_the_build()
    {
        var lines = new List<string>();
        foreach (Target target in Target.All.Where(t => t.Architecture is not null))
        {
            lines.Add($"  <PropertyGroup Condition=\"'$(NeuralModelTarget)' == '{target.Name}'\">");
            lines.Add($"    <_ModelCompilerArchitecture>{target.Architecture}</_ModelCompilerArchitecture>");
            if (target.NativeInstructionSet is { } set) lines.Add($"    <_ModelCompilerInstructionSet>{set}</_ModelCompilerInstructionSet>");
            lines.Add("  </PropertyGroup>");
        }

        lines.Add("  <PropertyGroup>");
        lines.Add($"    <_ModelCompilerBeyondNativeDefault>;{string.Concat(Target.All.Where(t => !t.IsNativeDefault).Select(t => t.Name + ";"))}</_ModelCompilerBeyondNativeDefault>");
        lines.Add("  </PropertyGroup>");
        new DocumentationPage("ModelCompiler.targets", "build").Verify("targets", lines);
    }

    [Fact]
    public void Every_diagnostic_is_described_and_no_other()
    {
        string[] folders = [Path.Combine(SharedData.RepositoryRoot, "src"), Path.Combine(SharedData.RepositoryRoot, "build")];
        IEnumerable<string> files = folders.SelectMany(f => Directory.EnumerateFiles(f, "*", SearchOption.AllDirectories))
            .Where(f => Path.GetExtension(f) is ".cs" or ".targets" or ".props" && !f.Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin"));
        string page = new DocumentationPage("diagnostics.md").Text;
        Assert.Equal(
            files.SelectMany(f => Code().Matches(File.ReadAllText(f))).Select(m => m.Value).Distinct().Order(StringComparer.Ordinal),
            Regex.Matches(page, @"(?m)^### (MC\d{4})$").Select(m => m.Groups[1].Value));

        // Each has a line in the table of its family, an example and a remedy.
        foreach (string section in page.Split("\n### ").Skip(1))
        {
            Assert.Contains($"\n| {section[..6]} | ", page, StringComparison.Ordinal);
            Assert.Matches(@"^MC\d{4}\n\n> [^\n]+\n\n[^\n]+\n", section);
        }
    }

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        foreach (string link in Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "src", "ModelCompiler", "docs"), "*.md").SelectMany(f => Regex.Matches(File.ReadAllText(f), @"\]\(([\w-]+\.md)").Select(m => m.Groups[1].Value)))
        {
            Assert.True(File.Exists(Path.Combine(SharedData.RepositoryRoot, "src", "ModelCompiler", "docs", link)), $"There is no page '{link}'.");
        }
    }

    [Fact]
    public void Operators()
    {
        ILookup<string, Type> onnx = Bindings<OnnxOperatorAttribute>(a => (a.Domain.Length > 0 ? a.Domain + "." : "") + a.Name), tfLite = Bindings<TfLiteOperatorAttribute>(a => a.Key);
        Assert.Equal(OnnxImporter.SupportedOperators.Count() + TfLiteImporter.SupportedOperators.Count(), onnx.Count + tfLite.Count);
        new DocumentationPage("operators.md").Verify("operators", [
            "## ONNX", "", .. Table(onnx), "", "Left out for good:", "", .. LeftOut(), "", "## TFLite", "", .. TfLiteTable(tfLite)]);

        static IEnumerable<string> TfLiteTable(ILookup<string, Type> operators) =>
            DocumentationPage.Table(["Operator", "Integers"], operators.OrderBy(o => o.Key, StringComparer.OrdinalIgnoreCase).Select(o => (string[])[$"`{o.Key}`", TfLiteIntegers(o.Key, o.First())]));

        static IEnumerable<string> LeftOut() => OnnxUnsupported.Reasons.GroupBy(r => r.Value, r => (r.Key.Domain.Length > 0 ? r.Key.Domain + "." : "") + r.Key.Name)
            .Select(g => $"* {string.Join(", ", g.Order(StringComparer.OrdinalIgnoreCase).Select(n => $"`{n}`"))}: {g.Key}.");

        static IEnumerable<string> Table(ILookup<string, Type> operators) =>
            DocumentationPage.Table(["Operator", "8-bit"], operators.OrderBy(o => o.Key, StringComparer.OrdinalIgnoreCase).Select(o => (string[])[$"`{o.Key}`", Integers(o.Key, o.First())]));
    }

    private static ILookup<string, Type> Bindings<T>(Func<T, string> name)
        where T : Attribute => typeof(Operator).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .SelectMany(m => m.GetCustomAttributes<T>().Select(a => (Name: name(a), m.DeclaringType)))
            .ToLookup(p => p.Name, p => p.DeclaringType!);

    private static string Integers(string name, Type type)
    {
        if (type == typeof(Quantize) || type == typeof(Dequantize)) return "converts";
        if (type == typeof(BatchNormalization)) return "yes, as a convolution";
        if (type.Name is "OnnxConstant" or nameof(Constants)) return "a value, computed at build time";
        if (type.Name is nameof(ControlFlow) or nameof(Sequences)) return "resolved at build time";
        if (type.Name is nameof(QuantizationBindings) || name is "ConvInteger" or "MatMulInteger") return "yes";
        Operator? op = type.Name switch
        {
            nameof(Binary) => new Binary(name is "Div" ? BinaryKind.Divide : BinaryKind.Add, ActivationRange.None),
            _ when typeof(Operator).IsAssignableFrom(type) => (Operator)RuntimeHelpers.GetUninitializedObject(type),
            "UnaryBindings" => new Unary(UnaryKind.Sigmoid),
            "PoolBindings" => (Operator)RuntimeHelpers.GetUninitializedObject(typeof(Pool)),
            nameof(MovementBindings) => (Operator)RuntimeHelpers.GetUninitializedObject(typeof(Strided)),
            _ => null,
        };
        return op is null || op.QuantizationRule == QuantizationRule.Float ? "no" : "yes";
    }

    private static string TfLiteIntegers(string name, Type type) => type.Name switch
    {
        nameof(Quantize) or nameof(Dequantize) => "converts",
        _ when type.Name.StartsWith("Signal", StringComparison.Ordinal) => "as the operator fixes it",
        nameof(DetectionPostProcess) => "by way of float",
        nameof(MaxPoolWithPlaces) or nameof(UnpoolPlaces) => "no",
        nameof(TransposeConv) when name.StartsWith("custom", StringComparison.Ordinal) => "no",
        nameof(Binary) => name is "Div" ? "by way of float, int32" : "8, 16 and 32 bits",
        nameof(Conv) or nameof(FullyConnected) or nameof(PoolBindings) or nameof(Softmax) or nameof(TransposeConv) or nameof(SequenceLstm) or nameof(ResizeBilinear) => "8 and 16 bits",
        nameof(UnaryBindings) => name is "LeakyRelu" or "Logistic" or "Relu" or "Relu6" or "ReluN1To1" or "Tanh" ? "8 and 16 bits" : "8 bits",
        nameof(Svdf) or nameof(ReduceMean) => "8 bits",
        nameof(TfLiteElementwiseBindings) => name is "Minimum" or "Maximum" or "Cast" or "Select" or "SelectV2" || name.Contains("Less", StringComparison.Ordinal) || name.Contains("Greater", StringComparison.Ordinal)
            || name.Contains("Equal", StringComparison.Ordinal) || name.StartsWith("Logical", StringComparison.Ordinal) ? "any" : "by way of float",
        nameof(TfLiteReductionBindings) => name is "ReduceMax" or "ReduceMin" or "ReduceAny" or "ReduceAll" || name.StartsWith("Arg", StringComparison.Ordinal) || name.StartsWith("Gather", StringComparison.Ordinal) || name is "EmbeddingLookup"
            ? "any" : "by way of float",
        nameof(TfLiteMovementBindings) or nameof(TfLiteReshapeBindings) or nameof(TfLiteShapeBindings) or nameof(TfLiteControlFlow) or "VariableBindings" or nameof(UpdateSlice)
            or nameof(Concatenation) or nameof(Pad) or nameof(Reshape) or nameof(Transpose) => "any",
        _ => throw new InvalidOperationException($"Say here which integers {type} takes."),
    };

    private static string Kebab(string name) => Upper().Replace(name, "-$1").ToLowerInvariant();

    [GeneratedRegex(@"\bMC\d{4}\b")]
    private static partial Regex Code();

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Upper();
}
