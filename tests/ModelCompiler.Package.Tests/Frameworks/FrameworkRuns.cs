using System.Runtime.InteropServices;

namespace ModelCompiler.Package.Tests.Frameworks;

/// <summary>What a program said on a framework.</summary>
/// <param name="Framework">The framework it ran on, as the program says.</param>
/// <param name="Answers">What it says about a network and target.</param>
public sealed record FrameworkRun(string Framework, IReadOnlyDictionary<string, string> Answers);

/// <summary>The program of all networks and targets, built for each framework and run on it.</summary>
public sealed class FrameworkRuns(PackageFixture package)
{
    /// <summary>The framework of the SDK, whose answers all must give.</summary>
    public const int Own = 10;

    private readonly Dictionary<int, Lazy<FrameworkRun>> _runs =
        FrameworkDataAttribute.Frameworks.ToDictionary(f => f, f => new Lazy<FrameworkRun>(() => Run(package, f)));

    /// <summary>How the program did on a framework.</summary>
    public FrameworkRun On(int framework) => _runs[framework].Value;

    /// <summary>How a program does that is published as native code of one target.</summary>
    public FrameworkRun Native(int framework, string target) => Native(package, framework, target);

    private static FrameworkRun Run(PackageFixture package, int framework)
    {
        string dotnet = "dotnet";
        if (framework != Own)
        {
            string root = package.PathOf($"net{framework}");
            Dotnet.Run(BuildFolder, "build", "Framework.proj", "-t:Assemble", "-nodeReuse:false", $"-p:Framework={framework}", $"-p:Root={root}")
                .AssertSuccess();
            dotnet = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        }

        Consumer project = NewProject(package, framework, FrameworkProgram.Targets(framework), "<UseAppHost>false</UseAppHost>");
        project.Build().AssertSuccess().AssertNoWarnings();
        return Read(Dotnet.Start(project.Root, dotnet, project.PathOf($"bin/Debug/net{framework}.0/App.dll")));
    }

    private static FrameworkRun Native(PackageFixture package, int framework, string target)
    {
        Consumer project = NewProject(package, framework, [target], $"<NeuralModelTarget>{target}</NeuralModelTarget><PublishAot>true</PublishAot>"
            + "<CopyOutputSymbolsToPublishDirectory>false</CopyOutputSymbolsToPublishDirectory>");
        project.Run("publish", "-r", RuntimeInformation.RuntimeIdentifier, "-o", "out").AssertSuccess().AssertNoWarnings();
        return Read(Dotnet.Start(project.Root, Assert.Single(Directory.GetFileSystemEntries(project.PathOf("out")))));
    }

    private static Consumer NewProject(PackageFixture package, int framework, IReadOnlyList<string> targets, string properties)
    {
        Consumer project = package.NewProject(FrameworkProgram.Items(targets), $"<TargetFramework>net{framework}.0</TargetFramework>{properties}");
        foreach (FrameworkNetwork network in FrameworkNetworks.All) project.AddFile(network.Name + ".onnx", network.File);
        File.WriteAllText(project.PathOf("Directory.Build.targets"),
            $"""<Project><Import Project="{Path.Combine(BuildFolder, "Net11.targets")}" /></Project>""");
        project.WriteCode(FrameworkProgram.Code(targets));
        return project;
    }

    private static FrameworkRun Read(CommandResult run)
    {
        string[] lines = run.AssertSuccess().Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return new(lines[0], lines.Skip(1).Select(l => l.Split(": ")).ToDictionary(p => p[0], p => p[1]));
    }

    private static string BuildFolder => Path.Combine(SharedData.RepositoryRoot, "build");
}
