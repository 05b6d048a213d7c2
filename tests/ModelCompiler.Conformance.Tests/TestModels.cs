using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Compiles shared models and makes engines for them; cases know nothing of engines.</summary>
internal static class TestModels
{
    /// <summary>Engines that every case is crossed with: the reference interpreter, and generated code for a target.</summary>
    public static readonly string[] Engines = ["reference", "x64-v3", "vector128", "scalar"];

    public static CompilationResult Compile(string model, CompilationOptions options, string? calibration = null)
    {
        ReadOnlyMemory<byte>? data = calibration is null ? null : (ReadOnlyMemory<byte>?)File.ReadAllBytes(SharedData.Path(calibration));
        CompilationResult result = ModelCompilation.Run(new CompilationInput(Path.GetFileName(model), File.ReadAllBytes(SharedData.Path(model)),
            options with { Calibration = calibration }, data));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        return result;
    }

    public static IEngine Engine(string engine, string model, CompilationOptions options, string? calibration = null)
    {
        CompilationOptions forTarget = engine == "reference" ? options : options with { Target = engine };
        return EngineFactory.Create(engine == "reference" ? EngineKind.Reference : EngineKind.Generated, Compile(model, forTarget, calibration), forTarget);
    }

    public static CompilationOptions FixedPoint { get; } = new() { Requantization = RequantizationMode.FixedPoint };

    public static OrderedDictionary<string, NumpyArray> Npz(string path) => NpzArchive.Read(File.ReadAllBytes(SharedData.Path(path)), path);

    /// <summary>One sample as a tensor of its input.</summary>
    public static TensorData Sample(NumpyArray array, int index, EngineEdge input) =>
        new(array.Type, input.Shape, array[index].Bytes);

    /// <summary>Index of the largest element.</summary>
    public static int ArgMax(TensorData data)
    {
        int best = 0;
        for (int i = 1; i < data.Count; i++)
        {
            if (data.ToDouble(i) > data.ToDouble(best)) best = i;
        }

        return best;
    }

    /// <summary>Share of samples whose largest output is the label.</summary>
    public static double Top1(Func<TensorData, TensorData> run, NumpyArray x, NumpyArray y, Func<NumpyArray, TensorData> input)
    {
        int right = 0;
        for (int i = 0; i < x.Shape[0]; i++)
        {
            if (ArgMax(run(input(x[i]))) == y.Bytes[i]) right++;
        }

        return (double)right / x.Shape[0];
    }

    /// <summary>Bytes shifted from 0…255 to −128…127.</summary>
    public static TensorData Signed(NumpyArray bytes, EngineEdge input) =>
        new(ElementType.Int8, input.Shape, Array.ConvertAll(bytes.Bytes, b => (byte)(b ^ 0x80)));
}
