using System.CommandLine;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core;
using ModelCompiler.Core.Data;
using ModelCompiler.Tool.CommandLine;
using ModelCompiler.Tool.Engines;
using ModelCompiler.Tool.Evaluation;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>evaluate</c>: how good the compiled network is, beside the float network it was made from.</summary>
internal sealed class EvaluateCommand : ModelCommand
{
    private readonly Option<string> _data = new("--data") {
        Description = "An .npz file with an array for each input, named after it (or x when there is one), and labels or targets in the array y (or one named "
        + "after an output). For one input also an .npy, .csv (labels in the column y) or .bin file, or a folder of images or .wav files with a sub-folder for "
        + "each class or a labels.csv.", HelpName = "path", Required = true };
    private readonly Option<int?> _samples = new("--samples") { Description = "Use at most this many samples, evenly spread.", HelpName = "number" };
    private readonly Option<EngineKind> _engine = SharedOptions.Engine();
    private readonly Option<bool> _long = new("--long") { Description = "Print every class and every sample whose class changed." };
    private readonly Option<string?> _metric;

    public EvaluateCommand()
        : base("evaluate", "Measures the compiled network on data, beside the original float network.")
    {
        _samples.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out int number) || number <= 0))
                result.AddError("Give a positive number of samples.");
        });
        foreach (Option option in (Option[])[_data, _samples, _engine, _long]) Command.Options.Add(option);
        _metric = Declare("--metric", "top1, top5, mse, mae or agreement (with the original, on the largest element along the last axis of every output); by "
            + "default top1 for labels, mse for targets, agreement without either.", "name");
    }

    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        string file = parsed.GetValue(_data)!;
        int most = parsed.GetValue(_samples) ?? int.MaxValue;
        DataArrays data = model.ReadSamples(file, "evaluation", most);
        OrderedDictionary<string, NumpyArray> arrays = data.Arrays;
        using IEngine engine = EngineFactory.Create(parsed.GetValue(_engine), model.Result, model.Options);
        SampleSet samples = SampleSet.For(model.Graph, arrays, file);
        int[] chosen = [.. samples.Spread(most)];
        Targets? targets = Targets.Find(arrays, [.. engine.Outputs.Select(o => (o.Name, o.Shape))], samples.Count, file);
        bool hasOriginal = model.FloatOriginal is not null;
        Metric metric = Metrics.Choose(Metrics.Parse(parsed.GetValue(_metric)), targets, hasOriginal, file);
        int output = targets?.Output ?? 0;
        if (metric is Metric.Top1 or Metric.Top5) RequireOneChoice(metric, engine.Outputs, targets!);

        // Beside a float network both must see the same real numbers, whatever the type of the array; unless both take the same integers.
        bool isRaw = SampleRunner.IsRaw(engine, samples) && model.FloatOriginal?.InputValues.Any(v => v.IsQuantized) != false;
        float[][][] compiled = Evaluator.Outputs(engine, samples, chosen, isRaw);
        float[][][]? original = null;
        if (model.FloatOriginal is { } graph)
        {
            using var reference = new ReferenceEngine(graph, model.Options.Requantization);
            original = Evaluator.Outputs(reference, SampleSet.For(graph, arrays, file), chosen, isRaw);
        }

        OutputComparison[] outputs = original is null
            ? []
            : [.. engine.Outputs.Select((edge, o) => OutputComparison.Of(edge, OutputClasses.Of(edge, engine.Outputs), original[o], compiled[o]))];
        double? agreement = outputs.Average(o => o.Agreement);
        bool isChoice = OutputClasses.IsOneChoice(engine.Outputs[output], engine.Outputs);
        bool isMeasured = metric != Metric.Agreement || agreement is not null;
        double[]? after = !isMeasured ? null : metric == Metric.Agreement ? Evaluator.Agreements(outputs, chosen.Length)
            : Evaluator.Scores(metric, compiled[output], targets!, chosen);
        double[]? before = original is null || !isMeasured ? null : metric == Metric.Agreement ? [.. chosen.Select(_ => 1.0)]
            : Evaluator.Scores(metric, original[output], targets!, chosen);
        IReadOnlyList<SampleGroup> groups = model.Options.GroupBy is { } groupBy ? Chosen(SampleGroups.Find(groupBy, data, samples.Count, file), chosen) : [];
        return new EvaluationReport(model.Plan.ModelFile, metric, chosen.Length, parsed.GetValue(_engine), before?.Average(), after?.Average(),
            metric.IsError() ? after?.Average() - before?.Average() : before?.Average() - after?.Average(), metric.IsError() ? null : agreement, outputs)
        {
            Uncertainty = after is null ? null : EvaluationUncertainty.Of(metric, before, after),
            Changed = original is not null && isChoice ? ChangedSample.Find(original[output], compiled[output], chosen, targets) : [],
            Classes = targets is { IsLabels: true } && isChoice ? ClassReport.Of(original?[output], compiled[output], targets, chosen) : [],
            GroupBy = model.Options.GroupBy,
            IsLong = parsed.GetValue(_long),
            Groups = after is null ? [] : GroupAccuracy.Of(metric, groups, before, after),
        };
    }

    // Groups of those samples that are used, by their places among them.
    private static IReadOnlyList<SampleGroup> Chosen(IReadOnlyList<SampleGroup> groups, int[] chosen)
    {
        var places = chosen.Select((sample, i) => (sample, i)).ToDictionary(p => p.sample, p => p.i);
        return [.. groups.Select(g => g with { Samples = [.. g.Samples.Where(places.ContainsKey).Select(s => places[s])] }).Where(g => g.Samples.Length > 0)];
    }

    // Labels named y of a network with several outputs do not say which of them chooses.
    private static void RequireOneChoice(Metric metric, IReadOnlyList<EngineEdge> outputs, Targets targets)
    {
        EngineEdge edge = outputs[targets.Output];
        if (OutputClasses.IsOneChoice(edge, outputs) && (targets.IsNamed || outputs.Count == 1)) return;
        string[] choices = [.. outputs.Where(o => OutputClasses.IsOneChoice(o, outputs)).Select(o => $"'{o.Name}'")];
        string asked = metric.ToString().ToLowerInvariant();
        string problem = outputs.Count > 1 && !targets.IsNamed
            ? $"The network has {outputs.Count} outputs, {string.Join(", ", outputs.Select(o => $"'{o.Name}' {o.Shape}"))}, and the metric {asked} judges one "
            + "that chooses a class for each sample."
            : $"Output '{edge.Name}' of shape {edge.Shape} does not choose one class for each sample, as the metric {asked} needs.";
        string rename = choices.Length == 0 || outputs.Count == 1 ? ""
            : $" Or name the labels after the output that they are for: {string.Join(", ", choices)}.";
        throw new ModelCompilationException("MC9003", problem,
            $"Say which metric to use: --metric agreement compares all outputs with the original's, --metric mse takes whole targets.{rename}");
    }
}
