using System.Globalization;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Tests;

public class EmitterTests
{
    // The just-in-time compiler optimises no method with more than 60,000 bytes of IL.
    private const int MethodLimit = 50_000;

    public static TheoryData<string, string> Crossed()
    {
        var data = new TheoryData<string, string>();
        foreach (string network in SmallNetworks.Names)
        {
            foreach (string target in SmallNetworks.Targets) data.Add(network, target);
        }

        return data;
    }

    // What is silenced for users is not silenced here.
    [Theory]
    [MemberData(nameof(Crossed))]
    public void Code_compiles_without_warnings_and_in_small_methods(string network, string target)
    {
        byte[] image = GeneratedCode.Compile(
            SmallNetworks.Plan(network, target), code => Regex.Replace(code, "#pragma warning disable .*\n", "")
            .Replace("auto-generated", "header", StringComparison.Ordinal));
        Assert.All(GeneratedCode.MethodSizes(image), m => Assert.InRange(m.Bytes, 0, MethodLimit));
    }

    [Theory]
    [InlineData("floats")]
    [InlineData("weights_assembly")]
    public void Code_compiles_as_it_is(string network) => GeneratedCode.Compile(SmallNetworks.Plan(network, "portable"));

    [Theory]
    [MemberData(nameof(Crossed))]
    public void Equal_plans_give_equal_text_in_every_culture(string network, string target)
    {
        string expected = ModelEmitter.Emit(SmallNetworks.Plan(network, target));
        string plan = PlanText.Write(SmallNetworks.Plan(network, target));
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            foreach (CultureInfo culture in Cultures())
            {
                CultureInfo.CurrentCulture = culture;
                Assert.Equal(plan, PlanText.Write(SmallNetworks.Plan(network, target)));
                Assert.Equal(expected, ModelEmitter.Emit(PlanText.Read(plan)));
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    // Commas, points and minus signs of their own, and a small i without a dot.
    private static CultureInfo[] Cultures()
    {
        var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        strange.NumberFormat.NumberDecimalSeparator = ",";
        strange.NumberFormat.NumberGroupSeparator = ".";
        strange.NumberFormat.NegativeSign = "−";
        return [CultureInfo.InvariantCulture, strange, new CultureInfo("de-DE"), new CultureInfo("tr-TR"), new CultureInfo("sv-SE")];
    }

    [Theory]
    [InlineData("class", "@class")]
    [InlineData("in", "@in")]
    [InlineData("serving_default_input_1:0", "servingDefaultInput1")]
    [InlineData("1", "input1")]
    [InlineData("入力", "input")]
    [InlineData("entrée", "entrE")]
    [InlineData("", "input")]
    [InlineData("a\"b\\c\n*/ \u2028 #", "aBC")]
    [InlineData("await", "await")]
    [InlineData("value", "value")]
    [InlineData("this", "@this")]
    [InlineData("Infer", "infer")]
    [InlineData("arena", "arena")]
    public void Inputs_may_have_any_name(string name, string parameter)
    {
        ModelPlan plan = WithInputName(name);
        GeneratedCode.Compile(plan);
        Assert.Contains($"public void Run(global::System.ReadOnlySpan<float> {parameter}, ", ModelEmitter.Emit(plan), StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_and_outputs_may_share_a_name()
    {
        ModelPlan plan = WithInputName("x");
        plan = plan with { Outputs = EquatableArray.Of(plan.Outputs[0] with { Name = "x" }) };
        GeneratedCode.Compile(plan);
        Assert.Contains("public void Run(global::System.ReadOnlySpan<float> x, global::System.Span<float> x2)", ModelEmitter.Emit(plan),
            StringComparison.Ordinal);
    }

    // Every simple name in generated code that a class of that name would hide; those of kernels and tables have digits.
    [Theory]
    [MemberData(nameof(Crossed))]
    public void Classes_cannot_have_the_names_that_their_code_uses(string network, string target)
    {
        ModelPlan plan = SmallNetworks.Plan(network, target);
        IEnumerable<string> missing = GeneratedCode.SimpleNames(ModelEmitter.Emit(plan))
            .Where(n => n != plan.ClassName && !Names.IsTaken(n) && !Regex.IsMatch(n, @"_|^\p{Ll}|^(Bias|Scale|Shift|Multiplier|Lookup|Exp|Offset)\d+$"));
        Assert.Empty(missing);
    }

    [Theory]
    [InlineData("Model")]
    [InlineData("WeightsModel")]
    [InlineData("Größe")]
    [InlineData("Networks")]
    public void Classes_may_have_any_other_name(string name) => GeneratedCode.Compile(SmallNetworks.Plan("integers", "scalar") with { ClassName = name });

    [Theory]
    [InlineData("Acme.Edge")]
    [InlineData("Acme.Math")]
    [InlineData("Acme.System")]
    [InlineData("Small")]
    public void Namespaces_may_have_any_name(string name) => GeneratedCode.Compile(SmallNetworks.Plan("integers", "scalar") with { Namespace = name });

    [Fact]
    public void Names_from_models_cannot_break_out_of_comments_and_literals()
    {
        const string hostile = "\" \n */ \u2028 \u0085 </summary> -- \\ {0} {x} #error";
        ModelPlan plan = WithInputName(hostile);
        GeneratedCode.Compile(plan with
        {
            ModelFile = hostile,
            Options = hostile,
            Notes = EquatableArray.Of(hostile),
            Steps = plan.Steps.Select(s => s with { Name = hostile }).ToEquatableArray(),
            Tensors = plan.Tensors.Select(t => t with { Name = hostile }).ToEquatableArray(),
        });
    }

    // Helpers are found by what the code mentions, and names of models and nodes stand in it.
    [Theory]
    [InlineData("Edge.onnx")]
    [InlineData("Convolution.12")]
    [InlineData("Simd256.Everything")]
    public void Names_from_models_may_look_like_helpers(string name)
    {
        ModelPlan plan = WithInputName(name);
        GeneratedCode.Compile(plan with { ModelFile = name, Notes = EquatableArray.Of(name),
            Steps = plan.Steps.Select(s => s with { Name = name }).ToEquatableArray() });
    }

    [Fact]
    public void Files_have_different_suffixes_and_one_class()
    {
        EquatableArray<GeneratedFile> files = ModelEmitter.EmitFiles(SmallNetworks.Plan("integers", "portable"));
        Assert.Equal([GeneratedFile.Model, GeneratedFile.Kernels, GeneratedFile.Data], files.Select(f => f.Suffix));
        Assert.Single(files.Skip(1).Select(f => Regex.Match(f.Text, @"static unsafe partial class (\w+)").Groups[1].Value).Distinct());
        Assert.All(files, f => Assert.StartsWith("// <auto-generated>\n", f.Text, StringComparison.Ordinal));
        Assert.All(files.SelectMany(f => f.Text.Split('\n')), l => Assert.InRange(l.Length, 0, 180)); // texts are not broken
    }

    [Fact]
    public void Classes_of_one_name_have_kernels_of_their_own()
    {
        ModelPlan plan = SmallNetworks.Plan("integers", "portable");
        ModelPlan[] plans = [plan, plan with { Namespace = "Other" }, plan with { Namespace = "Networks.Small", ClassName = "A" },
            plan with { Namespace = "Networks", ClassName = "Small_A" }, plan with { ModelSha256 = "00" }];
        Assert.Equal(plans.Length, plans.Select(p => Regex.Match(ModelEmitter.Emit(p), @"static unsafe partial class (\w+)").Groups[1].Value).Distinct()
            .Count());
    }

    [Fact]
    public void Only_used_helpers_are_written()
    {
        string code = ModelEmitter.Emit(SmallNetworks.Plan("floats", "scalar"));
        Assert.DoesNotContain("class Simd256", code, StringComparison.Ordinal);
        code = ModelEmitter.Emit(SmallNetworks.Plan("integers", "x64-v3"));
        string helpers = code[code.IndexOf("internal static", StringComparison.Ordinal)..];
        foreach (Match helper in Regex.Matches(helpers, @"public static [^\n]*?(\w+)\("))
            Assert.True(Regex.Count(code, $@"\b{helper.Groups[1].Value}\(") > 1, $"{helper.Groups[1].Value} is not used.");
    }

    [Fact]
    public void Every_target_has_code()
    {
        foreach (string target in Target.Names) Assert.Contains("Infer_", ModelEmitter.Emit(SmallNetworks.Plan("integers", target)), StringComparison.Ordinal);
    }

    private static ModelPlan WithInputName(string name)
    {
        ModelPlan plan = SmallNetworks.Plan("integers", "scalar");
        return plan with { Inputs = EquatableArray.Of(plan.Inputs[0] with { Name = name }) };
    }
}
