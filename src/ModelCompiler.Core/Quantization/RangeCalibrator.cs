using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>Range of real numbers that a quantised value covers.</summary>
public readonly record struct ValueRange(float Min, float Max);

/// <summary>
/// Finds the range of every float value by running the network on calibration samples: the extremes (min–max), or the extremes left
/// when a small share of outliers at both ends is cut off (percentile, from a histogram).
/// </summary>
public sealed class RangeCalibrator
{
    private const int Bins = 4096;
    private const double DefaultPercentile = 99.99;

    private readonly double _percentile;

    private RangeCalibrator(double percentile) => _percentile = percentile;

    /// <summary>Reads the option CalibrationMethod: <c>MinMax</c>, <c>Percentile</c> or <c>Percentile:99.9</c>.</summary>
    /// <exception cref="ModelCompilationException">MC9002: another text.</exception>
    public static RangeCalibrator Parse(string? method)
    {
        string[] parts = (method ?? "Percentile").Split(':');
        if (parts[0].Equals("MinMax", StringComparison.OrdinalIgnoreCase) && parts.Length == 1) return new(100);
        if (parts[0].Equals("Percentile", StringComparison.OrdinalIgnoreCase))
        {
            if (parts.Length == 1) return new(DefaultPercentile);
            if (double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double percentile) && percentile is > 50 and <= 100) return new(percentile);
        }

        throw new ModelCompilationException("MC9002", $"'{method}' is not a value of option 'CalibrationMethod'.", "Give MinMax, Percentile or a percentile such as Percentile:99.99.");
    }

    /// <summary>Ranges by value number.</summary>
    /// <param name="graph">A float graph.</param>
    /// <param name="samples">Inputs of each sample.</param>
    public Dictionary<int, ValueRange> Calibrate(ModelGraph graph, IReadOnlyList<IReadOnlyList<TensorData>> samples)
    {
        var interpreter = new ReferenceInterpreter(graph, RequantizationMode.Float);
        var ranges = new Dictionary<int, ValueRange>();
        foreach (IReadOnlyList<TensorData> sample in samples)
        {
            interpreter.Run(sample, (value, data) =>
            {
                if (data.Type != ElementType.Float32) return;
                (float min, float max) = Extremes(data.Floats, value);
                if (ranges.TryGetValue(value.Id, out ValueRange seen)) (min, max) = (Math.Min(min, seen.Min), Math.Max(max, seen.Max));
                ranges[value.Id] = new(min, max);
            });
        }

        interpreter.Reset();
        return _percentile >= 100 ? ranges : CutOutliers(interpreter, ranges, samples);
    }

    private Dictionary<int, ValueRange> CutOutliers(ReferenceInterpreter interpreter, Dictionary<int, ValueRange> ranges, IReadOnlyList<IReadOnlyList<TensorData>> samples)
    {
        Dictionary<int, long[]> histograms = ranges.ToDictionary(r => r.Key, _ => new long[Bins]);
        foreach (IReadOnlyList<TensorData> sample in samples)
        {
            interpreter.Run(sample, (value, data) =>
            {
                if (data.Type != ElementType.Float32) return;
                (float min, float max) = (ranges[value.Id].Min, ranges[value.Id].Max);
                if (max <= min) return;
                long[] histogram = histograms[value.Id];
                double scale = Bins / ((double)max - min);
                foreach (float x in data.Floats) histogram[Math.Clamp((int)((x - min) * scale), 0, Bins - 1)]++;
            });
        }

        return ranges.ToDictionary(r => r.Key, r => Cut(r.Value, histograms[r.Key]));
    }

    private ValueRange Cut(ValueRange range, long[] histogram)
    {
        long outliers = (long)(histogram.Sum() * (100 - _percentile) / 100);
        int low = 0;
        int high = Bins - 1;
        for (long cut = histogram[low]; cut <= outliers && low < high; cut += histogram[low]) low++;
        for (long cut = histogram[high]; cut <= outliers && high > low; cut += histogram[high]) high--;
        double width = ((double)range.Max - range.Min) / Bins;
        return new((float)(range.Min + (low * width)), (float)(range.Min + ((high + 1) * width)));
    }

    private static (float Min, float Max) Extremes(ReadOnlySpan<float> values, Value value)
    {
        float min = float.PositiveInfinity;
        float max = float.NegativeInfinity;
        foreach (float x in values)
        {
            if (!float.IsFinite(x)) throw new ModelCompilationException("MC3004", $"Value '{value.Name}' is infinite or not a number for a calibration sample.", "Check that the calibration inputs are scaled as the model expects.");
            min = Math.Min(min, x);
            max = Math.Max(max, x);
        }

        return values.IsEmpty ? (0, 0) : (min, max);
    }
}
