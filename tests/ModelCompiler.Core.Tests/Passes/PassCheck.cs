using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Passes;

/// <summary>Runs a pass and checks that it changed nothing but the work.</summary>
internal static class PassCheck
{
    private const int Samples = 3;

    /// <summary>The graph after the pass, which gives the same results on random inputs.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="before">A graph.</param>
    /// <param name="tolerance">Largest difference of an output, relative to 1 or the value.</param>
    public static ModelGraph Run(Func<ModelGraph, Action<string>, ModelGraph> pass, ModelGraph before, double tolerance = 1e-4)
    {
        GraphVerifier.Verify(before, "the test");
        ModelGraph after = pass(before, _ => { });
        GraphVerifier.Verify(after, "the pass");
        Assert.Equal(before.OutputNames.AsEnumerable(), after.OutputNames);
        Assert.Equal(before.InputValues.Select(v => v.Name), after.InputValues.Select(v => v.Name));
        AssertSame(before, after, tolerance);
        return after;
    }

    /// <summary>Names of the operators, in order.</summary>
    public static string Operators(ModelGraph graph) => string.Join(" ",
        graph.Nodes.Select(n => n.Operator is Binary binary ? binary.Kind.ToString() : n.Operator.Name));

    /// <summary>How many operators of a kind there are.</summary>
    public static int Count<T>(ModelGraph graph)
        where T : Operator => graph.Nodes.Count(n => n.Operator is T);

    /// <summary>Compares results; where the edges of one graph are integers and those of the other are not, by the real numbers.</summary>
    public static void AssertSame(ModelGraph before, ModelGraph after, double tolerance)
    {
        var random = new Random(7);
        for (int sample = 0; sample < Samples; sample++)
        {
            TensorData[] inputs = [.. before.InputValues.Select(v => CaseBuilder.Random(v, random))];
            IReadOnlyList<TensorData> expected = new ReferenceInterpreter(before, RequantizationMode.Float).Run(inputs);
            IReadOnlyList<TensorData> actual = new ReferenceInterpreter(after, RequantizationMode.Float)
                .Run([.. after.InputValues.Select((v, i) => Integers(inputs[i], v))]);
            for (int i = 0; i < expected.Count; i++)
            {
                double[] x = Reals(expected[i], before.Values[before.Outputs[i]]), y = Reals(actual[i], after.Values[after.Outputs[i]]);
                Assert.Equal(x.Length, y.Length);
                for (int j = 0; j < x.Length; j++)
                    Assert.True(Math.Abs(x[j] - y[j]) <= tolerance * Math.Max(1, Math.Abs(x[j])),
                        $"Output {i}, element {j}: {y[j]} after the pass, {x[j]} before.");
            }
        }
    }

    private static TensorData Integers(TensorData data, Value value)
    {
        if (data.Type == value.Type || !value.IsQuantized) return data;
        (int min, int max) = value.Type == CodeGen.Plan.ElementType.Int8 ? (-128, 127) : (0, 255);
        return new TensorData(value.Type, value.Shape, Array.ConvertAll(data.ToFloats(),
            x => unchecked((byte)Requantization.Quantize(x, value.Q.Scale, value.Q.ZeroPoint, min, max))));
    }

    private static double[] Reals(TensorData data, Value value) =>
        [.. Enumerable.Range(0, data.Count).Select(i => value.IsQuantized ? (data.ToInt32(i) - value.Q.ZeroPoint) * (double)value.Q.Scale : data.ToDouble(i))];
}
