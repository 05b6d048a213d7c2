using CsCheck;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Tests;

public class PlanTextTests
{
    public static TheoryData<string> Kernels() => new(PlanGenerator.Kernels.Select(k => k.Name));

    public static TheoryData<string> Networks() => new(SmallNetworks.Names);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Kernels_read_as_they_were_written(string kernel) => PlanGenerator.Kernel(PlanGenerator.Kernels.Single(k => k.Name == kernel)).Sample(
        k => AssertRoundTrip(new ModelPlan { Steps = EquatableArray.Of(new StepPlan("node", k)) }), iter: 50, threads: 1);

    [Fact]
    public void Plans_read_as_they_were_written() => PlanGenerator.Plans.Sample(AssertRoundTrip, iter: 300, threads: 1);

    [Theory]
    [MemberData(nameof(Networks))]
    public void Plans_of_networks_read_as_they_were_written(string network) => AssertRoundTrip(SmallNetworks.Plan(network, "portable"));

    [Fact]
    public void Line_ends_of_windows_are_read()
    {
        ModelPlan plan = SmallNetworks.Plan("integers", "portable");
        Assert.Equal(plan, PlanText.Read(PlanText.Write(plan).Replace("\n", "\r\n", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("", 1, "not a plan of version")]
    [InlineData("modelcompiler-plan 0", 1, "not a plan of version")]
    [InlineData("modelcompiler-plan 2\nmodel \"a.onnx\"", 2, "lacks 'sha256='")]
    [InlineData("modelcompiler-plan 2\n\nmodel \"a.onnx sha256=0", 3, "no closing quote")]
    [InlineData("modelcompiler-plan 2\nmodel", 2, "ends too early")]
    [InlineData("modelcompiler-plan 2\ntarget portable\nwhatever 1", 3, "no lines that start with 'whatever'")]
    [InlineData("modelcompiler-plan 2\narena many", 2, "")]
    [InlineData("modelcompiler-plan 2\narena 99999999999999999999", 2, "")]
    [InlineData("modelcompiler-plan 2\nweights 4\n  !!!!", 3, "")]
    [InlineData("modelcompiler-plan 2\ntensor %0 Int8 [1,x] at=0 \"x\"", 2, "")]
    [InlineData("modelcompiler-plan 2\ntensor %0 Int9 [1] at=0 \"x\"", 2, "Int9")]
    [InlineData("modelcompiler-plan 2\ntensor 0 Int8 [1] at=0 \"x\"", 2, "should start with '%'")]
    [InlineData("modelcompiler-plan 2\ntensor %0 Int8 1 at=0 \"x\"", 2, "not a list in brackets")]
    [InlineData("modelcompiler-plan 2\nstep NoSuchKernel \"x\"", 2, "There is no kernel 'NoSuchKernel'")]
    [InlineData("modelcompiler-plan 2\nstep DequantizeInt8 in=%0 out=%1 scale=1 zero=0 \"x\"", 2, "lacks 'count='")]
    [InlineData("modelcompiler-plan 2\nstep DequantizeInt8 in=%0 out=%1 scale=one zero=0 count=4 \"x\"", 2, "")]
    [InlineData("modelcompiler-plan 2\nstep DequantizeInt8 in=%0 out=%1 scale=1 zero=0 count=4", 2, "ends too early")]
    public void Errors_name_the_line(string text, int line, string message)
    {
        PlanFormatException e = Assert.Throws<PlanFormatException>(() => PlanText.Read(text));
        Assert.Equal(line, e.Line);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    // A character changed, a line lost, an end cut off: a plan, or an error of the format, and nothing else.
    [Fact]
    public void Damaged_plans_are_read_or_refused()
    {
        string text = PlanText.Write(SmallNetworks.Plan("floats", "portable"));
        Gen.Select(Gen.Int[0, text.Length - 1], Gen.Char["\"\\[]%$@-+=., \n0aé"], Gen.Int[0, 2]).Sample(
            (at, character, how) =>
            {
                string damaged = how switch { 0 => text[..at], 1 => text.Remove(at, Math.Min(7, text.Length - at)),
                    _ => text[..at] + character + text[(at + 1)..] };
                try
                {
                    PlanText.Read(damaged);
                }
                catch (PlanFormatException e)
                {
                    Assert.InRange(e.Line, 1, damaged.Split('\n').Length);
                }
            },
            iter: 1000,
            threads: 1);
    }

    private static void AssertRoundTrip(ModelPlan plan)
    {
        string text = PlanText.Write(plan);
        ModelPlan read = PlanText.Read(text);
        Assert.Equal(plan, read);
        Assert.Equal(plan.GetHashCode(), read.GetHashCode());
        Assert.Equal(text, PlanText.Write(read));
    }
}
