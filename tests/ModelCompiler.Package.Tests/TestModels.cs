namespace ModelCompiler.Package.Tests;

/// <summary>Models to build with: from the shared data, or the sample's where that is absent.</summary>
internal static class TestModels
{
    private static string Sample { get; } = Path.Combine(SharedData.RepositoryRoot, "samples", "Digits", "digits.onnx");

    /// <summary>A keyword spotter with weights that stand in the code.</summary>
    public static string Keyword { get; } = Find("models/mlperf-tiny/kws_int8.tflite");

    /// <summary>A network of a few neurons.</summary>
    public static string Tiny { get; } = Find("models/tflm/hello_world_int8.tflite");

    /// <summary>A network whose weights need an assembly of their own.</summary>
    public static string Large { get; } = Find("models/mlperf-tiny/ad_int8.tflite");

    /// <summary>A float network and data to quantise it with.</summary>
    public static (string Model, string Calibration) Float { get; } = (Sample, Path.Combine(Path.GetDirectoryName(Sample)!, "calibration.npz"));

    /// <summary>Name of a model in a project.</summary>
    public static string NameOf(string model) => "models/" + Path.GetFileName(model);

    public static void Add(this Consumer project, string model) => project.AddFile(NameOf(model), File.ReadAllBytes(model));

    /// <summary>A program that runs a class once for its result and again to see whether it allocates.</summary>
    public static string Program(string className) => $$"""
        using {{className}} model = new();
        float[] input = new float[Count({{className}}.Info.InputShapes[0])];
        float[] output = new float[Count({{className}}.Info.OutputShapes[0])];
        for (int i = 0; i < input.Length; i++) input[i] = (i % 7) - 3;
        model.Run(input, output);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) model.Run(input, output);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Console.WriteLine($"allocated {allocated}");
        Console.WriteLine($"output {string.Join(' ', output)}");

        static int Count(int[] shape)
        {
            int count = 1;
            foreach (int dimension in shape) count *= dimension;
            return count;
        }
        """;

    private static string Find(string relative) => SharedData.Root is null ? Sample : SharedData.Path(relative);
}
