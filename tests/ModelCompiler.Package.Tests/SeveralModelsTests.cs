namespace ModelCompiler.Package.Tests;

[Collection(PackageCollection.Name)]
public class SeveralModelsTests(PackageFixture package)
{
    [Fact]
    public void Models_of_the_same_file_name_and_a_large_one_live_in_one_project()
    {
        Consumer project = package.NewProject("""
            <NeuralModel Include="one/model*" Namespace="One" />
            <NeuralModel Include="two\model*" Namespace="Two" Accessibility="internal" />
            """ + $"""<NeuralModel Include="{TestModels.NameOf(TestModels.Large)}" ClassName="Large" />""");
        project.AddFile("one/model" + Path.GetExtension(TestModels.Tiny), File.ReadAllBytes(TestModels.Tiny));
        project.AddFile("two/model" + Path.GetExtension(TestModels.Keyword), File.ReadAllBytes(TestModels.Keyword));
        project.Add(TestModels.Large);
        project.WriteCode(TestModels.Program("App.Large") + "\nusing One.Model one = new(); using Two.Model two = new();");
        project.Build().AssertSuccess().AssertNoWarnings();
        Dotnet.Run(project.Root, Directory.GetFiles(project.PathOf("bin"), "App.dll", SearchOption.AllDirectories).Single()).AssertSuccess();
    }

    [Fact]
    public void Two_models_for_one_class_are_an_error_that_names_both()
    {
        Consumer project = package.NewProject("""<NeuralModel Include="one/net.onnx;two/net.onnx" />""");
        project.AddFile("one/net.onnx", File.ReadAllBytes(TestModels.Float.Model));
        project.AddFile("two/net.onnx", File.ReadAllBytes(TestModels.Float.Model));
        CommandResult build = project.Build().AssertFailure();
        Assert.True(build.Says("error MC4003") && build.Says("one/net.onnx") && build.Says("two/net.onnx") && build.Says("App.net"), build.Output);
    }

    [Fact]
    public void Names_that_become_one_class_are_found_too()
    {
        Consumer project = package.NewProject("""<NeuralModel Include="my-net.onnx;my_net.onnx" />""");
        project.AddFile("my-net.onnx", File.ReadAllBytes(TestModels.Float.Model));
        project.AddFile("my_net.onnx", File.ReadAllBytes(TestModels.Float.Model));
        CommandResult build = project.Build().AssertFailure();
        Assert.True(build.Says("error MC4003") && build.Says("my-net.onnx is not the only") && build.Says("App.MyNet"), build.Output);
    }
}
