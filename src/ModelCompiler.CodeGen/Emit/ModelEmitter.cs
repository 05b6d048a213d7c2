using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>
/// Turns a plan into C#: the user's class, the kernels with the helpers they use, and the constants, each in a file.
/// </summary>
/// <remarks>
/// The class stands in the user's namespace, where any name may mean something else, so it names the framework's types from the root. All other code, which is
/// most of it, stands in a class of <see cref="CodeNamespace"/>, where names of the framework can be written as people write them.
/// </remarks>
internal static class ModelEmitter
{
    /// <summary>Namespace of everything but the user's class.</summary>
    public const string CodeNamespace = "ModelCompilerCode";

    /// <summary>Emits the files: the user's class first, then its kernels, then its constants, unless there are none. Equal plans give equal text.</summary>
    /// <exception cref="PlanStepException">A step cannot be written, because the plan is damaged.</exception>
    public static EquatableArray<GeneratedFile> EmitFiles(ModelPlan plan)
    {
        var network = new NetworkClass(plan);
        string model = WriteModel(plan, network);
        string kernels = KernelsWriter.Write(plan, network, model);
        string data = TableWriter.Write(plan, network);
        return new GeneratedFile[] { new(GeneratedFile.Model, model), new(GeneratedFile.Kernels, kernels),
            new(GeneratedFile.Data, data) }.Where(f => f.Text.Length > 0).ToEquatableArray();
    }

    /// <summary>All files as one text, which is C# too.</summary>
    /// <exception cref="PlanStepException">A step cannot be written, because the plan is damaged.</exception>
    public static string Emit(ModelPlan plan) => string.Join("\n", EmitFiles(plan).Select(f => f.Text));

    private static string WriteModel(ModelPlan plan, NetworkClass network)
    {
        var code = new SourceWriter();
        HeaderWriter.Write(plan, code);
        code.Block($"namespace {plan.Namespace}", () => ClassWriter.Write(plan, network, code));
        return code.ToString();
    }

    /// <summary>Says that a type was generated, and by which version.</summary>
    internal static string Attribute => $"[global::System.CodeDom.Compiler.GeneratedCode(\"ModelCompiler\", "
        + $"\"{typeof(ModelEmitter).Assembly.GetName().Version!.ToString(3)}\")]";

    /// <summary>The node's name for comments; where a converter joined the names of all nodes it fused, the first tells enough.</summary>
    internal static string Label(StepPlan step) => OneLine(step.Name.Split(';')[0]);

    internal static string OneLine(string text) => new(text.Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\u0085' ? ' ' : c).ToArray());

    internal static string Xml(string text) => OneLine(text).Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");
}
