using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using ModelCompiler.CodeGen.Kernels;

namespace ModelCompiler.CodeGen.Plan;

/// <summary>
/// The plan as canonical text: one line per fact, no clocks, no paths, invariant culture. Writing what was read gives the same bytes.
/// </summary>
internal static class PlanText
{
    private const int InlineBytesPerLine = 96;

    /// <summary>Writes the plan.</summary>
    public static string Write(ModelPlan plan)
    {
        var text = new StringBuilder();
        text.Append("modelcompiler-plan ").Append(ModelPlan.FormatVersion).Append('\n');
        Line("model", PlanValue.Quote(plan.ModelFile), "sha256=" + plan.ModelSha256);
        Line("class", plan.ClassName, "namespace=" + plan.Namespace, "accessibility=" + plan.Accessibility);
        Line("target", plan.Target);
        Line("options", PlanValue.Quote(plan.Options));
        foreach (string note in plan.Notes) Line("note", PlanValue.Quote(note));
        if (plan.SelfTestHash != 0) Line("selftest", Hex(plan.SelfTestHash));
        Line("arena", plan.ArenaBytes.ToString(CultureInfo.InvariantCulture));
        WriteWeights(plan.Weights, text);
        foreach (TensorPlan t in plan.Tensors)
        {
            string quantization = t.IsQuantized ? $" scale={PlanValue.Write(t.Scale)} zero={PlanValue.Write(t.ZeroPoint)}" : "";
            Line("tensor", PlanValue.Write(new TensorRef(t.Id)), t.Type.ToString(), PlanValue.Write(t.Shape),
                "at=" + (t.IsConstant ? "@" : "") + PlanValue.Write(t.Offset) + quantization, PlanValue.Quote(t.Name));
        }

        foreach (EdgePlan e in plan.Inputs) Line("input", PlanValue.Write(e.Tensor), PlanValue.Quote(e.Name));
        foreach (EdgePlan e in plan.Outputs) Line(["output", PlanValue.Write(e.Tensor), PlanValue.Quote(e.Name), .. e.Labels.Select(PlanValue.Quote)]);
        foreach (StatePlan s in plan.States) Line("state", PlanValue.Write(s.Tensor), "initial=" + PlanValue.Write(s.Initial));
        foreach (DataTable d in plan.Data) Line("data", "$" + d.Name, d.Type.ToString(), PlanValue.WriteTable(d));
        foreach (StepPlan s in plan.Steps)
            Line(s.Choice.Length == 0 ? ["step", KernelText.Write(s.Kernel), PlanValue.Quote(s.Name)]
                : ["step", KernelText.Write(s.Kernel), PlanValue.Quote(s.Name), PlanValue.Quote(s.Choice)]);
        return text.ToString();

        void Line(params string[] words) => text.Append(string.Join(" ", words)).Append('\n');
    }

    private static void WriteWeights(WeightStorage weights, StringBuilder text)
    {
        text.Append("weights ").Append(weights.Bytes);
        if (weights.IsAssembly) text.Append(" assembly=").Append(weights.Assembly);
        if (weights.ContentId != 0) text.Append(" content=").Append(Hex(weights.ContentId));
        text.Append('\n');
        byte[] inline = weights.Inline.ToArray();
        for (int i = 0; i < inline.Length; i += InlineBytesPerLine)
        {
            text.Append("  ").Append(Convert.ToBase64String(inline, i, Math.Min(InlineBytesPerLine, inline.Length - i))).Append('\n');
        }
    }

    /// <summary>Reads a plan.</summary>
    /// <exception cref="PlanFormatException">The text is not a plan of this version.</exception>
    public static ModelPlan Read(string text) => Read(text, []);

    /// <summary>Reads a plan and does something with it, once it is known that code can be written for it.</summary>
    /// <exception cref="PlanFormatException">The text is not a plan of this version, or it is damaged.</exception>
    public static T ReadAndCheck<T>(string text, Func<ModelPlan, T> use)
    {
        var lines = new List<(string Keyword, int Line)>();
        ModelPlan plan = Read(text, lines);
        ILookup<string, int> places = lines.ToLookup(l => l.Keyword, l => l.Line);
        new PlanValidation(plan, Place).Check();
        try
        {
            return use(plan);
        }
        catch (PlanStepException e)
        {
            throw new PlanFormatException(Place("step", e.Step), PlanFormatException.Damaged(e.Message));
        }

        int Place(string keyword, int index) => places[keyword].Skip(index).DefaultIfEmpty(1).First();
    }

    private static ModelPlan Read(string text, List<(string Keyword, int Line)> places)
    {
        var plan = new ModelPlan();
        var notes = new List<string>();
        var tensors = new List<TensorPlan>();
        var inputs = new List<EdgePlan>();
        var outputs = new List<EdgePlan>();
        var states = new List<StatePlan>();
        var data = new List<DataTable>();
        var steps = new List<StepPlan>();
        var inline = new List<byte>();

        string[] lines = text.Replace("\r\n", "\n").Split('\n');
        if (lines[0] != "modelcompiler-plan " + ModelPlan.FormatVersion.ToString(CultureInfo.InvariantCulture))
        {
            throw new PlanFormatException(1, $"The file is not a plan of version {ModelPlan.FormatVersion}. Rebuild the project, so that the model is "
                + "compiled again by this version.");
        }

        for (int i = 1; i < lines.Length; i++)
        {
            if (lines[i].Length == 0) continue;
            try
            {
                ReadLine(lines[i], i + 1);
            }
            catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or IndexOutOfRangeException or KeyNotFoundException
                or System.Reflection.TargetInvocationException)
            {
                throw new PlanFormatException(i + 1, e.Message);
            }
        }

        return plan with
        {
            Notes = notes.ToEquatableArray(),
            Weights = plan.Weights with { Inline = inline.ToEquatableArray() },
            Tensors = tensors.ToEquatableArray(),
            Inputs = inputs.ToEquatableArray(),
            Outputs = outputs.ToEquatableArray(),
            States = states.ToEquatableArray(),
            Data = data.ToEquatableArray(),
            Steps = steps.ToEquatableArray(),
        };

        void ReadLine(string line, int number)
        {
            if (line.StartsWith("  ", StringComparison.Ordinal))
            {
                inline.AddRange(Convert.FromBase64String(line.Trim()));
                return;
            }

            PlanLine words = PlanLine.Parse(line);
            places.Add((words.Keyword, number));
            switch (words.Keyword)
            {
                case "model": plan = plan with { ModelFile = words.Word(0), ModelSha256 = words.Named("sha256") }; break;
                case "class": plan = plan with { ClassName = words.Word(0), Namespace = words.Named("namespace"),
                    Accessibility = words.Named("accessibility") }; break;
                case "target": plan = plan with { Target = words.Word(0) }; break;
                case "options": plan = plan with { Options = words.Word(0) }; break;
                case "note": notes.Add(words.Word(0)); break;
                case "selftest": plan = plan with { SelfTestHash = ParseHex(words.Word(0)) }; break;
                case "arena": plan = plan with { ArenaBytes = PlanValue.Read<long>(words.Word(0)) }; break;
                case "weights": plan = plan with { Weights = ReadWeights(words) }; break;
                case "tensor": tensors.Add(ReadTensor(words)); break;
                case "input": inputs.Add(new EdgePlan(words.Word(1), PlanValue.Read<TensorRef>(words.Word(0)))); break;
                case "output": outputs.Add(new EdgePlan(words.Word(1), PlanValue.Read<TensorRef>(words.Word(0)), words.From(2))); break;
                case "state": states.Add(new StatePlan(PlanValue.Read<TensorRef>(words.Word(0)), PlanValue.Read<WeightsRef>(words.Named("initial")))); break;
                case "data": data.Add(PlanValue.ReadTable(words.Word(0).Substring(1), PlanValue.Read<ElementType>(words.Word(1)), words.Word(2, ""))); break;
                case "step": steps.Add(new StepPlan(words.Word(1), KernelText.Read(words), words.Word(2, ""))); break;
                default: throw new FormatException($"A plan has no lines that start with '{words.Keyword}'.");
            }
        }
    }

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);

    private static ulong ParseHex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static WeightStorage ReadWeights(PlanLine words) => new()
    {
        Bytes = PlanValue.Read<int>(words.Word(0)),
        Assembly = words.Named("assembly", ""),
        ContentId = ParseHex(words.Named("content", "0")),
    };

    private static TensorPlan ReadTensor(PlanLine words) => new(
        PlanValue.Read<TensorRef>(words.Word(0)).Id,
        words.Word(3),
        PlanValue.Read<ElementType>(words.Word(1)),
        PlanValue.Read<EquatableArray<int>>(words.Word(2)),
        PlanValue.Read<float>(words.Named("scale", "0")),
        PlanValue.Read<int>(words.Named("zero", "0")),
        PlanValue.Read<long>(words.Named("at").TrimStart('@')),
        words.Named("at").StartsWith("@", StringComparison.Ordinal));
}
