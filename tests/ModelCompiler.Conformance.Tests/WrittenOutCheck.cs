using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Import;
using ModelCompiler.Core.Import.Onnx;
using ModelCompiler.Core.Import.TfLite;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Conformance.Tests;

/// <summary>Imports models and optimises them, and compares what they compute before and after.</summary>
internal static class WrittenOutCheck
{
    public static ModelGraph FromOnnx(byte[] model) => OnnxImporter.Import(model, InputShapes.Parse(null), InputValues.Parse(null), new OnnxExternalData(null),
        _ => { });

    public static ModelGraph FromTfLite(byte[] model) => TfLiteImporter.Import(model, InputShapes.Parse(null));

    /// <summary>Operators of the optimised network, which computes what the file says.</summary>
    /// <param name="imported">The network as it is in the file.</param>
    /// <param name="tolerance">Largest difference, relative to 1 or the value.</param>
    public static string Operators(ModelGraph imported, double tolerance = 1e-5)
    {
        var context = new PipelineContext(new CompilationInput("case.onnx", default, new CompilationOptions()), CodeGen.Emit.Target.Default,
            new DiagnosticBag("case.onnx"));
        ModelGraph optimised = Pipeline.Optimise(imported, context);
        var random = new Random(11);
        for (int run = 0; run < 3; run++)
        {
            TensorData[] inputs = [.. imported.InputValues.Select(v => Random(v, random))];
            IReadOnlyList<TensorData> expected = new ReferenceInterpreter(imported, RequantizationMode.Float).Run(inputs),
                actual = new ReferenceInterpreter(optimised, RequantizationMode.Float).Run(inputs);
            Assert.Equal(expected.Count, actual.Count);
            for (int output = 0; output < expected.Count; output++)
            {
                Assert.Equal((expected[output].Type, expected[output].Shape), (actual[output].Type, actual[output].Shape));
                for (int i = 0; i < expected[output].Count; i++)
                {
                    (double want, double got) = (expected[output].ToDouble(i), actual[output].ToDouble(i));
                    Assert.True(Math.Abs(want - got) <= tolerance * Math.Max(1, Math.Abs(want)), $"Output {output}, element {i} is {got}, not {want}.");
                }
            }
        }

        return string.Join(" ", optimised.Nodes.Select(n => n.Operator is Binary binary ? binary.Kind.ToString() : n.Operator.Name));
    }

    private static TensorData Random(Value input, Random random)
    {
        var data = new TensorData(input.Type, input.Shape);
        for (int i = 0; i < data.Count; i++) data.Set(i, (random.NextDouble() * 6) - 2);
        return data;
    }
}
