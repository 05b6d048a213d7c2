using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Xunit.Sdk;

namespace ModelCompiler.Package.Tests.Frameworks;

/// <summary>A framework and a target to publish native code for; skipped where the native compiler's packages cannot be had or the processor cannot run it.</summary>
/// <param name="framework">Major version of the framework.</param>
/// <param name="target">A target that reaches dot products of bytes.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class NativeFrameworkDataAttribute(int framework, string target) : DataAttribute
{
    /// <summary>The framework.</summary>
    public int Framework => framework;

    /// <summary>The target.</summary>
    public string Target => target;

    /// <summary>Why this cannot be done here, or null.</summary>
    public override string? Skip
    {
        get
        {
            if (!HasInstructions) return $"This processor does not run code for {target}.";
            string machine = RuntimeInformation.RuntimeIdentifier;
            string[] packages = [$"runtime.{machine}.microsoft.dotnet.ilcompiler", "microsoft.dotnet.ilcompiler",
                $"microsoft.netcore.app.runtime.nativeaot.{machine}", "microsoft.netcore.app.ref"];
            return FrameworkDataAttribute.CanRestore(framework, packages) ? null
                : $"The packages of .NET {framework}'s native compiler are not on this machine, and the package registry does not answer.";
        }
        set => throw new NotSupportedException();
    }

    // The tests' own framework may not reach these instructions: the processor is asked itself. What they build on tells whether the system lets them be used.
    private bool HasInstructions => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && target switch
    {
        "x64-v4-vnni" => RunnableTargets.All.Contains("x64-v4") && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0,
        "x64-avxvnni" => RunnableTargets.All.Contains("x64-v3") && (X86Base.CpuId(7, 1).Eax & (1 << 4)) != 0,
        _ => RunnableTargets.All.Contains(target),
    };

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[framework, target]];
}
