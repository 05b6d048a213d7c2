using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>Writes the nested <c>Info</c> class: facts about the model as constants.</summary>
internal static class InfoWriter
{
    public static void Write(ModelPlan plan, SourceWriter code)
    {
        code.Line();
        code.Line("/// <summary>Facts about the compiled network.</summary>");
        code.Block("public static class Info", () =>
        {
            Constant("string", "ModelFile", Text(plan.ModelFile), "The model file this class was compiled from.");
            Constant("string", "ModelSha256", Text(plan.ModelSha256), "SHA-256 of the model file.");
            Constant("string", "Target", Text(plan.Target), "Target machine.");
            Constant("string", "Options", Text(plan.Options), "Options that differ from their defaults.");
            Constant("long", "Macs", Literals.Int(plan.Steps.Sum(s => s.Kernel.Macs)), "Multiply-accumulate operations of one run.");
            Constant("int", "WeightBytes", Literals.Int(plan.Weights.Bytes + plan.Data.Sum(d => d.Bytes)), "Bytes of constants: weights and tables.");
            Constant("int", "ArenaBytes", Literals.Int(plan.ArenaBytes), "Bytes of working memory of an instance.");
            foreach ((string kind, EquatableArray<EdgePlan> edges) in new[] { ("Input", plan.Inputs), ("Output", plan.Outputs) })
            {
                Property("string[]", kind + "Names", string.Join(", ", edges.Select(e => Text(e.Name))), $"Names of the {kind.ToLowerInvariant()}s.");
                Property("int[][]", kind + "Shapes", string.Join(", ",
                    edges.Select(e => $"[{string.Join(", ", plan.Tensor(e.Tensor).Shape.Select(d => Literals.Int(d)))}]")),
                        $"Shapes of the {kind.ToLowerInvariant()}s.");
                Property("float[]", kind + "Scales", string.Join(", ", edges.Select(e => Literals.Float(plan.Tensor(e.Tensor).Scale))),
                    $"Real value of one integer step of each {kind.ToLowerInvariant()}; 0 where it is not quantised.");
                Property("int[]", kind + "ZeroPoints", string.Join(", ", edges.Select(e => Literals.Int(plan.Tensor(e.Tensor).ZeroPoint))),
                    $"Integers that stand for real zero in each {kind.ToLowerInvariant()}.");
            }

            if (plan.Outputs.Any(e => e.Labels.Count > 0))
            {
                Property("string[][]", "OutputLabels", string.Join(", ", plan.Outputs.Select(e => $"[{string.Join(", ", e.Labels.Select(Text))}]")),
                    "What the numbers or columns of each output stand for; empty where the model does not say.");
            }

            Property("string[]", "Kernels", string.Join(", ", plan.Steps.Select(s => Text(s.Kernel.Summary))), "The kernels, in the order they run.");

            void Constant(string type, string name, string value, string summary)
            {
                code.Line($"/// <summary>{summary}</summary>");
                code.Line($"public const {type} {name} = {value};");
                code.Line();
            }

            void Property(string type, string name, string items, string summary)
            {
                code.Line($"/// <summary>{summary}</summary>");
                code.Line($"public static {type} {name} => [{items}];");
                if (name != "Kernels") code.Line();
            }
        });
    }

    private static string Text(string text) => "\"" + ModelEmitter.OneLine(text).Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";
}
