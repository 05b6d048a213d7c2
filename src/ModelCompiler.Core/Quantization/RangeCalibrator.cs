using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>Range of real numbers that a quantised value covers.</summary>
internal readonly record struct ValueRange(float Min, float Max);

/// <summary>
/// Finds the range of every float value by running the network on calibration samples: the extremes (min–max), or what a rule of <see cref="RangeRules"/>
/// leaves of them.
/// </summary>
internal sealed class RangeCalibrator
{
    private const int Bins = 4096;
    private const double DefaultPercentile = 99.99;

    private readonly Func<ValueHistogram, ValueRange>? _rule;
    private readonly bool _isDefault;

    private RangeCalibrator(double percentile, Func<ValueHistogram, ValueRange>? rule, bool isDefault = false) =>
        (Percentile, _rule, _isDefault) = (percentile, rule, isDefault);

    /// <summary>The share of elements at each end that stays within a range, in percent: 100 where nothing is cut off, or a rule decides.</summary>
    internal double Percentile { get; }

    private static RangeCalibrator Cut(double percentile, bool isDefault = false) =>
        new(percentile, percentile < 100 ? h => RangeRules.Percentile(h, percentile) : null, isDefault);

    /// <summary>Reads the option CalibrationMethod: <c>MinMax</c>, <c>Percentile</c>, <c>Percentile:99.9</c>, <c>Mse</c>, <c>Entropy</c>, or <c>Auto</c>,
    /// which begins as the default does.</summary>
    /// <exception cref="ModelCompilationException">MC9002: another text.</exception>
    public static RangeCalibrator Parse(string? method)
    {
        if (method is null || IsAuto(method)) return Cut(DefaultPercentile, true);
        string[] parts = method.Split(':');
        switch (parts[0].ToUpperInvariant(), parts.Length)
        {
            case ("MINMAX", 1):
                return Cut(100);
            case ("MSE", 1):
                return new(100, RangeRules.Mse);
            case ("ENTROPY", 1):
                return new(100, RangeRules.Entropy);
            case ("PERCENTILE", 1):
                return Cut(DefaultPercentile);
            case ("PERCENTILE", 2) when double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double percentile)
                && percentile is > 50 and <= 100:
                return Cut(percentile);
        }

        throw new ModelCompilationException("MC9002", $"'{method}' is not a value of option '{OptionText.Of(nameof(CompilationOptions.CalibrationMethod))}'.",
            "Give MinMax, Percentile, a percentile such as Percentile:99.99, Mse, Entropy or Auto.");
    }

    /// <summary>True when ranges are to be chosen value by value, by what they cost the outputs.</summary>
    internal static bool IsAuto(string? method) => "Auto".Equals(method, StringComparison.OrdinalIgnoreCase);

    /// <summary>Puts ranges of all float values on the samples into the context.</summary>
    internal static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        CalibrationSamples samples = context.Samples!;
        context.Ranges = Parse(context.Options.CalibrationMethod).Calibrate(graph, samples.Inputs, samples.Describe);
        context.Note($"Calibrated ranges on {samples.Inputs.Length} samples of {samples.File}.");
        if (IsAuto(context.Options.CalibrationMethod)) RangeChoice.Run(graph, context);
        return graph;
    }

    /// <summary>Ranges by value number. Values that the network itself makes infinite, such as masks, have none; they cannot be held in 8 bits.</summary>
    /// <param name="graph">A float graph.</param>
    /// <param name="samples">Inputs of each sample.</param>
    /// <param name="describe">How messages name a sample.</param>
    /// <exception cref="ModelCompilationException">MC3004: an input is not a number, or infinite where it is no mask, or an output is not a number.</exception>
    public Dictionary<int, ValueRange> Calibrate(ModelGraph graph, IReadOnlyList<IReadOnlyList<TensorData>> samples, Func<int, string>? describe = null)
    {
        var ranges = new SortedDictionary<int, ValueRange>();
        var unbounded = new HashSet<int>();
        HashSet<int> masks = MaskInputs.Find(graph);
        Observe(graph, samples, (i, value, data) =>
        {
            bool isInput = graph.Inputs.Contains(value.Id) && !masks.Contains(value.Id), isOutput = graph.Outputs.Contains(value.Id);
            (float Min, float Max)? extremes = Extremes(data.Floats, value, describe?.Invoke(i) ?? $"calibration sample {i}", isInput, isOutput);
            lock (ranges)
            {
                if (extremes is not var (min, max)) unbounded.Add(value.Id);
                else ranges[value.Id] = ranges.TryGetValue(value.Id, out ValueRange seen) ? new(Math.Min(min, seen.Min), Math.Max(max, seen.Max))
                    : new(min, max);
            }
        });
        foreach (int id in unbounded) ranges.Remove(id);
        return _rule is null ? new(ranges) : Narrowed(graph, new(ranges), samples, _rule);
    }

    // Logits under a mask keep their extremes, so that they are seen to be wide; so do results that are not only compared with each other,
    // unless the user says otherwise.
    private Dictionary<int, ValueRange> Narrowed(
        ModelGraph graph, Dictionary<int, ValueRange> ranges, IReadOnlyList<IReadOnlyList<TensorData>> samples, Func<ValueHistogram, ValueRange> rule)
    {
        HashSet<int> whole = _isDefault ? RegressedValues.Find(graph) : [];
        whole.UnionWith(graph.Nodes.Where(n => n.Operator is Softmax && ranges.TryGetValue(n.Inputs[0], out ValueRange r)
            && (double)r.Max - r.Min > FloatRegions.WidestLogits).Select(n => n.Inputs[0]));
        var zeros = new Dictionary<int, long>();
        Dictionary<int, long[]> histograms = ranges.Keys.Where(id => !whole.Contains(id)).ToDictionary(id => id, _ => new long[Bins]);
        Observe(graph, samples, (_, value, data) =>
        {
            if (!histograms.TryGetValue(value.Id, out long[]? histogram)) return;
            (float min, float max) = (ranges[value.Id].Min, ranges[value.Id].Max);
            if (max <= min) return;
            double scale = Bins / ((double)max - min);
            var counts = new int[Bins];
            foreach (float x in data.Floats) counts[Math.Clamp((int)((x - min) * scale), 0, Bins - 1)]++;
            long none = data.Floats.Count(0f);
            lock (zeros)
            {
                zeros[value.Id] = zeros.GetValueOrDefault(value.Id) + none;
                for (int bin = 0; bin < Bins; bin++) histogram[bin] += counts[bin];
            }
        });

        return ranges.ToDictionary(r => r.Key, r => histograms.TryGetValue(r.Key, out long[]? histogram) && r.Value.Max > r.Value.Min
            ? rule(new(r.Value, histogram, zeros.GetValueOrDefault(r.Key))) : r.Value);
    }

    // Shows all float values of all samples, several samples at once where none depends on the one before; what is thrown is what the first sample throws.
    private static void Observe(ModelGraph graph, IReadOnlyList<IReadOnlyList<TensorData>> samples, Action<int, Value, TensorData> observe)
    {
        var interpreter = new ReferenceInterpreter(graph, RequantizationMode.Float);
        var errors = new ModelCompilationException?[samples.Count];
        if (graph.States.IsEmpty)
        {
            Parallel.For(0, samples.Count, Show);
        }
        else
        {
            for (int i = 0; i < samples.Count; i++) Show(i);
        }

        if (errors.FirstOrDefault(e => e is not null) is { } error) throw error;

        void Show(int i)
        {
            try
            {
                interpreter.Run(samples[i], (value, data) =>
                {
                    if (data.Type == ElementType.Float32) observe(i, value, data);
                });
            }
            catch (ModelCompilationException e)
            {
                errors[i] = e;
            }
        }
    }

    private static (float Min, float Max)? Extremes(ReadOnlySpan<float> values, Value value, string sample, bool isInput, bool isOutput)
    {
        float min = float.PositiveInfinity;
        float max = float.NegativeInfinity;
        bool isFinite = true;
        foreach (float x in values)
        {
            isFinite &= float.IsFinite(x);
            if (isInput && !float.IsFinite(x))
                throw new ModelCompilationException("MC3004", $"Input '{value.Name}' is infinite or not a number for {sample}.",
                    "Leave such samples out, or write finite numbers in their place.");
            if (isOutput && float.IsNaN(x))
                throw new ModelCompilationException("MC3004", $"Output '{value.Name}' of the float network is not a number for {sample}.",
                    "Check that the calibration inputs are scaled as the model expects.");
            min = Math.Min(min, x);
            max = Math.Max(max, x);
        }

        return !isFinite ? null : values.IsEmpty ? (0, 0) : (min, max);
    }
}
