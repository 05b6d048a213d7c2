using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.Testing;

/// <summary>The targets whose code this machine can run.</summary>
internal static class RunnableTargets
{
    /// <summary>Their names, in a stable order.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Target.All.Where(IsRunnable).Select(t => t.Name).Order(StringComparer.Ordinal)];

    /// <summary>Those for one instruction set, of which the others are made up.</summary>
    public static IReadOnlyList<string> Single { get; } = [.. All.Where(t => Target.Of(t).InstructionSets.Count == 1)];

    /// <summary>The one that asks most of the machine.</summary>
    public static Target Best { get; } = Target.All.Last(t => t.Architecture is not null && IsRunnable(t));

    private static bool IsRunnable(Target target) =>
        (target.Architecture is null || target.Architecture.Equals(RuntimeInformation.ProcessArchitecture.ToString(), StringComparison.OrdinalIgnoreCase))
        && IsTrue(target.InstructionSets[^1].Guard);

    // A guard is C#: properties of the classes of intrinsics, joined by "and".
    private static bool IsTrue(string guard) => guard.Length == 0 || guard.Split(" && ").All(test =>
    {
        string type = test[..test.LastIndexOf('.')].Replace('.', '+');
        Type? found = typeof(X86Base).Assembly.GetTypes().SingleOrDefault(t => t.FullName == $"System.Runtime.Intrinsics.X86.{type}"
            || t.FullName == $"System.Runtime.Intrinsics.Arm.{type}");
        return found is not null && (bool)found.GetProperty("IsSupported")!.GetValue(null)!;
    });
}
