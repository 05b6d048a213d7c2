using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Planning;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Working memory is no larger than what is in use at once, and that is as little as the order of operators allows.</summary>
public class WorkingMemoryTests
{
    [Fact]
    public void The_arena_is_as_large_as_what_is_in_use_at_once()
    {
        foreach ((string name, Func<CaseBuilder, ModelGraph> build) in OperatorCases.All)
        {
            Lowered lowered = Lower(build(new CaseBuilder(1)));
            long most = lowered.LiveBytes.DefaultIfEmpty(lowered.Plan.ArenaBytes).Max(); // some have no kernels
            Assert.True(lowered.Plan.ArenaBytes == most, $"{name}: {lowered.Plan.ArenaBytes} bytes, {most} in use.");
        }
    }

    [Fact]
    public void Branches_run_one_after_another()
    {
        const int Wide = 8 * 8 * 40;
        Lowered lowered = Lower(OperatorCases.All["branches side by side int8"](new CaseBuilder(1)));
        long[] filling = [.. lowered.Plan.Steps.Zip(lowered.LiveBytes).Where(s => s.First.Kernel is ConvBytesByChannel).Select(s => s.Second)];
        Assert.Equal(2, filling.Length);
        Assert.All(filling, bytes => Assert.InRange(bytes, Wide, (2 * Wide) - 1));
    }

    private static Lowered Lower(ModelGraph graph) =>
        Lowering.Run(graph, new CompilationInput("case.onnx", default, new CompilationOptions { Target = "portable" }), Target.Of("portable"), []);
}
