using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Turns a plan into one C# file: description, class, kernels, tables, helpers.</summary>
public static class ModelEmitter
{
    /// <summary>Emits the file; equal plans give equal text.</summary>
    public static string Emit(ModelPlan plan)
    {
        var methods = new MethodSet();
        IReadOnlyList<Isa> isas = Isa.ForTarget(plan.Target);
        List<(Isa Isa, string Calls)> bodies = isas.Select(isa => (isa, WriteSteps(plan, isa, methods))).ToList();

        var code = new SourceWriter();
        HeaderWriter.Write(plan, code);
        var edges = new EdgeWriter(plan);
        string helperUsers = "";
        code.Line($"/// <summary>{edges.ClassSummary}</summary>");
        code.Line("/// <remarks>");
        code.Line("/// An instance owns its working memory and serves one thread at a time; weights are shared by all instances and never copied.");
        code.Line("/// Nothing is allocated after construction.");
        if (plan.States.Count > 0) code.Line("/// The network keeps state from run to run, so an instance serves one sequence; <see cref=\"Reset\"/> starts another.");
        code.Line("/// </remarks>");
        code.Line($"[GeneratedCode(\"ModelCompiler\", \"{typeof(ModelEmitter).Assembly.GetName().Version!.ToString(3)}\")]");
        code.Block($"{plan.Accessibility} sealed unsafe partial class {plan.ClassName} : IDisposable", () =>
        {
            WriteLifetime(plan, isas, code);
            edges.WriteRun(code);
            SelfTestWriter.Write(plan, code);
            WriteInfer(bodies, code);
            foreach (string text in methods.Texts)
            {
                code.Line();
                code.Line(text);
            }

            helperUsers = code.ToString(); // all but the tables, which are long and use nothing
            InfoWriter.Write(plan, code);
            TableWriter.Write(plan, code);
        });
        HelperLibrary.Write(helperUsers, code);
        return code.ToString();
    }

    private static string WriteSteps(ModelPlan plan, Isa isa, MethodSet methods)
    {
        var calls = new SourceWriter();
        var writer = new KernelWriter(plan, isa, methods, calls);
        foreach (StepPlan step in plan.Steps)
        {
            calls.Line($"// {Label(step)}: {step.Kernel.Summary}");
            step.Kernel.Write(writer);
        }

        return calls.ToString();
    }

    private static void WriteLifetime(ModelPlan plan, IReadOnlyList<Isa> isas, SourceWriter code)
    {
        code.Line($"private const int ArenaBytes = {Literals.Int(plan.ArenaBytes)};");
        code.Line();
        code.Line("private byte* _arena;");
        code.Line();
        code.Line("/// <summary>Allocates the working memory.</summary>");
        string guard = isas[isas.Count - 1].Guard;
        if (guard.Length > 0) code.Line($"/// <exception cref=\"PlatformNotSupportedException\">The processor lacks what target {plan.Target} needs.</exception>");
        string check = TableWriter.Check(plan);
        if (check.Length > 0) code.Line("/// <exception cref=\"InvalidOperationException\">The weights assembly is not the one that belongs to this class.</exception>");
        code.Block($"public {plan.ClassName}()", () =>
        {
            if (guard.Length > 0) code.Line($"if (!({guard})) throw new PlatformNotSupportedException(\"This model was compiled for target {plan.Target}, which this processor is not.\");");
            if (check.Length > 0) code.Line(check);
            code.Line("_arena = (byte*)NativeMemory.AlignedAlloc(ArenaBytes, 64);");
            code.Line("NativeMemory.Clear(_arena, ArenaBytes);");
            if (plan.States.Any(s => s.Initial.Length > 0)) code.Line("Reset();");
        });
        StateWriter.Write(plan, code);
        code.Line();
        code.Line("/// <summary>Frees the working memory.</summary>");
        code.Line($"~{plan.ClassName}() => NativeMemory.AlignedFree(_arena);");
        code.Line();
        code.Line("/// <summary>Frees the working memory.</summary>");
        code.Block("public void Dispose()", () => code.Line("NativeMemory.AlignedFree(_arena);\n_arena = null;\nGC.SuppressFinalize(this);"));
    }

    private static void WriteInfer(List<(Isa Isa, string Calls)> bodies, SourceWriter code)
    {
        code.Line();
        code.Line("/// <summary>Computes the network on the working memory.</summary>");
        code.Block("private void Infer()", () =>
        {
            foreach ((Isa isa, _) in bodies)
            {
                string test = isa.Guard.Length > 0 && isa != bodies[bodies.Count - 1].Isa ? $"if ({isa.Guard}) " : "";
                code.Line($"{(isa == bodies[0].Isa ? "" : "else ")}{test}Infer_{isa.Name}(_arena, Weights);");
            }
        });
        foreach ((Isa isa, string calls) in bodies)
        {
            code.Line();
            code.Block($"private static void Infer_{isa.Name}(byte* arena, sbyte* weights)", () => code.Line(calls.TrimEnd('\n')));
        }
    }

    /// <summary>The node's name for comments; where a converter joined the names of all nodes it fused, the first tells enough.</summary>
    internal static string Label(StepPlan step) => OneLine(step.Name.Split(';')[0]);

    internal static string OneLine(string text) => new(text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u0085' ? ' ' : c).ToArray());

    internal static string Xml(string text) => OneLine(text).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
