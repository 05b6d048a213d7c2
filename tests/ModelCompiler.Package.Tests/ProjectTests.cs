namespace ModelCompiler.Package.Tests;

/// <summary>What projects do around their models: languages, frameworks, misspellings, dates.</summary>
[Collection(PackageCollection.Name)]
public class ProjectTests(PackageFixture package)
{
    private const string Item = """<NeuralModel Include="net.onnx" />""";

    [Theory]
    [InlineData("<LangVersion>11</LangVersion>", "MC9006", "LangVersion 11")]
    [InlineData("<TargetFramework>net10.0</TargetFramework><NeuralModelTarget>x64-v4-vnni</NeuralModelTarget>", "MC9006", "net11.0")]
    [InlineData("<TargetFramework>netstandard2.0</TargetFramework><OutputType>Library</OutputType>", "MC9006", "netstandard2.0")]
    [InlineData("<NeuralModelTarget>x64-v3</NeuralModelTarget><RuntimeIdentifier>linux-arm64</RuntimeIdentifier><SelfContained>false</SelfContained>"
        + "<UseAppHost>false</UseAppHost>", "MC5005", "linux-arm64")]
    public void What_cannot_work_is_one_error(string properties, string code, string culprit)
    {
        Consumer project = NewProject(Item, properties);
        CommandResult build = project.Build().AssertFailure();
        Assert.True(build.Says("error " + code) && build.Says(culprit) && build.Says("App.csproj"), build.Output);
        Assert.Empty(project.Compiled);
    }

    [Fact]
    public void A_model_replaced_by_an_older_file_is_compiled_again()
    {
        Consumer project = NewProject(Item);
        project.Build().AssertSuccess();
        Assert.False(project.Build("--no-restore").AssertSuccess().Says("-> App.Net"), "Nothing had changed.");
        File.SetLastWriteTimeUtc(project.PathOf("net.onnx"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.True(project.Build("--no-restore").AssertSuccess().Says("-> App.Net"), "The model had another date.");
        Assert.False(project.Build("--no-restore").AssertSuccess().Says("-> App.Net"), "Nothing had changed since.");
    }

    [Fact]
    public void A_model_replaced_by_a_file_of_the_same_date_and_another_length_is_compiled_again()
    {
        Consumer project = NewProject(Item);
        project.Build().AssertSuccess();
        Assert.False(project.Build("--no-restore").AssertSuccess().Says("-> App.Net"), "Nothing had changed.");
        DateTime date = File.GetLastWriteTimeUtc(project.PathOf("net.onnx"));
        // An unknown field of one byte at the end, which readers skip.
        project.AddFile("net.onnx", [.. File.ReadAllBytes(project.PathOf("net.onnx")), 0xF8, 0x7F, 1]);
        File.SetLastWriteTimeUtc(project.PathOf("net.onnx"), date);
        Assert.True(project.Build("--no-restore").AssertSuccess().Says("-> App.Net"), "The model had another length.");
        Assert.False(project.Build("--no-restore").AssertSuccess().Says("-> App.Net"), "Nothing had changed since.");
    }

    [Theory]
    [InlineData("VB", "vbproj")]
    [InlineData("F#", "fsproj")]
    public void A_project_in_another_language_is_told_what_to_do(string language, string extension)
    {
        Consumer project = NewProject(Item);
        File.Move(project.PathOf("App.csproj"), project.PathOf("App." + extension));
        if (language == "VB") project.AddFile("Program.vb", "Module Program\n  Sub Main()\n  End Sub\nEnd Module\n"u8.ToArray());
        else project.AddFile("Program.fs", "printfn \"hello\"\n"u8.ToArray());
        CommandResult build = project.Build().AssertFailure();
        Assert.True(build.Says("error MC9006") && build.Says($"written in {language}") && build.Says("C# library") && build.Says("App." + extension),
            build.Output);
        Assert.Empty(project.Compiled);
    }

    [Fact]
    public void Misspelled_metadata_is_a_warning_and_a_model_without_an_item_a_hint()
    {
        Consumer project = NewProject("""<NeuralModel Include="net.onnx" Acessibility="internal" Remark="mine" />""",
            "<TreatWarningsAsErrors>false</TreatWarningsAsErrors>");
        project.AddFile("other.tflite", [1]);
        CommandResult build = project.Build().AssertSuccess();
        Assert.True(build.Says("warning MC9007") && build.Says("Did you mean Accessibility?") && !build.Says("Remark"), build.Output);
        Assert.True(project.Build("--no-restore").AssertSuccess().Says("warning MC9007"), "Builds that compile nothing say so, too.");
        Assert.True(build.Says("MC9008: other.tflite") && !build.Says("net.onnx,"), build.Output);
    }

    [Fact]
    public void An_output_folder_that_cannot_be_made_is_an_error()
    {
        Consumer project = NewProject(Item);
        project.Run("restore").AssertSuccess();
        project.AddFile("obj/Debug/net10.0/ModelCompiler", []);
        CommandResult build = project.Build("--no-restore").AssertFailure();
        Assert.True(build.Says("error MC9005") && build.Says("net.onnx"), build.Output);
        Assert.DoesNotContain("   at ", build.Output, StringComparison.Ordinal);
    }

    private Consumer NewProject(string item, string properties = "")
    {
        Consumer project = package.NewProject(item, properties);
        project.AddFile("net.onnx", File.ReadAllBytes(TestModels.Float.Model));
        return project;
    }
}
