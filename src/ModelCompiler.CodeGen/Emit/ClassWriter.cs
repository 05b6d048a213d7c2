using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes the user's class.</summary>
internal static class ClassWriter
{
    private const string Memory = "global::System.Runtime.InteropServices.NativeMemory";

    public static void Write(ModelPlan plan, NetworkClass network, SourceWriter code)
    {
        var edges = new EdgeWriter(plan, network);
        code.Line($"/// <summary>{edges.ClassSummary}</summary>");
        code.Line("/// <remarks>");
        code.Line("/// An instance owns its working memory and serves one thread at a time; weights are shared by all instances and never copied.");
        code.Line("/// Nothing is allocated after construction.");
        if (plan.States.Count > 0)
            code.Line("/// The network keeps state from run to run, so an instance serves one sequence; <see cref=\"Reset\"/> starts another.");
        code.Line("/// </remarks>");
        code.Line(ModelEmitter.Attribute);
        code.Block($"{plan.Accessibility} sealed unsafe partial class {plan.ClassName} : global::System.IDisposable", () =>
        {
            WriteLifetime(plan, network, code);
            edges.WriteRun(code);
            SelfTestWriter.WriteMember(plan, network, code);
            code.Line();
            code.Line("/// <summary>Computes the network on the working memory.</summary>");
            code.Line($"private void Infer() => {network.FullName}.Infer(_arena);");
            InfoWriter.Write(plan, code);
        });
    }

    private static void WriteLifetime(ModelPlan plan, NetworkClass network, SourceWriter code)
    {
        code.Line($"private const int ArenaBytes = {Literals.Int(plan.ArenaBytes)};");
        code.Line();
        code.Line("private byte* _arena;");
        code.Line();
        code.Line("/// <summary>Allocates the working memory.</summary>");
        bool guarded = KernelsWriter.Guard(plan).Length > 0;
        if (guarded) code.Line($"/// <exception cref=\"global::System.PlatformNotSupportedException\">The processor lacks what target {plan.Target} "
            + "needs.</exception>");
        if (plan.Weights.IsAssembly)
            code.Line("/// <exception cref=\"global::System.InvalidOperationException\">The weights assembly is not the one that belongs to this "
                + "class.</exception>");
        code.Block($"public {plan.ClassName}()", () =>
        {
            if (guarded)
            {
                code.Line($"if (!{network.FullName}.IsSupported)");
                code.Block("", () => code.Line($"throw new global::System.PlatformNotSupportedException(\"This model was compiled for target {plan.Target}, "
                    + $"which this processor is not.\");"));
                code.Line();
            }

            if (plan.Weights.IsAssembly) code.Line($"{network.FullName}.CheckWeights();");
            code.Line($"_arena = (byte*){Memory}.AlignedAlloc(ArenaBytes, 64);");
            code.Line($"{Memory}.Clear(_arena, ArenaBytes);");
            if (plan.States.Any(s => s.Initial.Length > 0)) code.Line("Reset();");
        });
        StateWriter.WriteMember(plan, network, code);
        code.Line();
        code.Line("/// <summary>Frees the working memory.</summary>");
        code.Line($"~{plan.ClassName}() => {Memory}.AlignedFree(_arena);");
        code.Line();
        code.Line("/// <summary>Frees the working memory.</summary>");
        code.Block("public void Dispose()", () => code.Line($"{Memory}.AlignedFree(_arena);\n_arena = null;\nglobal::System.GC.SuppressFinalize(this);"));
    }
}
