using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ModelCompiler.Package.Tests;

[Collection(PackageCollection.Name)]
public class PackageContentTests(PackageFixture package)
{
    [Fact]
    public void The_package_holds_what_it_should_and_nothing_for_the_program()
    {
        using ZipArchive zip = ZipFile.OpenRead(package.PackageFile);
        IEnumerable<string> files = zip.Entries.Select(e => e.FullName)
            .Where(n => !Regex.IsMatch(n, @"^(_rels|package|docs)/|\[Content_Types\]|\.nuspec$|^README\.md$"));
        Assert.Equal(
            [
                "analyzers/dotnet/cs/ModelCompiler.CodeGen.dll",
                "analyzers/dotnet/cs/ModelCompiler.Generator.dll",
                "build/ModelCompiler.Rules.xml",
                "build/ModelCompiler.props",
                "build/ModelCompiler.targets",
                "tasks/net10.0/Google.Protobuf.dll",
                "tasks/net10.0/ModelCompiler.CodeGen.dll",
                "tasks/net10.0/ModelCompiler.Core.dll",
                "tasks/net10.0/ModelCompiler.Tasks.deps.json",
                "tasks/net10.0/ModelCompiler.Tasks.dll",
                "tasks/net10.0/StbImageSharp.dll",
            ],
            files.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_package_is_a_development_dependency_without_dependencies()
    {
        using ZipArchive zip = ZipFile.OpenRead(package.PackageFile);
        using Stream nuspec = zip.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        List<XElement> metadata = [.. XDocument.Load(nuspec).Descendants()];
        Assert.Equal("true", metadata.Single(e => e.Name.LocalName == "developmentDependency").Value);
        Assert.Equal("MIT", metadata.Single(e => e.Name.LocalName == "license").Value);
        Assert.DoesNotContain(metadata, e => e.Name.LocalName == "dependency");
    }

    [Fact]
    public void Packing_twice_gives_equal_bytes()
    {
        byte[][] packed = [.. new[] { "first", "second" }.Select(Pack)];
        Assert.True(packed[0].AsSpan().SequenceEqual(packed[1]), "The packages differ.");

        byte[] Pack(string name)
        {
            string folder = Path.Combine(Path.GetDirectoryName(package.PackageFile)!, name);
            Dotnet.Run(Path.Combine(SharedData.RepositoryRoot, "src", "ModelCompiler"), "pack", "-o", folder, "-nodeReuse:false",
                "-p:PackageVersion=0.0.0-twice").AssertSuccess();
            return File.ReadAllBytes(Path.Combine(folder, "ModelCompiler.0.0.0-twice.nupkg"));
        }
    }

    [Fact]
    public void Packing_gives_no_warnings() => Assert.DoesNotContain(" warning ", package.PackOutput, StringComparison.OrdinalIgnoreCase);
}
