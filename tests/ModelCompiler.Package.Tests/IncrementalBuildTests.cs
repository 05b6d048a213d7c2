namespace ModelCompiler.Package.Tests;

[Collection(PackageCollection.Name)]
public class IncrementalBuildTests(PackageFixture package)
{
    private const string Compiled = "-> App.Keyword";

    private static string Item { get; } = $"""<NeuralModel Include="{TestModels.NameOf(TestModels.Keyword)}" ClassName="Keyword" Remark="mine" />""";

    [Fact]
    public void A_model_is_compiled_when_something_it_depends_on_changes_and_only_then()
    {
        Consumer project = package.NewProject(Item);
        project.Add(TestModels.Keyword);
        project.WriteCode(TestModels.Program("App.Keyword"));
        CommandResult first = project.Build().AssertSuccess().AssertNoWarnings();
        Assert.True(first.Says(Compiled), first.Output);
        string plan = File.ReadAllText(project.Output("plan.txt"));

        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Nothing had changed.");

        project.WriteCode(TestModels.Program("App.Keyword") + "\n// edited");
        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Only C# had changed.");

        project.Properties = "<Company>Other</Company>";
        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Only the project had changed, no option.");

        DateTime planDate = File.GetLastWriteTimeUtc(project.Output("plan.txt"));
        File.SetLastWriteTimeUtc(project.PathOf(TestModels.NameOf(TestModels.Keyword)), DateTime.UtcNow);
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "The model had a new date.");
        Assert.Equal(planDate, File.GetLastWriteTimeUtc(project.Output("plan.txt")));
        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Nothing had changed since.");

        project.Items = Item.Replace("/>", "Requantization=\"FixedPoint\" Accessibility=\"internal\" />", StringComparison.Ordinal);
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "An option had changed.");
        Assert.NotEqual(plan, File.ReadAllText(project.Output("plan.txt")));

        File.Delete(project.Output("plan.txt"));
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "The plan was gone.");

        project.Run("clean").AssertSuccess();
        Assert.Empty(project.Written);
        project.Items = Item;
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Everything was gone.");
        Assert.Equal(plan, File.ReadAllText(project.Output("plan.txt")));
    }

    [SharedDataFact]
    public void Removing_an_item_removes_all_its_files()
    {
        string tiny = $"""<NeuralModel Include="{TestModels.NameOf(TestModels.Tiny)}" ClassName="Tiny" />""";
        string large = $"""<NeuralModel Include="{TestModels.NameOf(TestModels.Large)}" ClassName="Large" />""";
        Consumer project = package.NewProject(tiny + large);
        project.Add(TestModels.Tiny);
        project.Add(TestModels.Large);
        project.Build().AssertSuccess();
        Assert.Equal(2, project.Written.Count(f => Path.GetFileName(f) == "plan.txt"));
        Assert.StartsWith("App.Large.Weights.", Path.GetFileName(Assert.Single(project.Written, f => f.EndsWith(".dll", StringComparison.Ordinal))),
            StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(project.PathOf("bin"), "*.Weights.*.dll", SearchOption.AllDirectories));

        project.Items = tiny;
        Assert.False(project.Build("--no-restore").AssertSuccess().Says("-> App.Tiny"), "The other model is not concerned.");
        Assert.All(project.Written, f => Assert.Equal("App.Tiny", Path.GetFileName(Path.GetDirectoryName(f))));
        Assert.Empty(Directory.GetFiles(project.PathOf("bin"), "*.Weights.*.dll", SearchOption.AllDirectories));
    }
}
