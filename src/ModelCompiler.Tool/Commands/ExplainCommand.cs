using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ModelCompiler.Core.Data;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Quantization;
using ModelCompiler.Tool.CommandLine;
using ModelCompiler.Tool.Output;

namespace ModelCompiler.Tool.Commands;

/// <summary><c>explain</c>: where the compiled network loses accuracy, layer by layer, and what would help.</summary>
internal sealed class ExplainCommand : ModelCommand
{
    private const int DefaultSamples = 64;
    private const int DefaultRows = 20;

    // What takes longer says how far it is, as often.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Option<string> _data = new("--data") {
        Description = "An .npz file with an array for each input, named after it (or x when there is one). For one input also an .npy, .csv or .bin file, or a "
        + "folder of images or .wav files.", HelpName = "path", Required = true };
    private readonly Option<int?> _samples = new("--samples") { Description = $"Use at most this many samples, evenly spread (default {DefaultSamples}).",
        HelpName = "number" };
    private readonly Option<int?> _top = new("--top") { Description = $"Show this many layers, those that add most error first (default {DefaultRows}).",
        HelpName = "number" };
    private readonly Option<bool> _all = new("--all") { Description = "Show all layers." };

    public ExplainCommand()
        : base("explain", "Says why the compiled network is less accurate than the original, layer by layer, and what would help.")
    {
        foreach (Option<int?> number in (Option<int?>[])[_samples, _top])
        {
            number.Validators.Add(result =>
            {
                if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
                    || value <= 0)) result.AddError($"Give a positive number as {number.Name}.");
            });
        }

        foreach (Option option in (Option[])[_data, _samples, _top, _all]) Command.Options.Add(option);
    }

    /// <inheritdoc/>
    protected override Report Execute(CompiledModel model, ParseResult parsed)
    {
        string file = parsed.GetValue(_data)!;
        ModelGraph graph = model.FloatOriginal ?? model.Graph;
        int most = parsed.GetValue(_samples) ?? DefaultSamples;
        SampleSet samples = SampleSet.For(graph, model.ReadArrays(file, "evaluation", most), file);
        int[] chosen = [.. samples.Spread(most)];
        samples.RequireFinite(chosen, MaskInputs.Find(graph));
        var watch = Stopwatch.StartNew();
        TimeSpan next = Patience;
        LayerAnalysis analysis = LayerAnalysis.Run(model.FloatOriginal, model.Graph, model.Result.Originals, [.. chosen.Select(samples.Own)],
            model.Options.Requantization, done =>
        {
            if (watch.Elapsed < next || done == chosen.Length) return;
            next = watch.Elapsed + Patience;
            Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done} of {chosen.Length} samples"));
        });
        int rows = parsed.GetValue(_all) ? int.MaxValue : parsed.GetValue(_top) ?? DefaultRows;
        return new ExplainReport(
            model.Plan.ModelFile, analysis.Samples, analysis.HasOriginal,
            [.. AccuracyAdvice.Of(analysis, model.Options).Select(f => f.Spelled(ItemOptions.Spell))], analysis.Outputs, analysis.Layers) { Rows = rows };
    }
}
