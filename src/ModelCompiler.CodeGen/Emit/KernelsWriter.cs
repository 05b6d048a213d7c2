using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes the file of the kernels: what runs them, the kernels themselves and the helpers that anything mentions.</summary>
internal static class KernelsWriter
{
    /// <summary>Writes the file.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="network">The class that holds the kernels.</param>
    /// <param name="model">Text of the user's class, which uses helpers, too.</param>
    public static string Write(ModelPlan plan, NetworkClass network, string model)
    {
        var methods = new MethodSet();
        List<(Isa Isa, string Calls)> bodies = Target.Of(plan.Target).InstructionSets.Select(isa => (isa, WriteSteps(plan, isa, methods))).ToList();
        return network.Part("kernels", code => WriteAttributes(plan, code), code =>
        {
            var own = new SourceWriter(2);
            WriteInfer(bodies, own);
            StateWriter.WriteReset(plan, own);
            SelfTestWriter.Write(plan, own);
            TableWriter.WriteAccess(plan, own);
            foreach (string text in methods.Texts) own.Line("\n" + text);
            code.Line(own.ToString().TrimEnd('\n'));
            HelperLibrary.Write(own + Mentions(model, network), code);
        });
    }

    /// <summary>The condition under which the target's code runs; empty when it runs anywhere.</summary>
    public static string Guard(ModelPlan plan)
    {
        IReadOnlyList<Isa> isas = Target.Of(plan.Target).InstructionSets;
        return isas[isas.Count - 1].Guard;
    }

    private static void WriteAttributes(ModelPlan plan, SourceWriter code)
    {
        code.Line($"/// <summary>The kernels and tables of {plan.ClassName}.</summary>");
        code.Line(ModelEmitter.Attribute);
        code.Line("[global::System.ComponentModel.EditorBrowsable(global::System.ComponentModel.EditorBrowsableState.Never)]");
    }

    // Names and texts of the model stand in the user's class, too, and may look like helpers.
    private static string Mentions(string model, NetworkClass network) =>
        string.Concat(Regex.Matches(model, Regex.Escape(network.FullName) + @"\.([A-Z]\w*\.\w+)").Cast<Match>().Select(m => m.Groups[1].Value + "\n"));

    private static string WriteSteps(ModelPlan plan, Isa isa, MethodSet methods)
    {
        var calls = new SourceWriter(3);
        var writer = new KernelWriter(plan, isa, methods, calls);
        for (int i = 0; i < plan.Steps.Count; i++)
        {
            StepPlan step = plan.Steps[i];
            try
            {
                calls.Line($"// {ModelEmitter.Label(step)}: {step.Kernel.Summary}");
                step.Kernel.Write(writer);
            }
            catch (Exception e)
            {
                throw new PlanStepException(i, ModelEmitter.Label(step), e);
            }
        }

        return calls.ToString();
    }

    private static void WriteInfer(List<(Isa Isa, string Calls)> bodies, SourceWriter code)
    {
        Isa last = bodies[bodies.Count - 1].Isa;
        if (last.Guard.Length > 0)
        {
            code.Line("/// <summary>True when the processor has what the target needs.</summary>");
            code.Line($"public static bool IsSupported => {last.Guard};");
            code.Line();
        }

        code.Line("/// <summary>Computes the network on the working memory.</summary>");
        code.Block("public static void Infer(byte* arena)", () =>
        {
            foreach ((Isa isa, _) in bodies)
            {
                string test = isa.Guard.Length > 0 && isa != last ? $"if ({isa.Guard}) " : "";
                code.Line($"{(isa == bodies[0].Isa ? "" : "else ")}{test}Infer_{isa.Name}(arena, Weights);");
            }
        });
        foreach ((Isa isa, string calls) in bodies)
        {
            code.Line();
            code.Block($"private static void Infer_{isa.Name}(byte* arena, sbyte* weights)", () => code.Line(calls.TrimEnd('\n')));
        }
    }
}
