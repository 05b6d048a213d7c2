using System.Runtime.Intrinsics.X86;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests.Onnx;

/// <summary>A model compiled for this machine, with its generated code.</summary>
internal sealed class Compiled : IDisposable
{
    private static readonly string Target = Avx2.IsSupported && Fma.IsSupported ? "x64-v3" : "portable";

    private Compiled(CompilationResult result, CompilationOptions options)
    {
        Result = result;
        Generated = EngineFactory.Create(EngineKind.Generated, result, options);
        Reference = EngineFactory.Create(EngineKind.Reference, result, options);
    }

    public CompilationResult Result { get; }

    public IEngine Generated { get; }

    public IEngine Reference { get; }

    /// <summary>Names of the kernels, in order.</summary>
    public IEnumerable<string> Kernels => Result.Plan!.Steps.Select(s => s.Kernel.GetType().Name);

    /// <summary>Compiles, and fails the test when that does not succeed.</summary>
    public static Compiled Of(byte[] model, string file = "test.onnx", CompilationOptions? options = null, byte[]? calibration = null)
    {
        options = (options ?? new CompilationOptions()) with { Target = Target };
        CompilationResult result = ModelCompilation.Run(new CompilationInput(file, model, options,
            calibration is null ? null : (ReadOnlyMemory<byte>?)calibration));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return new Compiled(result, options);
    }

    /// <summary>Real numbers for every input, between two bounds; integers that stand for themselves are random too.</summary>
    public TensorData[] RandomInputs(Random random, double from = -2, double to = 2) => [.. Generated.Inputs.Select(edge =>
    {
        var data = new TensorData(edge.RealType, edge.Shape);
        if (edge.RealType != ElementType.Float32) random.NextBytes(data.Bytes);
        else foreach (ref float x in data.Floats) x = (float)(from + (random.NextDouble() * (to - from)));
        return data;
    })];

    /// <summary>Runs the generated code, which must give the reference's bits.</summary>
    public IReadOnlyList<TensorData> RunReal(IReadOnlyList<TensorData> inputs)
    {
        IReadOnlyList<TensorData> outputs = Generated.RunReal(inputs);
        IReadOnlyList<TensorData> expected = Reference.RunReal(inputs);
        for (int i = 0; i < expected.Count; i++)
            Assert.True(expected[i].Bytes.AsSpan().SequenceEqual(outputs[i].Bytes), $"Output '{Generated.Outputs[i].Name}' differs from the reference.");
        return outputs;
    }

    /// <summary>Random calibration data for a float network: some samples per input.</summary>
    public static byte[] RandomCalibration(ModelGraph graph, int samples, double from, double to, int seed)
    {
        var random = new Random(seed);
        var stream = new MemoryStream();
        NpzArchive.Write(stream, graph.InputValues.Select(input => KeyValuePair.Create(
            input.Name, NumpyArray.Of<float>(Enumerable.Range(0, samples * input.Shape.Elements)
                .Select(_ => (float)(from + (random.NextDouble() * (to - from)))).ToArray(), [samples, .. input.Shape.Skip(1)]))));
        return stream.ToArray();
    }

    public void Dispose()
    {
        Generated.Dispose();
        Reference.Dispose();
    }
}
