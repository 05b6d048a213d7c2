using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Planning;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Measuring;

/// <summary>
/// A plan cut into classes of one step each, and the whole plan, all on the same working memory: run in order,
/// every step finds its inputs in the cache where the step before left them.
/// </summary>
internal sealed unsafe partial class StepPrograms : IDisposable
{
    private const string Space = "ModelCompilerLayers";

    private const string Whole = "Whole";

    private const string Driver = "Driver";

    private const string Create = "Create";

    private readonly GeneratedAssembly _assembly;
    private readonly void* _arena;

    /// <summary>Generates, compiles and loads the classes.</summary>
    public StepPrograms(ModelPlan compiled, ReadOnlyMemory<byte> contents)
    {
        ModelPlan plan = compiled with { Namespace = Space, SelfTestHash = 0, Inputs = default, Outputs = default };
        // One copy of the weights serves all classes.
        if (plan.Weights.Bytes > 0) plan = plan with { Weights = new WeightStorage { Bytes = plan.Weights.Bytes, Assembly = Space + ".Weights" } };
        string[] names = [.. plan.Steps.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"Step{i}")), Whole];
        Dictionary<string, string> sources = plan.Steps.Select((step, i) => Only(plan, step) with { ClassName = names[i] })
            .Append(plan with { ClassName = Whole }).ToDictionary(p => p.ClassName + ".g.cs", ModelEmitter.Emit);
        sources.Add("Driver.cs", DriverSource(names));
        WeightStorage weights = plan.Weights;
        _assembly = GeneratedAssembly.Load(sources, weights.IsAssembly
            ? (weights.Assembly, WeightsAssembly.Write(weights.Assembly, WeightStorage.TypeNamespace, weights.TypeName, contents.Span)) : null);
        _arena = NativeMemory.AlignedAlloc((nuint)Math.Max(1, plan.ArenaBytes), 64);
        NativeMemory.Clear(_arena, (nuint)plan.ArenaBytes);
        Action[] actions = _assembly.Assembly.GetType($"{Space}.{Driver}",
            throwOnError: true)!.GetMethod(Create)!.CreateDelegate<Func<nint, Action[]>>()((nint)_arena);
        (Steps, All) = (actions[..^1], actions[^1]);
    }

    /// <summary>The steps, in order.</summary>
    public IReadOnlyList<Action> Steps { get; }

    /// <summary>All steps as the one class that users get.</summary>
    public Action All { get; }

    public void Dispose()
    {
        _assembly.Dispose();
        NativeMemory.AlignedFree(_arena);
    }

    private static ModelPlan Only(ModelPlan plan, StepPlan step)
    {
        ModelPlan single = plan with { Steps = EquatableArray.Of(step) };
        string line = PlanText.Write(single with { Data = default }).Split('\n').Single(l => l.StartsWith("step ", StringComparison.Ordinal));
        HashSet<string> tables = [.. TableName().Matches(line).Select(m => m.Groups[1].Value)];
        return single with { Data = plan.Data.Where(d => tables.Contains(d.Name)).ToEquatableArray() };
    }

    // The generated classes are partial: another part gives them memory that is not their own.
    private static string DriverSource(string[] names)
    {
        var code = new StringBuilder($"using System;\nusing System.Runtime.InteropServices;\n\nnamespace {Space};\n\n");
        foreach (string name in names)
        {
            code.Append(CultureInfo.InvariantCulture, $$"""
                public sealed unsafe partial class {{name}}
                {
                    public {{name}} On(nint arena)
                    {
                        NativeMemory.AlignedFree(_arena);
                        GC.SuppressFinalize(this);
                        _arena = (byte*)arena;
                        return this;
                    }
                }

                """);
        }

        return code.Append(CultureInfo.InvariantCulture, $$"""
            public static class {{Driver}}
            {
                public static Action[] {{Create}}(nint arena) => [{{string.Join(", ", names.Select(n => $"new {n}().On(arena).Run"))}}];
            }
            """).ToString();
    }

    [GeneratedRegex(@"\$(\w+)")]
    private static partial Regex TableName();
}
