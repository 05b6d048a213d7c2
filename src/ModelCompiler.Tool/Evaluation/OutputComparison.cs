using System.Text.Json.Serialization;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Operators;
using ModelCompiler.Tool.Engines;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>How one output of the compiled network compares with the original's.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Dimensions.</param>
/// <param name="Classes">Number of elements among which the largest is looked for; null when there are none, see <see cref="OutputClasses"/>.</param>
/// <param name="Agreement">
/// Share of positions at which both have the largest element at the same place, or of equal elements for integers. Null where this makes no sense.
/// </param>
/// <param name="Error">‖compiled − original‖ ÷ ‖original‖ over all samples.</param>
internal sealed record OutputComparison(string Name, int[] Shape, int? Classes, double? Agreement, double Error)
{
    /// <summary>The agreement of each sample; empty where it makes no sense.</summary>
    [JsonIgnore]
    public IReadOnlyList<double> SampleAgreements { get; init; } = [];

    /// <summary>Compares an output on samples.</summary>
    /// <param name="edge">The output.</param>
    /// <param name="classes">Number of elements among which the largest is looked for.</param>
    /// <param name="original">Of each sample, from the original network.</param>
    /// <param name="compiled">Of each sample, from the compiled network.</param>
    public static OutputComparison Of(EngineEdge edge, int? classes, IReadOnlyList<float[]> original, IReadOnlyList<float[]> compiled)
    {
        int width = classes ?? 1;
        (long same, long positions, double error, double power) = (0, 0, 0, 0);
        List<double> agreements = [];
        foreach ((float[] a, float[] b) in original.Zip(compiled))
        {
            (long sameBefore, long positionsBefore) = (same, positions);
            for (int at = 0; at < a.Length; at += width, positions++)
            {
                if (classes is null ? a[at] == b[at] : Metrics.ArgMax(a.AsSpan(at, width)) == Metrics.ArgMax(b.AsSpan(at, width))) same++;
            }

            agreements.Add(positions > positionsBefore ? (double)(same - sameBefore) / (positions - positionsBefore) : 1);
            error += Metrics.SumOfErrors(Metric.Mse, b, a);
            power += Metrics.SumOfErrors(Metric.Mse, a, new float[a.Length]);
        }

        double? agreement = (classes is null && edge.RealType.IsFloat()) || positions == 0 ? null : (double)same / positions;
        return new(edge.Name, [.. edge.Shape], classes, agreement, error == 0 ? 0 : power == 0 ? 1 : Math.Sqrt(error / power))
        {
            SampleAgreements = agreement is null ? [] : agreements,
        };
    }
}
