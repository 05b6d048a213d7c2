using ModelCompiler.Core.Data;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>Computes outputs as real numbers, and judges them.</summary>
internal static class Evaluator
{
    /// <summary>For every output, what it is for the chosen samples, as real numbers.</summary>
    public static float[][][] Outputs(IEngine engine, SampleSet samples, IReadOnlyList<int> chosen, bool raw)
    {
        float[][][] result = [.. engine.Outputs.Select(_ => new float[chosen.Count][])];
        SampleRunner.Run(engine, samples, chosen, raw, resetEach: false, (i, outputs) =>
        {
            for (int o = 0; o < outputs.Count; o++) result[o][i] = (raw ? engine.Outputs[o].Dequantize(outputs[o]) : outputs[o]).ToFloats();
        });
        return result;
    }

    /// <summary>The metric of each sample.</summary>
    /// <param name="metric">Any but <see cref="Metric.Agreement"/>.</param>
    /// <param name="outputs">Outputs of the chosen samples.</param>
    /// <param name="targets">What they should be.</param>
    /// <param name="chosen">The samples.</param>
    public static double[] Scores(Metric metric, float[][] outputs, Targets targets, IReadOnlyList<int> chosen) =>
        [.. outputs.Select((o, i) => Metrics.Score(metric, o, targets, chosen[i]))];

    /// <summary>The agreement of each sample, the mean over the outputs for which it makes sense.</summary>
    public static double[] Agreements(IReadOnlyList<OutputComparison> outputs, int samples) => [.. Enumerable.Range(0, samples).Select(i =>
        outputs.Where(o => o.SampleAgreements.Count > 0).Average(o => o.SampleAgreements[i]))];
}
