using System.Globalization;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;

namespace ModelCompiler.Tool.Evaluation;

/// <summary>What the outputs should be: labels (one class per sample) or whole outputs, from the array <c>y</c> of a data file.</summary>
internal sealed class Targets
{
    private readonly float[] _values;
    private readonly int _perSample;

    private Targets(float[] values, int perSample, bool isLabels) => (_values, _perSample, IsLabels) = (values, perSample, isLabels);

    /// <summary>True for one class number per sample.</summary>
    public bool IsLabels { get; }

    /// <summary>Reads them; null when the file has no such array.</summary>
    /// <param name="arrays">Arrays of the file.</param>
    /// <param name="output">Name of the network's output, which may stand for <c>y</c>.</param>
    /// <param name="samples">Number of samples in the file.</param>
    /// <param name="classes">Number of elements of the output.</param>
    /// <param name="file">Name for messages.</param>
    /// <exception cref="ModelCompilationException">MC3003: the array does not fit the samples or the output.</exception>
    public static Targets? Find(IReadOnlyDictionary<string, NumpyArray> arrays, string output, int samples, int classes, string file)
    {
        if (!arrays.TryGetValue("y", out NumpyArray? array) && !arrays.TryGetValue(output, out array)) return null;
        int count = array.Shape.Length == 0 ? 0 : array.Shape[0];
        if (count != samples) throw Misfit($"has {count} entries for {samples} samples", "Give one label or target for each sample.", file);
        int perSample = array.Count / samples;
        if (perSample != 1 && perSample != classes) throw Misfit($"has {perSample} numbers for each sample, and the output has {classes}", "Give one label, or a target for every element of the output.", file);
        float[] values = array.ToFloats();
        bool isLabels = perSample == 1 && classes > 1;
        if (isLabels && values.Any(v => v < 0 || v >= classes || v != MathF.Floor(v)))
        {
            float wrong = values.First(v => !(v >= 0 && v < classes && v == MathF.Floor(v)));
            throw Misfit(string.Create(CultureInfo.InvariantCulture, $"holds {wrong}, which is not a class from 0 to {classes - 1}"), "Give labels as numbers of the output's elements.", file);
        }

        return new Targets(values, perSample, isLabels);
    }

    /// <summary>The class of a sample.</summary>
    public int Label(int sample) => IsLabels ? (int)_values[sample] : Metrics.ArgMax(Of(sample));

    /// <summary>The target of a sample.</summary>
    public ReadOnlySpan<float> Of(int sample) => _values.AsSpan(sample * _perSample, _perSample);

    private static ModelCompilationException Misfit(string problem, string remedy, string file) => new("MC3003", $"The array 'y' {problem}.", remedy, file: file);
}
