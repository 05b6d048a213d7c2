using System.Globalization;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>Float graph to float graph with fewer channels, filters and neurons: layers that are smaller on every machine and with every kernel.</summary>
internal static class ChannelPruning
{
    /// <summary>What the option is called.</summary>
    public const string Name = "Channels";

    /// <summary>True when the options ask for it.</summary>
    public static bool IsAsked(CompilationOptions options) => Name.Equals(options.Pruning, StringComparison.OrdinalIgnoreCase);

    /// <summary>The thinner network where the options ask for it.</summary>
    /// <param name="graph">The float network.</param>
    /// <param name="context">Has options and samples.</param>
    /// <param name="isQuantised">True when the network is to be quantised after this.</param>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context, bool isQuantised)
    {
        if (!IsAsked(context.Options)) return graph;
        // What comes later compares with this network, not with what becomes of it here.
        if (context.Input.Evaluation is not null) AccuracyCheck.Measurement(graph, context);
        var choice = new ChannelChoice(graph, context);
        HashSet<int> gone = PruningShares.OptionShare(context.Options) is { } share ? choice.At(share)
            : AccuracyCheck.CanHold(context) ? Accurate(graph, context, choice, isQuantised)
            : choice.Bearing(AutomaticShare.BearableError);
        ModelGraph thin = Thin(graph, context, choice, gone);
        Report(graph, thin, context, choice.Channels, gone);
        return thin;
    }

    private static HashSet<int> Accurate(ModelGraph graph, PipelineContext context, ChannelChoice choice, bool isQuantised)
    {
        return At(AccuracyCheck.LastWithin(graph, context, AutomaticShare.Steps,
            step => AutomaticShare.Compiled(Thin(graph, context, choice, At(step)), context.Silent(), isQuantised)));

        HashSet<int> At(int step) => step == 0 ? [] : choice.At((double)step / AutomaticShare.Steps);
    }

    private static ModelGraph Thin(ModelGraph graph, PipelineContext context, ChannelChoice choice, HashSet<int> gone) => gone.Count == 0 ? graph
        : ChannelCut.Run(ThinningFit.Run(graph, context, choice.KeptTaps(gone)), choice.Channels, gone);

    private static void Report(ModelGraph graph, ModelGraph thin, PipelineContext context, CoupledChannels channels, HashSet<int> gone)
    {
        (long before, long after) = (NetworkSize.Of(graph).Macs, NetworkSize.Of(thin).Macs);
        string layers = string.Join(", ", graph.Nodes
            .Where(n => channels.IsThinnable(n) && !channels.IsByChannel(n) && channels[n.Outputs[0]].Any(gone.Contains))
            .Select(n => string.Create(CultureInfo.InvariantCulture,
                $"{n.ShortName} {channels[n.Outputs[0]].Count(s => !gone.Contains(s))} of {channels[n.Outputs[0]].Length}")));
        context.Note(string.Create(CultureInfo.InvariantCulture,
            $"Pruning of channels removes {100.0 * (before - after) / Math.Max(1, before):0.0} % of the multiply-accumulates, {after} of {before} stay"
            + $"{(layers.Length > 0 ? $"; outputs that stay: {layers}" : "")}."));
    }
}
