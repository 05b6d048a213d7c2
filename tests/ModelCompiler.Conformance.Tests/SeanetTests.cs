using System.Globalization;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Layers of a network with int16 activations (SEANet), each with inputs and outputs of the TFLite reference kernels.</summary>
public sealed class SeanetTests(SeanetTests.Archive archive) : IClassFixture<SeanetTests.Archive>
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (string family in new[] { "add", "conv", "leaky_relu", "pad", "quantize", "strided_slice", "sub", "transpose_conv" })
        {
            foreach (string engine in TestModels.Engines) data.Add(family, engine);
        }

        return data;
    }

    [SharedDataTheory]
    [MemberData(nameof(Cases))]
    public void Outputs_equal_the_reference_kernels(string family, string engine)
    {
        var failures = new List<string>();
        string[] models = [.. Directory.EnumerateFiles(Path.Combine(archive.Folder, family), "*.tflite").Order(StringComparer.Ordinal)];
        Assert.NotEmpty(models);
        foreach (string model in models)
        {
            using IEngine network = TestModels.Engine(engine, model, TestModels.FixedPoint);
            string stem = model[..^".tflite".Length];
            TensorData[] inputs = [.. network.Inputs.Select((edge, i) =>
                Read(Directory.GetFiles(Path.GetDirectoryName(model)!, $"{Path.GetFileName(stem)}_input{i.ToString(CultureInfo.InvariantCulture)}_*.csv")
                    .Single(), edge))];
            TensorData expected = Read(Directory.GetFiles(Path.GetDirectoryName(model)!, $"{Path.GetFileName(stem)}_golden_*.csv").Single(),
                network.Outputs[0]);
            TensorData actual = network.RunRaw(inputs)[0];
            if (!expected.Bytes.AsSpan().SequenceEqual(actual.Bytes)) failures.Add(Path.GetFileName(model));
        }

        Assert.True(failures.Count == 0, $"{failures.Count} of {models.Length} models differ: {string.Join(", ", failures)}.");
    }

    [SharedDataFact]
    public void All_models_are_there() => Assert.Equal(127, Directory.GetFiles(archive.Folder, "*.tflite", SearchOption.AllDirectories).Length);

    private static TensorData Read(string file, EngineEdge edge)
    {
        var data = new TensorData(edge.Type, edge.Shape);
        string[] numbers = File.ReadAllText(file).Split([',', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Equal(data.Count, numbers.Length);
        for (int i = 0; i < numbers.Length; i++) data.Set(i, long.Parse(numbers[i], CultureInfo.InvariantCulture));
        return data;
    }

    /// <summary>The archive, unpacked.</summary>
    public sealed class Archive : IDisposable
    {
        private readonly string _root = Directory.CreateTempSubdirectory("seanet").FullName;

        public Archive()
        {
            if (SharedData.Root is null) return;
            using var tar = System.Diagnostics.Process.Start("tar", ["-xJf", SharedData.Path("tflm-seanet.tar.xz"), "-C", _root]);
            tar.WaitForExit();
            Assert.Equal(0, tar.ExitCode);
        }

        public string Folder => Path.Combine(_root, "tflm-seanet");

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
