using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// Turns a plan into one C# file: description, the user's class, and the network with its kernels, tables and helpers.
/// </summary>
/// <remarks>
/// The class stands in the user's namespace, where any name may mean something else, so it names the framework's types from the root. All other code, which is
/// most of it, stands in a namespace of its own, where names of the framework can be written as people write them.
/// </remarks>
public static class ModelEmitter
{
    /// <summary>Namespace of everything but the user's class; its types are visible in their file only.</summary>
    public const string CodeNamespace = "ModelCompilerCode";

    /// <summary>How the user's class names what stands in <see cref="CodeNamespace"/>.</summary>
    internal const string Code = "global::" + CodeNamespace + ".";

    /// <summary>How the user's class names the class with the kernels and tables.</summary>
    internal const string Network = Code + "Network";

    /// <summary>Emits the file; equal plans give equal text.</summary>
    /// <exception cref="PlanStepException">A step cannot be written, because the plan is damaged.</exception>
    public static string Emit(ModelPlan plan)
    {
        var methods = new MethodSet();
        IReadOnlyList<Isa> isas = Target.Of(plan.Target).InstructionSets;
        List<(Isa Isa, string Calls)> bodies = isas.Select(isa => (isa, WriteSteps(plan, isa, methods))).ToList();

        var code = new SourceWriter();
        HeaderWriter.Write(plan, code);
        code.Block($"namespace {plan.Namespace}", () => WriteClass(plan, isas, code));
        code.Line();
        code.Line("// In a namespace of its own, where no type of the program's hides one of the framework's.");
        code.Block($"namespace {CodeNamespace}", () =>
        {
            HeaderWriter.WriteUsings(code);
            string helperUsers = WriteNetwork(plan, bodies, methods, code);
            HelperLibrary.Write(helperUsers, code);
        });
        return code.ToString();
    }

    private static void WriteClass(ModelPlan plan, IReadOnlyList<Isa> isas, SourceWriter code)
    {
        var edges = new EdgeWriter(plan);
        code.Line($"/// <summary>{edges.ClassSummary}</summary>");
        code.Line("/// <remarks>");
        code.Line("/// An instance owns its working memory and serves one thread at a time; weights are shared by all instances and never copied.");
        code.Line("/// Nothing is allocated after construction.");
        if (plan.States.Count > 0) code.Line("/// The network keeps state from run to run, so an instance serves one sequence; <see cref=\"Reset\"/> starts another.");
        code.Line("/// </remarks>");
        code.Line($"[global::System.CodeDom.Compiler.GeneratedCode(\"ModelCompiler\", \"{typeof(ModelEmitter).Assembly.GetName().Version!.ToString(3)}\")]");
        code.Block($"{plan.Accessibility} sealed unsafe partial class {plan.ClassName} : global::System.IDisposable", () =>
        {
            WriteLifetime(plan, isas, code);
            edges.WriteRun(code);
            SelfTestWriter.WriteMember(plan, code);
            code.Line();
            code.Line("/// <summary>Computes the network on the working memory.</summary>");
            code.Line($"private void Infer() => {Network}.Infer(_arena);");
            InfoWriter.Write(plan, code);
        });
    }

    // Returns the text that decides which helpers are written: all but the tables, which are long and use nothing.
    private static string WriteNetwork(ModelPlan plan, List<(Isa Isa, string Calls)> bodies, MethodSet methods, SourceWriter code)
    {
        string helperUsers = "";
        code.Line($"/// <summary>The kernels and tables of {plan.ClassName}.</summary>");
        code.Block("file static unsafe class Network", () =>
        {
            WriteInfer(bodies, code);
            StateWriter.WriteReset(plan, code);
            SelfTestWriter.Write(plan, code);
            foreach (string text in methods.Texts)
            {
                code.Line();
                code.Line(text);
            }

            helperUsers = code.ToString().Replace(Code, "");
            TableWriter.Write(plan, code);
        });
        return helperUsers;
    }

    private static string WriteSteps(ModelPlan plan, Isa isa, MethodSet methods)
    {
        var calls = new SourceWriter(3);
        var writer = new KernelWriter(plan, isa, methods, calls);
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            StepPlan step = plan.Steps[i];
            try
            {
                calls.Line($"// {Label(step)}: {step.Kernel.Summary}");
                step.Kernel.Write(writer);
            }
            catch (Exception e)
            {
                throw new PlanStepException(i, Label(step), e);
            }
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
        const string memory = "global::System.Runtime.InteropServices.NativeMemory";
        bool guarded = isas[isas.Count - 1].Guard.Length > 0;
        if (guarded) code.Line($"/// <exception cref=\"global::System.PlatformNotSupportedException\">The processor lacks what target {plan.Target} needs.</exception>");
        if (plan.Weights.IsAssembly) code.Line("/// <exception cref=\"global::System.InvalidOperationException\">The weights assembly is not the one that belongs to this class.</exception>");
        code.Block($"public {plan.ClassName}()", () =>
        {
            if (guarded) code.Line($"if (!{Network}.IsSupported) throw new global::System.PlatformNotSupportedException(\"This model was compiled for target {plan.Target}, which this processor is not.\");");
            if (plan.Weights.IsAssembly) code.Line($"{Network}.CheckWeights();");
            code.Line($"_arena = (byte*){memory}.AlignedAlloc(ArenaBytes, 64);");
            code.Line($"{memory}.Clear(_arena, ArenaBytes);");
            if (plan.States.Any(s => s.Initial.Length > 0)) code.Line("Reset();");
        });
        StateWriter.WriteMember(plan, code);
        code.Line();
        code.Line("/// <summary>Frees the working memory.</summary>");
        code.Line($"~{plan.ClassName}() => {memory}.AlignedFree(_arena);");
        code.Line();
        code.Line("/// <summary>Frees the working memory.</summary>");
        code.Block("public void Dispose()", () => code.Line($"{memory}.AlignedFree(_arena);\n_arena = null;\nglobal::System.GC.SuppressFinalize(this);"));
    }

    private static void WriteInfer(List<(Isa Isa, string Calls)> bodies, SourceWriter code)
    {
        string guard = bodies[bodies.Count - 1].Isa.Guard;
        if (guard.Length > 0)
        {
            code.Line("/// <summary>True when the processor has what the target needs.</summary>");
            code.Line($"public static bool IsSupported => {guard};");
            code.Line();
        }

        code.Line("/// <summary>Computes the network on the working memory.</summary>");
        code.Block("public static void Infer(byte* arena)", () =>
        {
            foreach ((Isa isa, _) in bodies)
            {
                string test = isa.Guard.Length > 0 && isa != bodies[bodies.Count - 1].Isa ? $"if ({isa.Guard}) " : "";
                code.Line($"{(isa == bodies[0].Isa ? "" : "else ")}{test}Infer_{isa.Name}(arena, Weights);");
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
