using System.CommandLine;
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
    private readonly Option<string> _data = new("--data") { Description = "An .npz file with an array for each input, named after it (or x when there is one), and labels or targets in the array y. An .npy file holds the only input.", HelpName = "file", Required = true };
    private readonly Option<int?> _samples = new("--samples") { Description = "Use at most this many samples, evenly spread.", HelpName = "number" };
    private readonly Option<EngineKind> _engine = SharedOptions.Engine();
    private readonly Option<string?> _metric;

    public EvaluateCommand()
        : base("evaluate", "Measures the compiled network on data, beside the original float network.")
    {
        _samples.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out int number) || number <= 0)) result.AddError("Give a positive number of samples.");
        });
        foreach (Option option in (Option[])[_data, _samples, _engine]) Command.Options.Add(option);
        _metric = Declare("--metric", "top1, top5, mse, mae or agreement (with the original); by default top1 for labels, mse for targets, agreement without either.", "name");
    }

    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        string file = parsed.GetValue(_data)!;
        OrderedDictionary<string, NumpyArray> arrays = CompiledModel.ReadArrays(file, "evaluation");
        using IEngine engine = EngineFactory.Create(parsed.GetValue(_engine), model.Result, model.Options);
        SampleSet samples = SampleSet.For(model.Graph, arrays, file);
        int[] chosen = [.. samples.Spread(parsed.GetValue(_samples) ?? int.MaxValue)];
        Targets? targets = Targets.Find(arrays, engine.Outputs[0].Name, samples.Count, engine.Outputs[0].Shape.Elements, file);
        bool hasOriginal = model.FloatOriginal is not null;
        Metric metric = Choose(Metrics.Parse(parsed.GetValue(_metric)), targets, hasOriginal, file);

        // Beside a float network both must see the same real numbers, whatever the type of the array.
        float[][] compiled = Evaluator.Outputs(engine, samples, chosen, raw: !hasOriginal && SampleRunner.IsRaw(engine, samples));
        float[][]? original = null;
        if (model.FloatOriginal is { } graph)
        {
            using var reference = new ReferenceEngine(graph, model.Options.Requantization);
            original = Evaluator.Outputs(reference, SampleSet.For(graph, arrays, file), chosen, raw: false);
        }

        double? agreement = original is null ? null : Evaluator.Agreement(original, compiled);
        double after = metric == Metric.Agreement ? agreement!.Value : Evaluator.Judge(metric, compiled, targets!, chosen);
        double? before = original is null ? null : metric == Metric.Agreement ? 1 : Evaluator.Judge(metric, original, targets!, chosen);
        double? drop = metric.IsError() ? after - before : before - after;
        return new EvaluationReport(model.Plan.ModelFile, metric, chosen.Length, parsed.GetValue(_engine), before, after, drop, metric.IsError() ? null : agreement);
    }

    private static Metric Choose(Metric? asked, Targets? targets, bool hasOriginal, string file)
    {
        Metric metric = asked ?? (targets is null ? Metric.Agreement : targets.IsLabels ? Metric.Top1 : Metric.Mse);
        return metric switch
        {
            Metric.Agreement when !hasOriginal => throw new ModelCompilationException(
                "MC3002", targets is null ? "The file has no array 'y' with labels or targets, and the model was quantised already, so there is no original network to compare with." : "The model was quantised already, so there is no original network to agree with.", "Name an array 'y' with one label or target for each sample, and another metric.", file: file),
            Metric.Agreement => metric,
            _ when targets is null => throw new ModelCompilationException("MC3002", "The file has no array 'y' with labels or targets.", "Name the array 'y', or use the metric agreement.", file: file),
            Metric.Mse or Metric.Mae when targets.IsLabels => throw new ModelCompilationException("MC3003", "The array 'y' has one label for each sample, but the metric compares every element of the output.", "Give whole targets, or use the metric top1.", file: file),
            _ => metric,
        };
    }
}
