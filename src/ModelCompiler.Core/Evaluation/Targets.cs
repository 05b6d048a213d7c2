using System.Globalization;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Evaluation;

/// <summary>What the outputs should be: labels (one class per sample) or whole outputs, from the array <c>y</c> of a data file.</summary>
internal sealed class Targets
{
    private readonly float[] _values;
    private readonly int _perSample;

    private Targets(float[] values, int perSample, bool isLabels, int output, bool isNamed) =>
        (_values, _perSample, IsLabels, Output, IsNamed) = (values, perSample, isLabels, output, isNamed);

    /// <summary>Number of the output that they are for.</summary>
    public int Output { get; }

    /// <summary>True when the array is named after the output, rather than <c>y</c>.</summary>
    public bool IsNamed { get; }

    /// <summary>True for one class number per sample.</summary>
    public bool IsLabels { get; }

    /// <summary>Reads them; null when the file has no such array.</summary>
    /// <param name="arrays">Arrays of the file.</param>
    /// <param name="outputs">The network's outputs. The array is named after one of them, or <c>y</c> for the first.</param>
    /// <param name="samples">Number of samples in the file.</param>
    /// <param name="file">Name for messages.</param>
    /// <exception cref="ModelCompilationException">MC3003: the array does not fit the samples or the output.</exception>
    public static Targets? Find(IReadOnlyDictionary<string, NumpyArray> arrays, IReadOnlyList<(string Name, Shape Shape)> outputs, int samples, string file)
    {
        string name = arrays.ContainsKey("y") ? "y" : outputs.Select(o => o.Name).FirstOrDefault(arrays.ContainsKey) ?? "";
        if (!arrays.TryGetValue(name, out NumpyArray? array)) return null;
        int output = Math.Max(0, outputs.ToList().FindIndex(o => o.Name == name));
        int classes = outputs[output].Shape.Elements;
        int count = array.Shape.Length == 0 ? 0 : array.Shape[0];
        if (count != samples) throw Misfit(name, $"has {count} entries for {samples} samples", "Give one label or target for each sample.", file);
        int perSample = array.Count / samples;
        if (perSample != 1 && perSample != classes)
            throw Misfit(name, $"has {perSample} numbers for each sample, and the output has {classes}",
                "Give one label, or a target for every element of the output.", file);
        float[] values = array.ToFloats();
        bool isLabels = perSample == 1 && classes > 1;
        if (isLabels && values.Any(v => v < 0 || v >= classes || v != MathF.Floor(v)))
        {
            float wrong = values.First(v => !(v >= 0 && v < classes && v == MathF.Floor(v)));
            throw Misfit(name, string.Create(CultureInfo.InvariantCulture, $"holds {wrong}, which is not a class from 0 to {classes - 1}"),
                "Give labels as numbers of the output's elements.", file);
        }

        return new Targets(values, perSample, isLabels, output, outputs[output].Name == name);
    }

    /// <summary>The class of a sample.</summary>
    public int Label(int sample) => IsLabels ? (int)_values[sample] : Metrics.ArgMax(Of(sample));

    /// <summary>The target of a sample.</summary>
    public ReadOnlySpan<float> Of(int sample) => _values.AsSpan(sample * _perSample, _perSample);

    private static ModelCompilationException Misfit(string name, string problem, string remedy, string file) =>
        new("MC3003", $"The array '{name}' {problem}.", remedy, file: file);
}
