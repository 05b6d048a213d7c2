using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Evaluation;

/// <summary>Measures compiled networks on the evaluation data, beside the float network, with the reference interpreter.
/// Every sample starts with the initial state.</summary>
internal sealed class AccuracyMeasurement
{
    private readonly OrderedDictionary<string, NumpyArray> _arrays;
    private readonly string _file;
    private readonly RequantizationMode _mode;
    private readonly Targets? _targets;
    private readonly Metric _metric;

    private readonly IReadOnlyList<SampleGroup> _groups;

    // By sample and output, from the float network; null without one.
    private readonly float[][][]? _original;

    /// <summary>Reads the data and runs the float network.</summary>
    /// <exception cref="ModelCompilationException">MC3002, MC3003, MC9003: the data does not fit the network or the metric.</exception>
    public AccuracyMeasurement(ModelGraph original, PipelineContext context)
    {
        _file = CompilationOptions.FileName(context.Options.Evaluation ?? "evaluation.npz");
        DataArrays data = DataReader.Read(context.Input.Evaluation!, new(original, _file, context.Options));
        foreach (Diagnostic notice in data.Notices) context.Diagnostics.Add(notice);
        _arrays = data.Arrays;
        _mode = context.Options.Requantization;
        bool hasOriginal = !LiftToFloat.IsQuantised(original);
        SampleSet samples = SampleSet.For(original, _arrays, _file);
        _targets = Targets.Find(_arrays, [.. original.OutputNames.Zip(original.OutputValues, (name, value) => (name, value.Shape))], samples.Count, _file);
        _metric = Metrics.Choose(Metrics.Parse(context.Options.Metric), _targets, hasOriginal, _file);
        if (!hasOriginal && (context.Options.MaxAccuracyDrop ?? context.Options.MaxGroupDrop) is not null)
            throw new ModelCompilationException("MC9003", "The model is quantised already, so there is no float network whose accuracy could drop.",
                $"Use {OptionText.Of(nameof(CompilationOptions.MinAccuracy))}, or compile the float model it was made from.");
        _groups = context.Options.GroupBy is { } groupBy ? SampleGroups.Find(groupBy, data, samples.Count, _file) : [];
        if (hasOriginal) _original = Outputs(original, samples);
    }

    /// <summary>How good a compiled network is.</summary>
    public MeasuredAccuracy Of(ModelGraph compiled)
    {
        float[][][] outputs = Outputs(compiled, SampleSet.For(compiled, _arrays, _file));
        double[] after = Scores(compiled, outputs);
        double[]? before = _original is null ? null : _metric == Metric.Agreement ? [.. _original.Select(_ => 1.0)] : Scores(compiled, _original);
        return new(_metric, outputs.Length, before?.Average(), after.Average()) { Groups = GroupAccuracy.Of(_metric, _groups, before, after) };
    }

    // The metric of each sample.
    private double[] Scores(ModelGraph graph, float[][][] outputs) => [.. outputs.Select((o, i) => _metric == Metric.Agreement
        ? Agreement(graph, _original![i], o) : Metrics.Score(_metric, o[_targets!.Output], _targets, i))];

    private float[][][] Outputs(ModelGraph graph, SampleSet samples)
    {
        var outputs = new float[samples.Count][][];
        Parallel.For(0, samples.Count, i => outputs[i] = [.. new ReferenceInterpreter(graph, _mode).Run(samples.Own(i))
            .Select((data, o) => Reals(data, graph.Values[graph.Outputs[o]]))]);
        return outputs;
    }

    private static float[] Reals(TensorData data, Value value) => [.. Enumerable.Range(0, data.Count).Select(i => (float)QuantizedSample.Real(data, value, i))];

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
}
