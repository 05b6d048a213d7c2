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
        IEnumerable<string[]> rows = CompilationOptions.All.Select(p =>
            (string[])[$"`{Metadata(p.Name)}`", $"`--{Kebab(p.Name)}`", p.GetCustomAttribute<OptionAttribute>()!.Help, Values(p),
                Default(p.GetValue(defaults))]);
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
        IEnumerable<string[]> rows = Target.All.Select(t =>
            (string[])[$"`{t.Name}`", t.Machine, string.Join(", ", t.InstructionSets.Select(i => i.Name)),
                t.NativeInstructionSet is { } set ? $"`{set}`" : ""]);
        new DocumentationPage("options.md").Verify("targets",
            DocumentationPage.Table(["Target", "Machines", "Instruction sets of the code", "`IlcInstructionSet`"], rows));
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
        lines.Add($"    <_ModelCompilerBeyondNativeDefault>;{string.Concat(Target.All.Where(t => !t.IsNativeDefault).Select(t => t.Name + ";"))}"
            + "</_ModelCompilerBeyondNativeDefault>");
        lines.Add($"    <_ModelCompilerFrom11>;{string.Concat(Target.All.Where(t => t.Framework == 11).Select(t => t.Name + ";"))}</_ModelCompilerFrom11>");
        lines.Add("  </PropertyGroup>");
        Assert.All(Target.All, t => Assert.Contains(t.Framework, (int[])[8, 11]));
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
        foreach (string link in Directory.EnumerateFiles(Path.Combine(SharedData.RepositoryRoot, "src", "ModelCompiler", "docs"), "*.md")
            .SelectMany(f => Regex.Matches(File.ReadAllText(f), @"\]\(([\w-]+\.md)").Select(m => m.Groups[1].Value)))
        {
            Assert.True(File.Exists(Path.Combine(SharedData.RepositoryRoot, "src", "ModelCompiler", "docs", link)), $"There is no page '{link}'.");
        }
    }

    [Fact]
    public void Operators()
    {
        ILookup<string, (IntegerSupport Given, Type Type)> onnx =
            Bindings<OnnxOperatorAttribute>(a => (a.Domain.Length > 0 ? a.Domain + "." : "") + a.Name, a => a.Integers);
        ILookup<string, (IntegerSupport Given, Type Type)> tfLite = Bindings<TfLiteOperatorAttribute>(a => a.Key, a => a.Integers);
        Assert.Equal(OnnxImporter.SupportedOperators.Count() + TfLiteImporter.SupportedOperators.Count(), onnx.Count + tfLite.Count);
        new DocumentationPage("operators.md").Verify("operators", [
            "## ONNX", "", .. Table(onnx), "", "Left out for good:", "", .. LeftOut(), "", "## TFLite", "", .. TfLiteTable(tfLite)]);

        static IEnumerable<string> TfLiteTable(ILookup<string, (IntegerSupport Given, Type Type)> operators) =>
            DocumentationPage.Table(["Operator", "Integers"],
                operators.OrderBy(o => o.Key, StringComparer.OrdinalIgnoreCase)
                .Select(o => (string[])[$"`{o.Key}`", Integers(o.Key, o.First(), mayFollowRule: false)]));

        static IEnumerable<string> LeftOut() => OnnxUnsupported.Reasons.GroupBy(r => r.Value,
            r => (r.Key.Domain.Length > 0 ? r.Key.Domain + "." : "") + r.Key.Name)
            .Select(g => $"* {string.Join(", ", g.Order(StringComparer.OrdinalIgnoreCase).Select(n => $"`{n}`"))}: {g.Key}.");

        static IEnumerable<string> Table(ILookup<string, (IntegerSupport Given, Type Type)> operators) =>
            DocumentationPage.Table(["Operator", "8-bit"], operators.OrderBy(o => o.Key, StringComparer.OrdinalIgnoreCase)
                .Select(o => (string[])[$"`{o.Key}`", Integers(o.Key, o.First())]));
    }

    private static ILookup<string, (IntegerSupport Given, Type Type)> Bindings<T>(Func<T, string> name, Func<T, IntegerSupport> integers)
        where T : Attribute => typeof(Operator).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly))
            .SelectMany(m => m.GetCustomAttributes<T>().Select(a => (Name: name(a), Given: integers(a), Type: m.DeclaringType!)))
            .ToLookup(p => p.Name, p => (p.Given, p.Type));

    // An operator that reads itself says by its rule whether it computes in integers; TFLite's table also says of how many bits,
    // which only the attribute knows.
    private static string Integers(string name, (IntegerSupport Given, Type Type) binding, bool mayFollowRule = true) => binding.Given switch
    {
        IntegerSupport.ByRule when !typeof(Operator).IsAssignableFrom(binding.Type) =>
            mayFollowRule ? "no" : throw new InvalidOperationException($"The attribute of {name} does not say which integers it takes."),
        IntegerSupport.ByRule => RuleOf(binding.Type) == QuantizationRule.Float ? "no" : mayFollowRule ? "yes"
        : throw new InvalidOperationException($"The attribute of {name} does not say which integers it takes."),
        IntegerSupport.None => "no",
        IntegerSupport.Yes => "yes",
        IntegerSupport.AsConvolution => "yes, as a convolution",
        IntegerSupport.Converts => "converts",
        IntegerSupport.Constant => "a value, computed at build time",
        IntegerSupport.Resolved => "resolved at build time",
        IntegerSupport.Eight => "8 bits",
        IntegerSupport.EightAndSixteen => "8 and 16 bits",
        IntegerSupport.EightToThirtyTwo => "8, 16 and 32 bits",
        IntegerSupport.Any => "any",
        IntegerSupport.ByWayOfFloat => "by way of float",
        IntegerSupport.ByWayOfFloatOrInt32 => "by way of float, int32",
        IntegerSupport.Fixed => "as the operator fixes it",
        _ => throw new ArgumentOutOfRangeException(nameof(binding)),
    };

    private static QuantizationRule RuleOf(Type type) => ((Operator)RuntimeHelpers.GetUninitializedObject(type)).QuantizationRule;

    private static string Kebab(string name) => Upper().Replace(name, "-$1").ToLowerInvariant();

    [GeneratedRegex(@"\bMC\d{4}\b")]
    private static partial Regex Code();

    [GeneratedRegex("(?<!^)([A-Z])")]
    private static partial Regex Upper();
}
