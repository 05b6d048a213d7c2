using System.Reflection;
using System.Runtime.InteropServices;
using ModelCompiler.CodeGen.Emit;
using Xunit.Sdk;

namespace ModelCompiler.Package.Tests.Frameworks;

/// <summary>A framework with each of the targets that this machine can run, or with the others; skipped where the framework's packages cannot be had.</summary>
/// <param name="framework">Major version of the framework.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class FrameworkDataAttribute(int framework) : DataAttribute
{
    private static readonly Lazy<bool> IsRegistryThere = new(AskRegistry);

    /// <summary>The frameworks that generated code is promised to work with.</summary>
    public static IReadOnlyList<int> Frameworks { get; } = [8, 9, 10, 11];

    /// <summary>The framework.</summary>
    public int Framework => framework;

    /// <summary>True for the targets that are other processors than this machine's.</summary>
    public bool Elsewhere { get; init; }

    /// <summary>True for the targets of which only the framework can tell.</summary>
    public bool Open { get; init; }

    /// <summary>Why the framework cannot be used here, or null.</summary>
    public override string? Skip
    {
        get => framework == FrameworkRuns.Own
            || CanRestore(framework, "microsoft.netcore.app.runtime." + RuntimeInformation.RuntimeIdentifier, "microsoft.netcore.app.ref") ? null
            : $"The packages of .NET {framework} are not on this machine, and the package registry does not answer.";
        set => throw new NotSupportedException();
    }

    /// <summary>True when all packages are on this machine in the framework's version, or can be fetched.</summary>
    public static bool CanRestore(int framework, params string[] packages)
    {
        string folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return packages.All(p => Directory.Exists(Path.Combine(folder, p))
            && Directory.EnumerateDirectories(Path.Combine(folder, p), $"{framework}.*").Any()) || IsRegistryThere.Value;
    }

    // Only the framework can tell whether this machine runs code for the target: it reaches more of a processor than the tests' own.
    private static bool IsOpen(int framework, string target) =>
        framework > FrameworkRuns.Own && Target.Find(target)?.InstructionSets.Any(i => i.Has(Products.Quads)) == true;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        foreach (string target in FrameworkProgram.Targets(framework))
        {
            if (IsOpen(framework, target) || Open)
            {
                if (IsOpen(framework, target) && Open) yield return [framework, target];
                continue;
            }

            if (target != FrameworkProgram.Default && !RunnableTargets.All.Contains(target) == Elsewhere) yield return [framework, target];
            if (target == FrameworkProgram.Default && !Elsewhere) yield return [framework, target];
        }
    }

    private static bool AskRegistry()
    {
        try
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
            using HttpResponseMessage answer = client.Send(new HttpRequestMessage(HttpMethod.Head, "https://api.nuget.org/v3/index.json"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
