using System.Text;

namespace ModelCompiler.Package.Tests;

/// <summary>An ONNX model whose weights lie in a file beside it.</summary>
[Collection(PackageCollection.Name)]
public class WeightsBesideModelTests(PackageFixture package)
{
    private const string Compiled = "-> App.Net";

    [Fact]
    public void A_model_is_compiled_again_when_its_weights_change()
    {
        Consumer project = package.NewProject("""<NeuralModel Include="net.onnx" />""");
        project.WriteCode("""
            using System;
            float[] y = new float[2];
            using var net = new App.Net();
            net.Run([1f, 2f], y);
            Console.WriteLine($"y = {y[0]}, {y[1]}");
            """);
        project.AddFile("net.onnx", Model());
        project.AddFile("weights/it's 100%.data", [0, 0, .. Floats(10, 20)]);
        Assert.True(project.Build().AssertSuccess().AssertNoWarnings().Says(Compiled));
        Assert.True(project.Run("run", "--no-build").AssertSuccess().Says("y = 11, 22"));
        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Nothing had changed.");

        project.AddFile("weights/it's 100%.data", [0, 0, .. Floats(30, 40)]);
        Assert.True(project.Build("--no-restore").AssertSuccess().Says(Compiled), "The weights had changed.");
        Assert.True(project.Run("run", "--no-build").AssertSuccess().Says("y = 31, 42"));
        Assert.False(project.Build("--no-restore").AssertSuccess().Says(Compiled), "Nothing had changed since.");

        File.Delete(project.PathOf("weights/it's 100%.data"));
        CommandResult gone = project.Build("--no-restore");
        Assert.NotEqual(0, gone.ExitCode);
        Assert.True(gone.Says("MC1004"), gone.Output);
        Assert.True(gone.Says("there is no such file"), gone.Output);
    }

    // y = x + w for two numbers; w lies at byte 2 of the file.
    private static byte[] Model()
    {
        byte[] weights = [.. Number(1, 2), .. Number(2, 1), .. Text(8, "w"), .. Entry("location", "weights/it's 100%.data"), .. Entry("offset", "2"),
            .. Entry("length", "8"), .. Number(14, 1)];
        byte[] node = [.. Text(1, "x"), .. Text(1, "w"), .. Text(2, "y"), .. Text(4, "Add")];
        byte[] graph = [.. Part(1, node), .. Text(2, "g"), .. Part(5, weights), .. Part(11, Edge("x")), .. Part(12, Edge("y"))];
        return [.. Number(1, 8), .. Part(7, graph), .. Part(8, Number(2, 13))];
    }

    private static byte[] Edge(string name) => [.. Text(1, name), .. Part(2, Part(1, [.. Number(1, 1), .. Part(2, Part(1, Number(1, 2)))]))];

    private static byte[] Entry(string key, string value) => Part(13, [.. Text(1, key), .. Text(2, value)]);

    private static byte[] Text(int field, string text) => Part(field, Encoding.UTF8.GetBytes(text));

    private static byte[] Number(int field, byte value) => [(byte)(field << 3), value];

    // Lengths of two bytes, so that any part of this model has one.
    private static byte[] Part(int field, byte[] content) => [(byte)((field << 3) | 2), (byte)(content.Length | 0x80), (byte)(content.Length >> 7), .. content];

    private static byte[] Floats(params float[] values) => [.. values.SelectMany(BitConverter.GetBytes)];
}
