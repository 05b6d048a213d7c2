using Microsoft.CodeAnalysis;

namespace ModelCompiler.Generator.Tests;

public class ModelGeneratorTests
{
    [Fact]
    public void A_plan_becomes_one_file_that_compiles()
    {
        Run run = Run.Of(PlanFile.Identity());
        Assert.Equal("Demo.Tiny.g.cs", Assert.Single(run.Sources).Key);
        Assert.Empty(run.Diagnostics);
        Assert.DoesNotContain(run.Output.GetDiagnostics(), d => d.Severity >= DiagnosticSeverity.Warning);
        Assert.NotNull(run.Output.GetTypeByMetadataName("Demo.Tiny"));
    }

    [Fact]
    public void Every_plan_gets_its_own_file()
    {
        Run run = Run.Of(PlanFile.Identity("One"), PlanFile.Identity("Two"));
        Assert.Equal(["Demo.One.g.cs", "Demo.Two.g.cs"], run.Sources.Keys.Order());
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
        Assert.Equal(["Demo.Other.g.cs"], run.Sources.Keys);
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
    [InlineData(10, "output %0 \"y\"", "output %0 \"y\"\nstep LibraryKernel routine=Movement.Nothing types=[] tensors=[%0] tables=[] numbers=[] cost=0 \"n\"", 11)]
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
        Assert.Equal(["Demo.Other.g.cs"], run.Sources.Keys);
    }

    [Fact]
    public void Two_models_for_one_class_are_errors_that_name_both()
    {
        Run run = Run.Of(PlanFile.Identity(model: "a.onnx"), PlanFile.Identity("TINY", model: "b.onnx") with { Path = "/obj/b/plan.txt" }, PlanFile.Identity("Other"));
        Assert.All(run.Diagnostics, d => Assert.Equal("MC4003", d.Id));
        Assert.Equal(["a.onnx", "b.onnx"], run.Diagnostics.Select(d => d.GetMessage(null).Split(' ')[0]).Order());
        Assert.Equal(["Demo.Other.g.cs"], run.Sources.Keys);
    }
}
