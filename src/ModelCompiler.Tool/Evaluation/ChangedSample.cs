using ModelCompiler.Core.Evaluation;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>A sample for which the compiled network chooses another class than the original.</summary>
/// <param name="Sample">Its number in the data, from 0.</param>
/// <param name="Label">The right class; null where it is not known.</param>
/// <param name="Original">What the float network chooses.</param>
/// <param name="Compiled">What the compiled one chooses.</param>
internal sealed record ChangedSample(int Sample, int? Label, int Original, int Compiled)
{
    /// <summary>All of them, in the order of the data.</summary>
    public static IReadOnlyList<ChangedSample> Find(float[][] original, float[][] compiled, int[] chosen, Targets? targets) =>
        [.. chosen.Select((sample, i) => new ChangedSample(sample, targets is { IsLabels: true } ? targets.Label(sample) : null,
            Metrics.ArgMax(original[i]), Metrics.ArgMax(compiled[i]))).Where(c => c.Original != c.Compiled)];
}
