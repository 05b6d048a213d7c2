using System.Globalization;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Evaluation;

/// <summary>How good the compiled network is on data that the user names, beside the float network it was made from.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Samples">On how many samples.</param>
/// <param name="Original">The metric of the float network; null when the model was quantised already.</param>
/// <param name="Compiled">The metric of the compiled network.</param>
public sealed record MeasuredAccuracy(Metric Metric, int Samples, double? Original, double Compiled)
{
    /// <summary>How much worse the compiled network is; for errors relative to the original's. Null without an original.</summary>
    public double? Drop => Original is not { } before ? null : Metric.IsError() ? (Compiled - before) / Math.Max(before, double.Epsilon) : before - Compiled;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Metric.ToString().ToLowerInvariant()} on {Samples} samples: {Text(Compiled)}{(Original is { } before ? $", the float network {Text(before)}" : "")}");

    /// <summary>A value of the metric, for people.</summary>
    public string Text(double value) => Metric.IsError() ? value.ToString("G6", CultureInfo.InvariantCulture) : (value * 100).ToString("0.00 '%'", CultureInfo.InvariantCulture);
}

/// <summary>Measures on <see cref="CompilationOptions.Evaluation"/>, and holds the network to the limits that the user set.</summary>
internal static class AccuracyCheck
{
    /// <summary>True when there is a limit that needs a measurement.</summary>
    public static bool HasLimits(CompilationOptions options) => options.MaxAccuracyDrop is not null || options.MinAccuracy is not null;

    /// <summary>Measures, when there is data, and puts the result into the report.</summary>
    /// <exception cref="ModelCompilationException">MC3009: a limit is broken; MC9003: limits and data do not go together.</exception>
    public static void Run(ModelGraph original, ModelGraph compiled, PipelineContext context)
    {
        if (context.Input.Evaluation is null)
        {
            if (HasLimits(context.Options)) throw new ModelCompilationException("MC9003", "Limits of accuracy need data to measure on.", $"Name an .npz file with inputs and labels or targets (array y) with the option {OptionText.Of(nameof(CompilationOptions.Evaluation))}.");
            return;
        }

        MeasuredAccuracy accuracy = Measure(original, compiled, context);
        context.Report.Accuracy = accuracy;
        context.Note($"Measured {accuracy}.");
        if (Broken(accuracy, context.Options) is { } broken)
        {
            string worst = QuantizationCheck.WorstNode(original, compiled, context) is { } node ? $" Most of the error arises in {node}." : "";
            throw new ModelCompilationException("MC3009", $"The compiled network is not accurate enough: {accuracy}; {broken}.{worst}", $"Give more or better calibration samples, more {OptionText.Of(nameof(CompilationOptions.WeightBits))}, compile to Float32, or allow more.");
        }
    }

    /// <summary>What is broken, or null.</summary>
    public static string? Broken(MeasuredAccuracy accuracy, CompilationOptions options)
    {
        if (options.MaxAccuracyDrop is { } drop && accuracy.Drop > drop) return string.Create(CultureInfo.InvariantCulture, $"it is worse by {100 * accuracy.Drop:0.00} {(accuracy.Metric.IsError() ? "%" : "points")}, and {OptionText.Of(nameof(CompilationOptions.MaxAccuracyDrop))} allows {100 * drop:0.00}");
        if (options.MinAccuracy is { } least && (accuracy.Metric.IsError() ? accuracy.Compiled > least : accuracy.Compiled < least)) return $"{OptionText.Of(nameof(CompilationOptions.MinAccuracy))} asks for {accuracy.Text(least)}";
        return null;
    }

    /// <summary>Measures both networks with the reference interpreter.</summary>
    /// <exception cref="ModelCompilationException">MC3002, MC3003, MC9003: the data does not fit the network or the metric.</exception>
    public static MeasuredAccuracy Measure(ModelGraph original, ModelGraph compiled, PipelineContext context)
    {
        string file = Path.GetFileName(context.Options.Evaluation ?? "evaluation.npz");
        OrderedDictionary<string, NumpyArray> arrays = NpzArchive.Read(context.Input.Evaluation!.Value, file);
        bool hasOriginal = !original.Nodes.SelectMany(n => n.Outputs).Concat(original.Inputs).Any(v => original.Values[v].Quantization is not null);
        SampleSet samples = SampleSet.For(compiled, arrays, file);
        Targets? targets = Targets.Find(arrays, [.. compiled.OutputNames.Zip(compiled.OutputValues, (name, value) => (name, value.Shape))], samples.Count, file);
        Metric metric = Choose(Metrics.Parse(context.Options.Metric), targets, hasOriginal, file);
        if (!hasOriginal && context.Options.MaxAccuracyDrop is not null) throw new ModelCompilationException("MC9003", "The model is quantised already, so there is no float network whose accuracy could drop.", $"Use {OptionText.Of(nameof(CompilationOptions.MinAccuracy))}, or compile the float model it was made from.");
        double[] after = Judge(compiled, samples, targets, metric, hasOriginal ? original : null, arrays, file, context.Options.Requantization, out double[] before);
        return new(metric, samples.Count, hasOriginal ? metric == Metric.Agreement ? 1 : before.Average() : null, after.Average());
    }

    private static double[] Judge(
        ModelGraph compiled, SampleSet samples, Targets? targets, Metric metric, ModelGraph? original, OrderedDictionary<string, NumpyArray> arrays, string file, RequantizationMode mode, out double[] before)
    {
        var scores = new double[samples.Count];
        var expected = new double[samples.Count];
        SampleSet? real = original is null ? null : SampleSet.For(original, arrays, file);
        int output = targets?.Output ?? 0;
        Action<int> judge = i =>
        {
            float[][] actual = Outputs(compiled, samples.Own(i), mode);
            float[][]? truth = original is null ? null : Outputs(original, real!.Own(i), mode);
            scores[i] = metric == Metric.Agreement ? Agreement(compiled, truth!, actual) : Score(metric, actual[output], targets!, i);
            if (truth is not null && metric != Metric.Agreement) expected[i] = Score(metric, truth[output], targets!, i);
        };
        // State goes from sample to sample only within an interpreter, so each sample starts anew.
        Parallel.For(0, samples.Count, judge);
        before = expected;
        return scores;
    }

    private static float[][] Outputs(ModelGraph graph, IReadOnlyList<TensorData> inputs, RequantizationMode mode) =>
        [.. new ReferenceInterpreter(graph, mode).Run(inputs).Select((data, o) => Enumerable.Range(0, data.Count).Select(i => (float)QuantizedSample.Real(data, graph.Values[graph.Outputs[o]], i)).ToArray())];

    private static double Score(Metric metric, float[] output, Targets targets, int sample) => metric switch
    {
        Metric.Top1 => Metrics.IsAmongLargest(output, targets.Label(sample), 1) ? 1 : 0,
        Metric.Top5 => Metrics.IsAmongLargest(output, targets.Label(sample), 5) ? 1 : 0,
        _ => Metrics.SumOfErrors(metric, output, targets.Of(sample)) / output.Length,
    };

    // Over all positions along the last axis of outputs that have several classes there.
    private static double Agreement(ModelGraph graph, float[][] expected, float[][] actual)
    {
        (int same, int positions) = (0, 0);
        for (int o = 0; o < actual.Length; o++)
        {
            int width = graph.Values[graph.Outputs[o]].Shape is { Rank: > 0 } shape ? shape[-1] : 1;
            for (int at = 0; width > 1 && at < actual[o].Length; at += width, positions++)
            {
                if (Metrics.ArgMax(expected[o].AsSpan(at, width)) == Metrics.ArgMax(actual[o].AsSpan(at, width))) same++;
            }
        }

        return positions == 0 ? 1 : (double)same / positions;
    }

    private static Metric Choose(Metric? asked, Targets? targets, bool hasOriginal, string file)
    {
        Metric metric = asked ?? (targets is null ? Metric.Agreement : targets.IsLabels ? Metric.Top1 : Metric.Mse);
        return metric switch
        {
            Metric.Agreement when !hasOriginal => throw new ModelCompilationException("MC3002", "The model was quantised already, so there is no original network to agree with.", "Name an array 'y' with one label or target for each sample, and another metric.", file: file),
            Metric.Agreement => metric,
            _ when targets is null => throw new ModelCompilationException("MC3002", "The file has no array 'y' with labels or targets.", "Name the array 'y', or use the metric agreement.", file: file),
            Metric.Mse or Metric.Mae when targets.IsLabels => throw new ModelCompilationException("MC3003", "The array 'y' has one label for each sample, but the metric compares every element of the output.", "Give whole targets, or use the metric top1.", file: file),
            _ => metric,
        };
    }
}
