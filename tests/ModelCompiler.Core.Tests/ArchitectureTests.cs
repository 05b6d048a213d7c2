using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace ModelCompiler.Core.Tests;

/// <summary>The arrows between projects (src/README.md), read from the project files.</summary>
public class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["ModelCompiler"] = ["ModelCompiler.Generator", "ModelCompiler.CodeGen", "ModelCompiler.Tasks", "ModelCompiler.Core"],
        ["ModelCompiler.CodeGen"] = [],
        ["ModelCompiler.Core"] = ["ModelCompiler.CodeGen"],
        ["ModelCompiler.Generator"] = ["ModelCompiler.CodeGen"],
        ["ModelCompiler.Tasks"] = ["ModelCompiler.Core", "ModelCompiler.CodeGen"],
        ["ModelCompiler.Tool"] = ["ModelCompiler.Core", "ModelCompiler.CodeGen"],
    };

    // CodeGen runs inside the C# compiler: nothing may come with it. Roslyn belongs to the generator and to the tool's in-memory engine.
    private static readonly Dictionary<string, string[]> ForbiddenPackages = new()
    {
        ["ModelCompiler.CodeGen"] = ["*"],
        ["ModelCompiler.Core"] = ["Microsoft.CodeAnalysis.CSharp", "Microsoft.Build.Utilities.Core"],
        ["ModelCompiler.Generator"] = ["Google.Protobuf", "Google.FlatBuffers"],
        ["ModelCompiler.Tasks"] = ["Microsoft.CodeAnalysis.CSharp"],
    };

    private static string Source { get; } = Path.Combine(SharedData.RepositoryRoot, "src");

    [Fact]
    public void Every_project_is_known() =>
        Assert.Equal(Arrows.Keys.Order(StringComparer.Ordinal),
            Directory.GetDirectories(Source).Where(d => Directory.GetFiles(d, "*.csproj").Length > 0).Select(d => Path.GetFileName(d))
            .Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("ModelCompiler")]
    [InlineData("ModelCompiler.CodeGen")]
    [InlineData("ModelCompiler.Core")]
    [InlineData("ModelCompiler.Generator")]
    [InlineData("ModelCompiler.Tasks")]
    [InlineData("ModelCompiler.Tool")]
    public void Projects_reference_only_what_the_arrows_allow(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Source, project, project + ".csproj"));
        IEnumerable<string> references = file.Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.Empty(references.Except(Arrows[project]));
        IEnumerable<string> packages = file.Descendants("PackageReference").Select(r => (r.Attribute("Include") ?? r.Attribute("Update"))!.Value);
        string[] forbidden = ForbiddenPackages.GetValueOrDefault(project) ?? [];
        Assert.DoesNotContain(packages, p => forbidden.Contains(p) || forbidden.Contains("*"));
    }

    [Fact]
    public void Code_generation_does_no_input_or_output()
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Path.Combine(Source, "ModelCompiler.CodeGen"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        Assert.DoesNotContain(files, f => Regex.IsMatch(File.ReadAllText(f),
            @"\b(File|Directory|FileStream|FileInfo|Console|Process)\.|new (FileStream|StreamWriter)"));
    }

    [Fact]
    public void The_top_level_holds_what_it_should() => Assert.Empty(
        Directory.EnumerateFileSystemEntries(SharedData.RepositoryRoot).Select(e => Path.GetFileName(e)).Where(e => !e.StartsWith('.')).Except(
            ["src", "tests", "samples", "build", "ModelCompiler.sln", "README.md", "Directory.Packages.props", "global.json", "LICENSE", "CHANGELOG.md",
                "artifacts", "TestResults"]));
}
