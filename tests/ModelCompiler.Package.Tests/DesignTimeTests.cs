namespace ModelCompiler.Package.Tests;

/// <summary>What an editor does when it loads a project.</summary>
[Collection(PackageCollection.Name)]
public class DesignTimeTests(PackageFixture package)
{
    private static readonly string[] DesignTime =
    [
        "msbuild", "-t:Compile", "-p:DesignTimeBuild=true", "-p:BuildingProject=false", "-p:BuildProjectReferences=false",
        "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true", "-getItem:CscCommandLineArgs",
    ];

    [Fact]
    public void An_editor_sees_the_plan_before_any_build()
    {
        Consumer project = package.NewProject($"""<NeuralModel Include="{TestModels.NameOf(TestModels.Large)}" ClassName="Large" />""");
        project.Add(TestModels.Large);
        project.Run("restore").AssertSuccess();
        CommandResult design = project.Run(DesignTime).AssertSuccess();
        Assert.Matches(@"/additionalfile:[^""]*App\.Large[/\\]+plan\.txt", design.Output);
        Assert.True(design.Says("/unsafe"), design.Output);
        if (SharedData.Root is not null) Assert.True(design.Says("App.Large.Weights."), design.Output);
        Assert.False(project.Build("--no-restore").AssertSuccess().Says("-> App.Large"), "The editor's build had done the work already.");
    }

    [Fact]
    public void A_broken_model_does_not_keep_an_editor_from_loading_the_project()
    {
        Consumer project = package.NewProject("""<NeuralModel Include="net.onnx" />""");
        project.AddFile("net.onnx", [1, 2, 3]);
        project.Run("restore").AssertSuccess();
        CommandResult design = project.Run(DesignTime);
        Assert.True(design.Says("error MC1"), design.Output);
        Assert.True(design.Says("Program.cs"), "There are no compiler arguments:\n" + design.Output);
    }
}
