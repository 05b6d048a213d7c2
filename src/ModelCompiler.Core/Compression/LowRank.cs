using System.Globalization;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>Float graph to float graph in which layers are chains of thinner ones, so that a share of the multiply-accumulate operations stays.</summary>
internal static class LowRank
{
    /// <summary>The network with chains where the options ask for them.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="context">Has options and samples.</param>
    /// <param name="isQuantised">True when the network is to be quantised after this.</param>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context, bool isQuantised)
    {
        if (context.Options.LowRank is null) return graph;
        // What comes later compares with this network, not with what becomes of it here.
        if (context.Input.Evaluation is not null) AccuracyCheck.Measurement(graph, context);
        var ranks = new RankAllocation(graph, context);
        Dictionary<int, RankChoice> choices = OptionShare(context.Options) is { } share ? ranks.At(share)
            : AccuracyCheck.CanHold(context) ? Accurate(graph, context, ranks, isQuantised)
            : ranks.Bearing(AutomaticShare.BearableError);
        ModelGraph thin = ThinningFit.Run(graph, context, choices);
        string layers = string.Join(", ", graph.Nodes.Where(n => choices.ContainsKey(n.Outputs[0])).Select(n => $"{n.ShortName} {choices[n.Outputs[0]]}"));
        context.Note(string.Create(CultureInfo.InvariantCulture,
            $"Low rank keeps {100 * ranks.ShareOf(choices):0.0} % of the multiply-accumulates, {NetworkSize.Of(thin).Macs} of {NetworkSize.Of(graph).Macs}"
            + $"{(layers.Length > 0 ? $"; kinds and ranks by layer: {layers}" : "")}."));
        return thin;
    }

    private static Dictionary<int, RankChoice> Accurate(ModelGraph graph, PipelineContext context, RankAllocation ranks, bool isQuantised)
    {
        return At(AccuracyCheck.LastWithin(graph, context, AutomaticShare.Steps,
            step => AutomaticShare.Compiled(ThinningFit.Run(graph, context, At(step)), context.Silent(), isQuantised)));

        Dictionary<int, RankChoice> At(int step) => ranks.At(1 - ((double)step / AutomaticShare.Steps));
    }

    /// <summary>The share of multiply-accumulate operations that the options ask for; null when it is to be found.</summary>
    /// <exception cref="ModelCompilationException">MC9002: neither a share nor Auto.</exception>
    public static double? OptionShare(CompilationOptions options) => CompressionChoice.Share(options.LowRank, nameof(CompilationOptions.LowRank),
        "Give the share of multiply-accumulates that is kept, more than 0 and less than 1, such as 0.75; or Auto.");
}
