using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// The order in which channels of a network go: always the set that costs the outputs least for an operation saved. What it costs the sums of the layers that
/// read it is known from second-order statistics, others that went before it included; what an error of these sums costs the outputs is measured once for
/// each layer.
/// </summary>
internal sealed class ChannelChoice
{
    // Rows of input vectors are enough to compare channels; the weights themselves are fitted to more later.
    private const int MostRows = 12_000;

    // Beyond so many inputs of a layer they are taken for independent: updates of the inverse would take too long.
    private const int MostInputs = 2304;

    // Rows of one sample are alike: so many tell as much as one.
    private const double Alike = 4;

    // Of a layer something stays.
    private const double Least = 0.05;

    // What is tried to find out how much the outputs suffer: layers without this share of their inputs.
    private const double ProbedShare = 0.25;

    private readonly ModelGraph _graph;
    private readonly PipelineContext _context;
    private readonly List<ThinnedLayer> _layers = [];
    private readonly List<(int Set, double Macs, double Error)> _order = []; // with what is saved and lost up to it
    private readonly double _total;

    /// <summary>Finds the order.</summary>
    public ChannelChoice(ModelGraph graph, PipelineContext context)
    {
        (_graph, _context, _total) = (graph, context, Math.Max(1, NetworkSize.Of(graph).Macs));
        Channels = CoupledChannels.Of(graph);
        for (int i = 0; i < graph.Nodes.Length; i++)
        {
            Node node = graph.Nodes[i];
            if (Channels.IsThinnable(node))
                _layers.Add(new(i, node, FloatLayers.ShapeOf(graph, node), Channels.InputsOf(node), Channels[node.Outputs[0]]));
        }

        Learn();
        Order();
    }

    /// <summary>The sets of the network.</summary>
    public CoupledChannels Channels { get; }

    /// <summary>The sets whose loss saves a share of all multiply-accumulate operations, or all that can go.</summary>
    public HashSet<int> At(double share)
    {
        int count = _order.FindIndex(o => o.Macs >= share * _total) + 1;
        return [.. _order.Take(count > 0 ? count : _order.Count).Select(o => o.Set)];
    }

    /// <summary>As many as add up to some square error of the outputs, relative to their power.</summary>
    public HashSet<int> Bearing(double error) => [.. _order.TakeWhile(o => o.Error <= error).Select(o => o.Set)];

    /// <summary>For every layer that loses inputs, the taps that stay, by the number of the value that it computes.</summary>
    public Dictionary<int, bool[]> KeptTaps(IReadOnlySet<int> gone) =>
        _layers.Where(l => l.Shape.Groups == 1 && Channels.InputsOf(l.Node).Any(gone.Contains)).ToDictionary(l => l.Node.Outputs[0], l => Kept(l, gone));

    private bool[] Kept(ThinnedLayer layer, IReadOnlySet<int> gone)
    {
        int[] inputs = Channels.InputsOf(layer.Node);
        return [.. Enumerable.Range(0, layer.Shape.Taps).Select(t => !gone.Contains(inputs[t % inputs.Length]))];
    }

    private void Learn()
    {
        IReadOnlyList<TensorData>[] samples = _context.Samples!.Spread(FitWeights.MostSamples(_graph));
        var run = new LayerwiseRun(_graph, samples, _context.Options.Requantization, []);
        var probed = new List<(ThinnedLayer Layer, LayerSensitivity.Change Change, double Cost)>();
        foreach (ThinnedLayer layer in _layers.Where(l => l.IsConsumer && l.InputSets.Any(Channels.IsFree)))
        {
            while (run.Next < layer.Position) run.Step();
            Value input = _graph.Values[layer.Node.Inputs[0]];
            TensorData[] inputs = run[input.Id], sums = run.Sums(layer.Position);
            (LayerSensitivity.Change change, double cost) = Learn(layer, new LayerRows(layer.Shape, input, inputs, MostRows), sums);
            probed.Add((layer, change, cost));
        }

        double[] errors = LayerSensitivity.Measure(_graph, _context, [.. probed.Select(p => p.Change)]);
        for (int i = 0; i < probed.Count; i++) probed[i].Layer.Factor = probed[i].Cost > 0 ? errors[i] / probed[i].Cost : 0;
    }

    // Gives the layer its scores; returns it with its cheapest inputs gone, and what that costs its sums.
    private (LayerSensitivity.Change Change, double Cost) Learn(ThinnedLayer layer, LayerRows rows, TensorData[] sums)
    {
        ConvGeometry s = layer.Shape;
        double[] weights = FloatLayers.Weights(_graph, layer.Node);
        LayerStatistics? statistics = s.Taps <= MostInputs ? GroupEvidence.Of(rows, 0, sums, s, weights, new double[s.OutChannels]).All : null;
        LayerProblem? problem = statistics is null ? null : LayerProblem.Of(statistics, weights, refit: false);
        layer.Know(weights, statistics is null ? null : LayerProblem.Of(Shrunk(statistics), weights, refit: false),
            statistics is null ? rows.Moments(0).Variances : []);

        int[] free = [.. layer.InputSets.Where(Channels.IsFree).OrderBy(layer.Score)];
        HashSet<int> gone = [.. free.Take(Math.Max(1, (int)(ProbedShare * free.Length)))];
        bool[] kept = Kept(layer, gone), mask = [.. Enumerable.Range(0, weights.Length).Select(i => kept[i % s.Taps])];
        double[] thin = problem is null ? [.. weights.Select((w, i) => mask[i] ? w : 0)] : MaskedLeastSquares.Solve(problem, mask);
        double[]? bias = statistics?.Bias(thin);
        return (LayerSensitivity.Change.Of(_graph, layer.Position, thin, bias), statistics?.Error(thin, bias!) ?? gone.Sum(layer.Score));
    }

    // From few rows it looks as if inputs could stand in for each other better than they can: the fewer rows, the more independent they are taken to be
    // (towards a multiple of the unit matrix, as Ledoit and Wolf, "A Well-Conditioned Estimator for Large-Dimensional Covariance Matrices", 2004).
    private static LayerStatistics Shrunk(LayerStatistics statistics)
    {
        int n = statistics.Inputs;
        double[] h = [.. statistics.H];
        double mean = Enumerable.Range(0, n).Sum(i => h[(i * n) + i]) / n;
        for (int i = 0; i < n; i++) h[(i * n) + i] += mean * Alike * n / Math.Max(1, statistics.Rows);
        return statistics with { H = h };
    }

    // Until nothing is left that could go.
    private void Order()
    {
        ILookup<int, ThinnedLayer> layersOf = _layers.SelectMany(l => l.Sets.Select(s => (Set: s, Layer: l))).ToLookup(p => p.Set, p => p.Layer);
        HashSet<int> left = [.. layersOf.Select(g => g.Key).Where(Channels.IsFree)];
        (double saved, double error) = (0, 0);
        while (true)
        {
            (int Set, double Price)? best = null;
            foreach (int set in left)
            {
                double price = layersOf[set].Sum(l => l.Factor * l.Score(set)) / Math.Max(1, layersOf[set].Sum(l => l.Saved(set)));
                bool isBetter = best is not var (other, least) || price < least || (price == least && set < other);
                if (isBetter && layersOf[set].All(l => CanSpare(l, set))) best = (set, price);
            }

            if (best is not var (chosen, _)) return;
            saved += layersOf[chosen].Sum(l => l.Saved(chosen));
            error += layersOf[chosen].Sum(l => l.Factor * l.Score(chosen));
            foreach (ThinnedLayer layer in layersOf[chosen]) layer.Remove(chosen);
            left.Remove(chosen);
            _order.Add((chosen, saved, error));
        }
    }

    private static bool CanSpare(ThinnedLayer layer, int set) =>
        (layer.OutputsOf(set) == 0 || layer.OutputsLeft - layer.OutputsOf(set) >= Math.Max(1, Least * layer.Shape.OutChannels))
        && (layer.InputsOf(set) == 0 || layer.InputsLeft - layer.InputsOf(set) >= 1);
}
