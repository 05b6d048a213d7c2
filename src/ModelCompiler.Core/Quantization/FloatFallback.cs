using System.Globalization;
using ModelCompiler.Core.Compression;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Precision Auto on networks that 8-bit activations ruin (gates, activations without a bound, residual sums of channels of different sizes). How much the
/// outputs suffer when one value alone is rounded to 8 bits is measured on samples. What computes and what uses a value stays in float, the worst values
/// first, for as many as it takes until the limits of accuracy hold, or, without limits, until the outputs are close to the float network's.
/// </summary>
internal static class FloatFallback
{
    /// <summary>Decides what stays in float; nothing where 8 bits do.</summary>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        if (context.Options.Precision != Precision.Auto) return graph;
        (bool holds, string before) = Check([]);
        if (holds) return graph;
        int[] values = [.. WorstFirst(graph, context)];
        (int low, int high) = (1, values.Length);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Check(Nodes(graph, values.Take(middle))).Holds) high = middle;
            else low = middle + 1;
        }

        HashSet<int> kept = Nodes(graph, values.Take(high));
        if (kept.Count == 0 || Check(kept) is not (true, var after)) return graph;
        context.KeptFloat = kept;
        double share = (double)graph.Nodes.Where(n => kept.Contains(n.Outputs[0])).Sum(n => NetworkSize.MacsOf(graph, n))
            / Math.Max(1, NetworkSize.Of(graph).Macs);
        context.Note(string.Create(CultureInfo.InvariantCulture,
            $"8 bits cost the outputs too much ({before}); with {kept.Count} operators in float it is {after}. They make {100 * share:0.#} % of the "
            + $"multiply-accumulates, and take four times the bytes and several times the time of 8-bit ones."));
        return graph;

        (bool Holds, string Figure) Check(HashSet<int> kept)
        {
            PipelineContext tried = context.Silent();
            tried.KeptFloat = kept;
            ModelGraph quantised = Passes.AbsorbEdgeConversions.Run(PostTrainingQuantization.Run(graph, tried), _ => { });
            if (AccuracyCheck.CanHold(context))
            {
                MeasuredAccuracy accuracy = AccuracyCheck.Measurement(graph, context).Of(quantised);
                return (AccuracyCheck.Broken(accuracy, context.Options) is null, accuracy.ToString());
            }

            double error = QuantizationCheck.LargestError(graph, quantised, tried);
            return (error <= QuantizationCheck.Warning, string.Create(CultureInfo.InvariantCulture, $"a relative error of {100 * error:0.0} %"));
        }
    }

    // The values that are quantised, those first whose rounding costs the outputs most for what float costs there.
    private static IEnumerable<int> WorstFirst(ModelGraph graph, PipelineContext context)
    {
        PipelineContext tried = context.Silent();
        ModelGraph quantised = PostTrainingQuantization.Run(graph, tried);
        (int Value, Value Integer)[] rounded = [.. tried.Originals.Where(p => quantised.Values[p.Key] is { IsQuantized: true, Constant: null })
            .Select(p => (p.Value, quantised.Values[p.Key])).OrderBy(p => p.Value)];
        double[] errors = LayerSensitivity.Measure(graph, context, LayerSensitivity.Roundings(graph, rounded));
        return rounded.Select((r, i) => (r.Value, Error: errors[i])).Where(r => r.Error > 0).OrderByDescending(r => r.Error / Work(graph, r.Value))
            .Select(r => r.Value);
    }

    // Operations of what computes and what uses a value; moving an element takes about as long as one.
    private static double Work(ModelGraph graph, int value) => graph.Values[value].Shape.Elements
        + graph.Nodes.Where(n => n.Outputs.Contains(value) || n.Inputs.Contains(value)).Sum(n => (double)NetworkSize.MacsOf(graph, n));

    // What computes these values, and what uses them, by the number of the first output.
    private static HashSet<int> Nodes(ModelGraph graph, IEnumerable<int> values)
    {
        HashSet<int> chosen = [.. values];
        return [.. graph.Nodes.Where(n => n.Outputs.Concat(n.Inputs).Any(chosen.Contains)).Select(n => n.Outputs[0])];
    }
}
