using Microsoft.CodeAnalysis;

namespace ModelCompiler.Generator.Tests;

public class ModelGeneratorTests
{
    [Fact]
    public void A_plan_becomes_files_that_compile()
    {
        Run run = Run.Of(PlanFile.Identity());
        Assert.Equal(["Demo.Tiny.Kernels.g.cs", "Demo.Tiny.g.cs"], run.Sources.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(run.Diagnostics);
        Assert.DoesNotContain(run.Output.GetDiagnostics(), d => d.Severity >= DiagnosticSeverity.Warning);
        Assert.NotNull(run.Output.GetTypeByMetadataName("Demo.Tiny"));
    }

    [Fact]
    public void Every_plan_gets_its_own_files()
    {
        Run run = Run.Of(PlanFile.Identity("One"), PlanFile.Identity("Two"));
        Assert.Equal(["Demo.One.Kernels.g.cs", "Demo.One.g.cs", "Demo.Two.Kernels.g.cs", "Demo.Two.g.cs"], run.Sources.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_file_of_constants_is_there_when_there_are_constants()
    {
        PlanFile plan = PlanFile.Identity();
        Run run = Run.Of(plan with { Text = plan.Text.Replace("input %0", "data $Bias1 Int32 [1,2,300]\ninput %0", StringComparison.Ordinal) });
        Assert.Empty(run.Diagnostics);
        Assert.Contains("Bias1", run.Sources["Demo.Tiny.Data.g.cs"], StringComparison.Ordinal);
        Assert.DoesNotContain(run.Output.GetDiagnostics(), d => d.Severity >= DiagnosticSeverity.Warning);
    }

    // C# tells Tiny from TINY, names of generated files do not.
    [Fact]
    public void A_class_may_have_the_name_of_anothers_kernels()
    {
        PlanFile kernels = PlanFile.Identity("Kernels");
        Run run = Run.Of(PlanFile.Identity("TINY"), PlanFile.Identity("Kernels"),
            kernels with { Path = "/obj/k/plan.txt", Text = kernels.Text.Replace("namespace=Demo", "namespace=Demo.Tiny", StringComparison.Ordinal) });
        Assert.Empty(run.Diagnostics);
        Assert.Equal(6, run.Sources.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.DoesNotContain(run.Output.GetDiagnostics(), d => d.Severity >= DiagnosticSeverity.Warning);
    }

    [Fact]
    public void Classes_of_one_name_in_two_namespaces_are_two_classes()
    {
        PlanFile other = PlanFile.Identity();
        Run run = Run.Of(PlanFile.Identity(), other with { Path = "/obj/other/plan.txt",
            Text = other.Text.Replace("namespace=Demo", "namespace=Demo.Other", StringComparison.Ordinal) });
        Assert.Empty(run.Diagnostics);
        Assert.DoesNotContain(run.Output.GetDiagnostics(), d => d.Severity >= DiagnosticSeverity.Warning);
        Assert.NotNull(run.Output.GetTypeByMetadataName("Demo.Other.Tiny"));
    }

    [Fact]
    public void Other_additional_files_are_left_alone()
    {
        Run run = Run.Of(new PlanFile("/notes.txt", "no plan at all", IsPlan: false));
        Assert.Empty(run.Sources);
        Assert.Empty(run.Diagnostics);
    }

    [Fact]
    public void Line_endings_make_no_difference()
    {
        PlanFile plan = PlanFile.Identity();
        Assert.Equal(Run.Of(plan).Sources, Run.Of(plan with { Text = plan.Text.ReplaceLineEndings("\r\n") }).Sources);
    }

    [Theory]
    [InlineData(1, "modelcompiler-plan 2", "modelcompiler-plan 999")]
    [InlineData(6, "arena 64", "arena many")]
    [InlineData(7, "weights 0", "wheights 0")]
    [InlineData(8, "Float32", "Float31")]
    public void A_plan_that_cannot_be_read_is_an_error_at_its_line(int line, string was, string becomes)
    {
        PlanFile plan = PlanFile.Identity();
        Run run = Run.Of(plan with { Text = plan.Text.Replace(was, becomes, StringComparison.Ordinal) }, PlanFile.Identity("Other"));
        Diagnostic error = Assert.Single(run.Diagnostics);
        Assert.Equal("MC4001", error.Id);
        Assert.Equal(DiagnosticSeverity.Error, error.Severity);
        Assert.Equal(plan.Path, error.Location.GetLineSpan().Path);
        Assert.Equal(line, error.Location.GetLineSpan().StartLinePosition.Line + 1);
        Assert.Equal(["Demo.Other.Kernels.g.cs", "Demo.Other.g.cs"], run.Sources.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(4, "target scalar", "target abacus")]
    [InlineData(3, "class Tiny", "class Ti?ny*")]
    [InlineData(3, "class Tiny", "class int")]
    [InlineData(3, "namespace=Demo", "namespace=De..mo")]
    [InlineData(3, "accessibility=public", "accessibility=open")]
    [InlineData(2, "sha256=00", "sha256=0\u2028")]
    [InlineData(6, "arena 64", "arena -64")]
    [InlineData(7, "weights 0", "weights 10")]
    [InlineData(8, "at=0", "at=60")]
    [InlineData(8, "[1,4]", "[1,-4]")]
    [InlineData(8, "[1,4]", "[65536,65536]")]
    [InlineData(9, "input %0", "input %7")]
    [InlineData(10, "output %0", "output %0 \"y\"\ntensor %0 Float32 [1] at=0 \"again\"\noutput %0", 11)]
    [InlineData(10, "output %0 \"y\"", "output %0 \"y\"\nstep LibraryKernel routine=Movement.Nothing types=[] tensors=[%0] tables=[] numbers=[] cost=0 \"n\"",
        11)]
    [InlineData(10, "output %0 \"y\"", "output %0 \"y\"\nstep DequantizeInt8 in=%0 out=- scale=1 zero=0 count=4 \"n\"", 11)]
    [InlineData(10, "output %0 \"y\"", "output %0 \"y\"\ndata $A Int8 [1,2,300]", 11)]
    public void A_damaged_plan_is_an_error_at_its_line(int line, string was, string becomes, int at = 0)
    {
        PlanFile plan = PlanFile.Identity();
        Run run = Run.Of(plan with { Text = plan.Text.Replace(was, becomes, StringComparison.Ordinal) }, PlanFile.Identity("Other"));
        Diagnostic error = Assert.Single(run.Diagnostics);
        Assert.Equal("MC4001", error.Id);
        Assert.Contains("damaged", error.GetMessage(null), StringComparison.Ordinal);
        Assert.Equal(plan.Path, error.Location.GetLineSpan().Path);
        Assert.Equal(at > 0 ? at : line, error.Location.GetLineSpan().StartLinePosition.Line + 1);
        Assert.Equal(["Demo.Other.Kernels.g.cs", "Demo.Other.g.cs"], run.Sources.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Two_models_for_one_class_are_errors_that_name_both()
    {
        Run run = Run.Of(PlanFile.Identity(model: "a.onnx"), PlanFile.Identity("TINY", model: "b.onnx") with { Path = "/obj/b/plan.txt" },
            PlanFile.Identity("Other"));
        Assert.All(run.Diagnostics, d => Assert.Equal("MC4003", d.Id));
        Assert.Equal(["a.onnx", "b.onnx"], run.Diagnostics.Select(d => d.GetMessage(null).Split(' ')[0]).Order());
        Assert.Equal(["Demo.Other.Kernels.g.cs", "Demo.Other.g.cs"], run.Sources.Keys.Order(StringComparer.Ordinal));
    }
}
