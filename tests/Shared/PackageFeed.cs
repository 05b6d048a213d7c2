using System.Globalization;

namespace ModelCompiler.Testing;

/// <summary>The package, packed into a feed of its own, and a place for projects that use it, out of reach of this repository's settings.</summary>
internal sealed class PackageFeed : IDisposable
{
    // A space, because users have them in paths.
    private readonly string _root = Directory.CreateTempSubdirectory("modelcompiler package ").FullName;

    public PackageFeed()
    {
        string project = Path.Combine(SharedData.RepositoryRoot, "src", "ModelCompiler");
        Packed = Dotnet.Run(project, "pack", "-o", Folder, "-nodeReuse:false", $"-p:PackageVersion={Version}");
        Directory.CreateDirectory(PathOf("packages"));
        string machinePackages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        // The machine's packages are only read, to spare downloads; the package under test never gets there.
        string fallback = Directory.Exists(machinePackages)
            ? $"""<fallbackPackageFolders><add key="machine" value="{machinePackages}" /></fallbackPackageFolders>""" : "";
        File.WriteAllText(PathOf("NuGet.config"), $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="nuget.org" value="https://api.nuget.org/v3/index.json" />
                <add key="feed" value="{Folder}" />
              </packageSources>
              <config><add key="globalPackagesFolder" value="{PathOf("packages")}" /></config>
              {fallback}
            </configuration>
            """);
        // Stops MSBuild from looking further up.
        foreach (string file in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
            File.WriteAllText(PathOf(file), "<Project />");
    }

    /// <summary>Never used before, so that nothing cached stands in for it.</summary>
    public string Version { get; } = "0.0.0-test." + DateTime.UtcNow.ToString("yyyyMMddHHmmssfff", CultureInfo.InvariantCulture);

    /// <summary>How packing went.</summary>
    public CommandResult Packed { get; }

    /// <summary>Where the package lies.</summary>
    public string Folder => PathOf("feed");

    /// <summary>A file or folder beside the feed.</summary>
    public string PathOf(string relative) => Path.Combine(_root, relative);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
