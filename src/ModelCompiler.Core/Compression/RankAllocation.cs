using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Says which layers become chains of thinner ones, of which kind and ranks. What each costs the layer's own sums follows from statistics of its inputs;
/// what an error of these sums costs the outputs of the network is measured once for each layer. So all kinds and ranks of all layers lie on one scale.
/// </summary>
internal sealed class RankAllocation
{
    // Rows of input vectors are enough to compare ranks; the factors themselves are fitted to more later.
    private const int MostRows = 12_000;
    private const int MostSamples = 128;

    // Thinner layers have nothing to give.
    private const int FewestChannels = 8;

    // What is tried to find out how much the outputs suffer: chains of this share of a layer's work.
    private const double ProbedShare = 0.5;

    private readonly ModelGraph _graph;
    private readonly PipelineContext _context;
    private readonly List<Layer> _layers = [];
    private readonly double _total;

    /// <summary>Collects what layers could become.</summary>
    public RankAllocation(ModelGraph graph, PipelineContext context)
    {
        (_graph, _context, _total) = (graph, context, NetworkSize.Of(graph).Macs);
        HashSet<int> alone = FloatLayers.UsedOnce(graph);
        for (int i = 0; i < graph.Nodes.Length; i++)
        {
            Node node = graph.Nodes[i];
            if (FloatLayers.Is(graph, node) && alone.Contains(node.Inputs[ILinearLayer.Weights]) && FloatLayers.ShapeOf(graph, node) is var shape
                && Suits(shape))
                _layers.Add(new(i, node, shape));
        }

        Collect();
    }

    private sealed record Layer(int Position, Node Node, ConvGeometry Shape)
    {
        public List<RankChoice> Choices { get; } = [];
    }

    /// <summary>Multiply-accumulate operations that stay with some choices, as a share of all.</summary>
    public double ShareOf(IReadOnlyDictionary<int, RankChoice> choices) =>
        1 - (_layers.Sum(l => choices.TryGetValue(l.Node.Outputs[0], out RankChoice? choice) ? l.Shape.Macs - choice.Macs : 0) / Math.Max(1, _total));

    /// <summary>The choices that keep a share of all multiply-accumulate operations at the least cost, or as near to it as layers allow, by the number of the
    /// value that a layer computes.</summary>
    public Dictionary<int, RankChoice> At(double share)
    {
        var chosen = new RankChoice?[_layers.Count];
        double macs = _total, wanted = share * _total;
        foreach ((int layer, RankChoice next, _) in Steps())
        {
            if (macs <= wanted) break;
            macs += next.Macs - MacsOf(layer);
            chosen[layer] = next;
        }

        // What the last step saved too much goes where it helps most.
        while (Improvement() is var (better, choice))
        {
            macs += choice.Macs - MacsOf(better);
            chosen[better] = choice;
        }

        return Result(chosen);

        double MacsOf(int layer) => chosen[layer]?.Macs ?? _layers[layer].Shape.Macs;

        (int Layer, RankChoice Choice)? Improvement()
        {
            (int Layer, RankChoice Choice)? best = null;
            double most = 0;
            for (int l = 0; l < _layers.Count; l++)
            {
                if (chosen[l] is not { } now) continue;
                foreach (RankChoice choice in _layers[l].Choices.Where(c => macs + c.Macs - now.Macs <= wanted && now.Error - c.Error > most))
                    (best, most) = ((l, choice), now.Error - choice.Error);
            }

            return best;
        }
    }

    /// <summary>As many of the cheapest choices as add up to some square error of the outputs, relative to their power.</summary>
    public Dictionary<int, RankChoice> Bearing(double error)
    {
        var chosen = new RankChoice?[_layers.Count];
        double sum = 0;
        foreach ((int layer, RankChoice next, double added) in Steps())
        {
            if ((sum += added) > error) break;
            chosen[layer] = next;
        }

        return Result(chosen);
    }

    private Dictionary<int, RankChoice> Result(RankChoice?[] chosen) =>
        _layers.Select((l, i) => (l, Choice: chosen[i])).Where(p => p.Choice is not null).ToDictionary(p => p.l.Node.Outputs[0], p => p.Choice!);

    // Along the lower convex hull of error over work of every layer, the least error for an operation saved first.
    private IEnumerable<(int Layer, RankChoice Next, double Added)> Steps()
    {
        var steps = new List<(int Layer, RankChoice Next, double Added, double Slope)>();
        for (int l = 0; l < _layers.Count; l++)
        {
            (double macs, double error) = (_layers[l].Shape.Macs, 0);
            while (true)
            {
                RankChoice? next = null;
                double least = double.PositiveInfinity;
                foreach (RankChoice choice in _layers[l].Choices.Where(c => c.Macs < macs))
                {
                    double slope = (choice.Error - error) / (macs - choice.Macs);
                    if (slope < least || (slope == least && choice.Macs < next!.Macs)) (next, least) = (choice, slope);
                }

                if (next is null) break;
                steps.Add((l, next, next.Error - error, least));
                (macs, error) = (next.Macs, next.Error);
            }
        }

        return steps.OrderBy(s => s.Slope).Select(s => (s.Layer, s.Next, s.Added));
    }

    private static bool Suits(ConvGeometry s) => s.Groups == 1 && s.Channels >= FewestChannels && s.OutChannels >= FewestChannels
        && s.Taps <= GroupEvidence.MostInputs && Factorisation.Suitable(s).Any();

    // Choices of all layers, in units of what they cost the outputs.
    private void Collect()
    {
        IReadOnlyList<TensorData>[] samples = _context.Samples!.Spread(MostSamples);
        var run = new LayerwiseRun(_graph, samples, _context.Options.Requantization, []);
        var probes = new List<(LayerSensitivity.Change Change, double Error)>();
        foreach (Layer layer in _layers)
        {
            while (run.Next < layer.Position) run.Step();
            TensorData[] inputs = run[layer.Node.Inputs[0]], sums = run.Sums(layer.Position);
            probes.Add(Collect(layer, new LayerRows(layer.Shape, _graph.Values[layer.Node.Inputs[0]], inputs, MostRows), sums));
        }

        double[] errors = LayerSensitivity.Measure(_graph, _context, [.. probes.Select(p => p.Change)]);
        for (int l = 0; l < _layers.Count; l++)
        {
            double factor = probes[l].Error > 0 ? errors[l] / probes[l].Error : 0;
            List<RankChoice> choices = _layers[l].Choices;
            for (int i = 0; i < choices.Count; i++) choices[i] = choices[i] with { Error = choices[i].Error * factor };
        }
    }

    // Fills the layer's choices with what they cost its sums; gives the layer with one of them taken, and what that costs.
    private (LayerSensitivity.Change Change, double Error) Collect(Layer layer, LayerRows rows, TensorData[] sums)
    {
        double[] weights = FloatLayers.Weights(_graph, layer.Node);
        LayerStatistics statistics = GroupEvidence.Of(rows, 0, sums, layer.Shape, weights, new double[layer.Shape.OutChannels]).All;
        var problem = new LayerToFactor(layer.Node.Operator, layer.Shape, LayerProblem.Of(statistics, weights, refit: false).H, weights);
        Factorisation[] kinds = [.. Factorisation.Suitable(layer.Shape).Select(k => Factorisation.Of(k, problem))];
        var probe = default((Factorisation Kind, RankChoice Choice)?);
        foreach (Factorisation kind in kinds)
        {
            foreach (RankChoice choice in kind.Choices())
            {
                layer.Choices.Add(choice);
                if (probe is null || Distance(choice) < Distance(probe.Value.Choice)) probe = (kind, choice);
            }
        }

        if (probe is not var (best, probed)) return (new(layer.Position, new Dictionary<int, TensorData>()), 0);
        double[] product = best.At(probed).Product;
        return (LayerSensitivity.Change.Of(_graph, layer.Position, product, statistics.Bias(product)), probed.Error);

        double Distance(RankChoice choice) => Math.Abs((choice.Macs / layer.Shape.Macs) - ProbedShare);
    }
}
