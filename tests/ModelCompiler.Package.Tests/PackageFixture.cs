using System.Globalization;

namespace ModelCompiler.Package.Tests;

/// <summary>The package, packed once for all tests into a feed of its own, and a place for projects that use it.</summary>
public sealed class PackageFixture : IDisposable
{
    // A space, because users have them in paths.
    private readonly string _root = Directory.CreateTempSubdirectory("modelcompiler package ").FullName;
    private int _projects;

    public PackageFixture()
    {
        string project = Path.Combine(SharedData.RepositoryRoot, "src", "ModelCompiler");
        CommandResult packed = Command.Dotnet(project, "pack", "-o", Feed, "-nodeReuse:false", $"-p:PackageVersion={Version}");
        PackOutput = packed.AssertSuccess().Output;
        Directory.CreateDirectory(Path.Combine(_root, "packages"));
        string machinePackages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        // The machine's packages are only read, to spare downloads; the package under test never gets there.
        string fallback = Directory.Exists(machinePackages) ? $"""<fallbackPackageFolders><add key="machine" value="{machinePackages}" /></fallbackPackageFolders>""" : "";
        File.WriteAllText(Path.Combine(_root, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="nuget.org" value="https://api.nuget.org/v3/index.json" />
                <add key="feed" value="{Feed}" />
              </packageSources>
              <config><add key="globalPackagesFolder" value="{Path.Combine(_root, "packages")}" /></config>
              {fallback}
            </configuration>
            """);
        // Stops MSBuild from looking further up.
        File.WriteAllText(Path.Combine(_root, "Directory.Build.props"), "<Project />");
        File.WriteAllText(Path.Combine(_root, "Directory.Build.targets"), "<Project />");
        File.WriteAllText(Path.Combine(_root, "Directory.Packages.props"), "<Project />");
    }

    /// <summary>Never used before, so that nothing cached stands in for it.</summary>
    public string Version { get; } = "0.0.0-test." + DateTime.UtcNow.ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);

    public string PackOutput { get; }

    public string PackageFile => Path.Combine(Feed, $"ModelCompiler.{Version}.nupkg");

    private string Feed => Path.Combine(_root, "feed");

    internal Consumer NewProject(string items, string properties = "") =>
        new(Path.Combine(_root, $"project {Interlocked.Increment(ref _projects)}"), Version) { Items = items, Properties = properties };

    public void Dispose() => Directory.Delete(_root, recursive: true);
}

/// <summary>Builds compete for the processor, so the tests run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PackageCollection : ICollectionFixture<PackageFixture>
{
    public const string Name = "package";
}
