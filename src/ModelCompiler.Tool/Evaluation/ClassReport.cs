using ModelCompiler.Core.Evaluation;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>How a class fares.</summary>
/// <param name="Class">Its number.</param>
/// <param name="Samples">Samples whose label it is.</param>
/// <param name="Precision">Share of right answers among those that name it; null when none does.</param>
/// <param name="Recall">Share of its samples that are recognised; null when it has none.</param>
/// <param name="F1">Harmonic mean of both; null when one is missing, 0 when both are.</param>
/// <param name="OriginalRecall">The float network's recall; null without one, or without samples.</param>
/// <param name="Confusion">How often the compiled network names each class for its samples; null for networks of many classes.</param>
internal sealed record ClassReport(int Class, int Samples, double? Precision, double? Recall, double? F1, double? OriginalRecall, int[]? Confusion)
{
    private const int MostConfused = 100;

    /// <summary>All classes of an output.</summary>
    /// <param name="original">The float network's outputs; null without one.</param>
    /// <param name="compiled">The compiled network's outputs.</param>
    /// <param name="targets">Labels.</param>
    /// <param name="chosen">The samples that the outputs are of.</param>
    public static IReadOnlyList<ClassReport> Of(float[][]? original, float[][] compiled, Targets targets, int[] chosen)
    {
        int classes = compiled[0].Length;
        int[] labels = [.. chosen.Select(targets.Label)], named = [.. compiled.Select(o => Metrics.ArgMax(o))];
        int[]? before = original is null ? null : [.. original.Select(o => Metrics.ArgMax(o))];
        ILookup<int, int> samples = labels.Select((label, i) => (label, i)).ToLookup(p => p.label, p => p.i);
        ILookup<int, int> answers = named.Select((answer, i) => (answer, i)).ToLookup(p => p.answer, p => p.i);
        return [.. Enumerable.Range(0, classes).Select(c =>
        {
            (int count, int right) = (samples[c].Count(), samples[c].Count(i => named[i] == c));
            double? precision = answers[c].Any() ? (double)right / answers[c].Count() : null, recall = count == 0 ? null : (double)right / count;
            int[]? confusion = classes > MostConfused ? null : [.. Enumerable.Range(0, classes).Select(to => samples[c].Count(i => named[i] == to))];
            return new ClassReport(c, count, precision, recall, precision + recall > 0 ? 2 * precision * recall / (precision + recall) : precision + recall,
                before is null || count == 0 ? null : (double)samples[c].Count(i => before[i] == c) / count, confusion);
        })];
    }
}
