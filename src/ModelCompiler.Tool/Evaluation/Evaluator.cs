using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>Computes first outputs as real numbers, and judges them.</summary>
internal static class Evaluator
{
    /// <summary>The first output of every chosen sample as real numbers.</summary>
    public static float[][] Outputs(IEngine engine, SampleSet samples, IReadOnlyList<int> chosen, bool raw)
    {
        var result = new float[chosen.Count][];
        SampleRunner.Run(engine, samples, chosen, raw, resetEach: false, (i, outputs) =>
        {
            TensorData first = outputs[0];
            result[i] = (raw ? engine.Outputs[0].Dequantize(first) : first).ToFloats();
        });
        return result;
    }

    /// <summary>The metric over the outputs.</summary>
    /// <param name="metric">Any but <see cref="Metric.Agreement"/>.</param>
    /// <param name="outputs">Outputs of the chosen samples.</param>
    /// <param name="targets">What they should be.</param>
    /// <param name="chosen">The samples.</param>
    public static double Judge(Metric metric, float[][] outputs, Targets targets, IReadOnlyList<int> chosen)
    {
        double sum = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            sum += metric switch
            {
                Metric.Top1 => Metrics.IsAmongLargest(outputs[i], targets.Label(chosen[i]), 1) ? 1 : 0,
                Metric.Top5 => Metrics.IsAmongLargest(outputs[i], targets.Label(chosen[i]), 5) ? 1 : 0,
                _ => Metrics.SumOfErrors(metric, outputs[i], targets.Of(chosen[i])) / outputs[i].Length,
            };
        }

        return sum / outputs.Length;
    }

    /// <summary>Share of samples on which two networks choose the same class.</summary>
    public static double Agreement(float[][] one, float[][] other) =>
        one.Zip(other, (a, b) => Metrics.ArgMax(a) == Metrics.ArgMax(b) ? 1.0 : 0).Average();
}
