using System;
using System.Globalization;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Emit;

/// <summary>The static class that holds a network's kernels, tables and helpers; its parts stand in several files.</summary>
/// <remarks>
/// Its name holds that of the user's class, with a hash which tells apart what is joined to the same text, and projects that see each other's internal types.
/// </remarks>
internal sealed class NetworkClass(ModelPlan plan)
{
    private static readonly string[] Usings =
        ["System", "System.Numerics", "System.Runtime.CompilerServices", "System.Runtime.InteropServices", "System.Runtime.Intrinsics",
            "System.Runtime.Intrinsics.Arm", "System.Runtime.Intrinsics.X86"];

    /// <summary>Its name.</summary>
    public string Name { get; } = $"{plan.Namespace.Replace('.', '_')}_{plan.ClassName}_"
        + $"{Hash($"{plan.Namespace}.{plan.ClassName}\n{plan.ModelSha256}\n{plan.Target}\n{plan.Options}")}";

    /// <summary>How the user's class names it.</summary>
    public string FullName => $"global::{ModelEmitter.CodeNamespace}.{Name}";

    /// <summary>Writes a file with a part of the class.</summary>
    /// <param name="holds">What the part holds, for the file's head.</param>
    /// <param name="attributes">What stands before the class, once for all parts.</param>
    /// <param name="body">Writes the members.</param>
    public string Part(string holds, Action<SourceWriter> attributes, Action<SourceWriter> body)
    {
        var code = new SourceWriter();
        HeaderWriter.WritePart(plan, holds, code);
        code.Block($"namespace {ModelEmitter.CodeNamespace}", () =>
        {
            foreach (string name in Usings) code.Line($"using global::{name};");
            code.Line();
            attributes(code);
            code.Block($"internal static unsafe partial class {Name}", () => body(code));
        });
        return code.ToString();
    }

    // 32 bits of FNV-1a: it need not be secure.
    private static string Hash(string text)
    {
        uint hash = 2166136261;
        foreach (char c in text) hash = unchecked((hash ^ c) * 16777619);
        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }
}
