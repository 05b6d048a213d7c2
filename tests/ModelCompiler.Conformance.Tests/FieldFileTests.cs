using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Models that people publish compile as they are, and generated code gives the reference's bits.</summary>
public class FieldFileTests
{
    [SharedDataTheory]
    [InlineData("FastestDet.onnx", null)]
    [InlineData("mcunet-320kb-1mb_imagenet.tflite", null)]
    [InlineData("hair_segmentation.tflite", null)]
    [InlineData("traffic_model.tflite", null)]
    [InlineData("melspectrogram.tflite", "1x17280")]
    [InlineData("version-RFB-320_without_postprocessing.tflite", null)]
    [InlineData("unsorted.onnx", null)]
    public void A_file_compiles_and_equals_the_reference(string file, string? inputShapes)
    {
        byte[] model = File.ReadAllBytes(SharedData.Path($"field/files/{file}"));
        var random = new Random(file.Length);
        foreach (RequantizationMode mode in Enum.GetValues<RequantizationMode>())
        {
            var options = new CompilationOptions { InputShapes = inputShapes, Requantization = mode, Target = RunnableTargets.All[^1] };
            CompilationResult result = ModelCompilation.Run(new CompilationInput(file, model, options));
            Assert.True(result.Success, string.Join("\n", result.Diagnostics));
            using var generated = new GeneratedEngine(result.Plan!, result.Weights);
            TensorData[] inputs = [.. result.Compiled!.InputValues.Select(v => CaseBuilder.Random(v, random))];
            IReadOnlyList<TensorData> expected = new ReferenceInterpreter(result.Compiled, mode).Run(inputs), actual = generated.RunRaw(inputs);
            for (int i = 0; i < expected.Count; i++)
                Assert.True(expected[i].Bytes.AsSpan().SequenceEqual(actual[i].Bytes), $"{file}, {mode}: output {i} differs.");
            if (!result.Compiled.Nodes.Any(n => n.Outputs.Any(o => result.Compiled.Values[o].IsQuantized))) break;
        }
    }
}
