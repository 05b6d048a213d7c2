namespace ModelCompiler.Package.Tests;

/// <summary>A model whose calibration data is a folder of images.</summary>
[Collection(PackageCollection.Name)]
public class DataFolderTests(PackageFixture package)
{
    private const string Compiled = "-> App.Digits";

    [Fact]
    public void A_model_is_compiled_again_when_an_image_changes_comes_or_goes()
    {
        string model = TestModels.Float.Model;
        Consumer project = package.NewProject($"""
            <NeuralModel Include="{TestModels.NameOf(model)}" ClassName="Digits" Calibration="images/" Preprocess="mean=0.1;std=0.3" />
            """);
        project.Add(model);
        project.WriteCode(TestModels.Program("App.Digits"));
        for (int i = 0; i < 4; i++) project.AddFile($"images/{i}/it's 100%.pgm", Image(i));
        Assert.True(project.Build().AssertSuccess().AssertNoWarnings().Says(Compiled));
        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Nothing had changed.");

        project.AddFile("images/2/it's 100%.pgm", Image(7));
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "An image had changed.");
        project.AddFile("images/2/new.pgm", Image(8));
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "There was another image.");
        File.Delete(project.PathOf("images/0/it's 100%.pgm"));
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "An image was gone.");
        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Nothing had changed since.");

        project.AddFile("images/2/new.pgm", [1, 2, 3]);
        CommandResult damaged = project.Build("--no-restore");
        Assert.NotEqual(0, damaged.ExitCode);
        Assert.True(damaged.Says("MC1015"), damaged.Output);
        Assert.True(damaged.Says(project.PathOf("images/2/new.pgm")), damaged.Output);
    }

    private static byte[] Image(int seed)
    {
        var points = new byte[28 * 28];
        new Random(seed).NextBytes(points);
        return [.. "P5 28 28 255\n"u8, .. points];
    }
}
