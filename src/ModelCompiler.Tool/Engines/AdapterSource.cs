using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.Tool.Engines;

/// <summary>
/// Writes the class through which the engine calls generated code. Spans cannot pass through reflection, so this class, compiled along
/// with the generated one, takes arrays of bytes and looks at them as the types that each entry wants.
/// </summary>
internal static class AdapterSource
{
    /// <summary>Name of the adapter's type.</summary>
    public static string TypeName(ModelPlan plan) => $"ModelCompilerEngine.{plan.Namespace}.{plan.ClassName}Adapter";

    public const string CreateMethod = "Create";

    public const string RealMethod = "RunReal";

    public const string RawMethod = "RunRaw";

    public const string ResetMethod = "Reset";

    public static string Write(ModelPlan plan, IReadOnlyList<EngineEdge> inputs, IReadOnlyList<EngineEdge> outputs)
    {
        string type = $"global::{plan.Namespace}.{plan.ClassName}";
        return $$"""
            using System;
            using System.Runtime.InteropServices;

            namespace ModelCompilerEngine.{{plan.Namespace}}
            {
                public static class {{plan.ClassName}}Adapter
                {
                    public static IDisposable {{CreateMethod}}() => new {{type}}();

                    public static void {{ResetMethod}}(object model) { {{(plan.States.Count > 0 ? $"(({type})model).Reset();" : "")}} }

                    public static void {{RealMethod}}(object model, byte[][] inputs, byte[][] outputs) => (({{type}})model).Run({{Arguments(e => e.RealType)}});

                    public static void {{RawMethod}}(object model, byte[][] inputs, byte[][] outputs) => (({{type}})model).Run({{Arguments(e => e.Type)}});
                }
            }
            """;

        string Arguments(Func<EngineEdge, ElementType> of) => string.Join(", ", [
            .. inputs.Select((e, i) => FormattableString.Invariant($"MemoryMarshal.Cast<byte, {of(e).CSharpName()}>(new ReadOnlySpan<byte>(inputs[{i}]))")),
            .. outputs.Select((e, i) => FormattableString.Invariant($"MemoryMarshal.Cast<byte, {of(e).CSharpName()}>(new Span<byte>(outputs[{i}]))"))]);
    }
}
