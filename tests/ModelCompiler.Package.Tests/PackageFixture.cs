namespace ModelCompiler.Package.Tests;

/// <summary>The package, packed once for all tests.</summary>
public sealed class PackageFixture : IDisposable
{
    private readonly PackageFeed _feed = new();
    private int _projects;

    public PackageFixture() => _feed.Packed.AssertSuccess();

    /// <summary>Never used before, so that nothing cached stands in for it.</summary>
    public string Version => _feed.Version;

    public string PackOutput => _feed.Packed.Output;

    /// <summary>A file or folder beside the projects.</summary>
    internal string PathOf(string relative) => _feed.PathOf(relative);

    public string PackageFile => Path.Combine(_feed.Folder, $"ModelCompiler.{Version}.nupkg");

    internal Consumer NewProject(string items, string properties = "") =>
        new(_feed.PathOf($"project {Interlocked.Increment(ref _projects)}"), Version) { Items = items, Properties = properties };

    public void Dispose() => _feed.Dispose();
}

/// <summary>Builds compete for the processor, so the tests run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PackageCollection : ICollectionFixture<PackageFixture>
{
    public const string Name = "package";
}
