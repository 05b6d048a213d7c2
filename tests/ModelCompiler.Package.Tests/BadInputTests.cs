using System.Text.RegularExpressions;

namespace ModelCompiler.Package.Tests;

/// <summary>Every mistake gives an error with code and file, and leaves nothing behind that a later build could take for good.</summary>
[Collection(PackageCollection.Name)]
public class BadInputTests(PackageFixture package)
{
    private const string Good = """<NeuralModel Include="net.onnx" Precision="Int8" Calibration="data/c.npz" />""";

    private static readonly Dictionary<string, (Action<Consumer> Break, string Code, string File)> Mistakes = new()
    {
        ["truncated"] = (p => p.AddFile("net.onnx", File.ReadAllBytes(TestModels.Float.Model)[..5000]), "MC1", "net.onnx"),
        ["empty"] = (p => p.AddFile("net.onnx", []), "MC1", "net.onnx"),
        ["missing"] = (p => File.Delete(p.PathOf("net.onnx")), "MC1000", "net.onnx"),
        ["missing data"] = (p => File.Delete(p.PathOf("data/c.npz")), "MC3001", "c.npz"),
        ["damaged data"] = (p => p.AddFile("data/c.npz", File.ReadAllBytes(TestModels.Float.Calibration)[..1000]), "MC1", "c.npz"),
        ["unknown value"] = (p => p.Items = Good.Replace("Int8", "Int3", StringComparison.Ordinal), "MC9002", "net.onnx"),
        ["unknown target"] = (p => p.Items = Good.Replace("/>", "Machine=\"abacus\" />", StringComparison.Ordinal), "MC5002", "net.onnx"),
        ["bad class name"] = (p => p.Items = Good.Replace("/>", "ClassName=\"my class\" />", StringComparison.Ordinal), "MC9002", "net.onnx"),
    };

    [Fact]
    public void Mistakes_are_reported_and_leave_nothing_behind()
    {
        Consumer project = package.NewProject(Good);
        Restore(project);
        project.Build().AssertSuccess();
        string folder = Path.GetDirectoryName(project.Output("plan.txt"))!;
        foreach ((string name, (Action<Consumer> @break, string code, string culprit)) in Mistakes)
        {
            // What an earlier success would have left, older than the mistake.
            Restore(project);
            foreach (string file in new[] { "plan.txt", "stamp", "App.Net.Weights.dll" })
            {
                project.AddFile(Path.Combine(folder, file), []);
                File.SetLastWriteTimeUtc(Path.Combine(folder, file), DateTime.UtcNow.AddMinutes(-1));
            }

            @break(project);
            CommandResult build = project.Build("--no-restore").AssertFailure();
            Match error = Regex.Match(build.Output, @"^(.*?) ?: error (MC\d{4}): (.*) \[", RegexOptions.Multiline);
            Assert.True(error.Success, $"{name}: {build.Output}");
            Assert.StartsWith(code, error.Groups[2].Value, StringComparison.Ordinal);
            Assert.EndsWith(culprit, error.Groups[1].Value, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", build.Output, StringComparison.Ordinal);
            Assert.True(!project.Compiled.Any(), $"{name} left {string.Join(", ", project.Compiled)}");
        }

        Restore(project);
        Assert.True(project.Build("--no-restore").AssertSuccess().Says("-> App.Net"));
    }

    private static void Restore(Consumer project)
    {
        project.AddFile("net.onnx", File.ReadAllBytes(TestModels.Float.Model));
        project.AddFile("data/c.npz", File.ReadAllBytes(TestModels.Float.Calibration));
        project.Items = Good;
    }
}
