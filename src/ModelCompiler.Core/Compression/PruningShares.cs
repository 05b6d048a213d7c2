using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Says what share of its weights each layer gives up. What units of a layer cost its own sums is known from their traces;
/// what an error of these sums costs the outputs of the network is measured once for each layer. So all units of all layers lie on one scale,
/// and the cheapest go.
/// </summary>
internal sealed class PruningShares
{
    // Rows of input vectors are enough to compare units; the weights themselves are fitted to more later.
    private const int MostRows = 12_000;
    private const int MostSamples = 128;

    // What an operation that kernels skip counts, when a weight that is not stored counts 1, each of all that there are.
    private const double OperationWeight = 0.5;

    // Of a layer something stays.
    private const double Most = 0.95;

    private readonly ModelGraph _graph;
    private readonly PipelineContext _context;
    private readonly SparsityPattern _pattern;
    private readonly List<Layer> _layers = [];

    private PruningShares(ModelGraph graph, PipelineContext context) => (_graph, _context, _pattern) = (graph, context, context.Pattern!);

    /// <summary>Puts the shares into the context when pruning is asked for.</summary>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        if (context.Pattern is not null) new PruningShares(graph, context).Choose();
        return graph;
    }

    private sealed record Layer(int Position, Node Node, ConvGeometry Shape)
    {
        // Sorted by cost: of so many weights, what each costs the outputs.
        public List<(double Cost, int Weights)> Units { get; } = [];

        public int Weights => Shape.OutChannels * Shape.Taps;
    }

    private void Choose()
    {
        HashSet<int> alone = FloatLayers.UsedOnce(_graph);
        double total = 0;
        for (int i = 0; i < _graph.Nodes.Length; i++)
        {
            Node node = _graph.Nodes[i];
            if (!FloatLayers.Is(_graph, node)) continue;
            ConvGeometry shape = FloatLayers.ShapeOf(_graph, node);
            total += shape.OutChannels * (double)shape.Taps;
            if (alone.Contains(node.Inputs[ILinearLayer.Weights]) && _pattern.Suits(shape)) _layers.Add(new(i, node, shape));
        }

        if (_pattern.IsFixed) _context.Shares = _layers.ToDictionary(l => l.Node.Outputs[0], _ => _pattern.FixedShare);
        else if (_layers.Count > 0) Allocate(total);
        Report(total);
    }

    private void Allocate(double total)
    {
        Trace();
        double macs = Math.Max(1, _layers.Sum(l => (double)l.Shape.Macs));
        (Layer Layer, double Cost, int Weights)[] units =
            [.. _layers.SelectMany(l => l.Units.Select(u => (Layer: l, u.Cost, u.Weights))).OrderBy(u => u.Cost / Gain(u.Layer, u.Weights))];
        if (OptionShare(_context.Options) is { } share)
        {
            _context.Shares = SharesAt(share * total);
            return;
        }

        // Automatic: as much as accuracy bears where it is measured, else as much as the outputs bear.
        if (AccuracyCheck.CanHold(_context))
        {
            int step = AccuracyCheck.LastWithin(_graph, _context, AutomaticShare.Steps, step =>
            {
                PipelineContext tried = _context.Silent();
                tried.Shares = SharesAt(step * total / AutomaticShare.Steps);
                return Pipeline.Try(_graph, tried);
            });
            _context.Shares = SharesAt(step * total / AutomaticShare.Steps);
            return;
        }

        // Zeros that kernels skip save time as well.
        double Gain(Layer layer, int weights) => !_pattern.IsBlock ? weights
            : weights * ((1 / total) + (OperationWeight * layer.Shape.Batch * layer.Shape.Pixels / macs));

        double error = 0;
        _context.Shares = SharesAt(units.TakeWhile(u => (error += u.Cost) <= AutomaticShare.BearableError).Sum(u => (double)u.Weights));

        Dictionary<int, double> SharesAt(double wanted)
        {
            var gone = _layers.ToDictionary(l => l, _ => 0.0);
            double sum = 0;
            foreach ((Layer layer, _, int weights) in units)
            {
                if (sum + (weights / 2.0) > wanted) break;
                sum += weights;
                gone[layer] += weights;
            }

            return gone.Where(p => p.Value > 0).ToDictionary(p => p.Key.Node.Outputs[0], p => p.Value / p.Key.Weights);
        }
    }

    // The traces of all layers, in units of what they cost the outputs.
    private void Trace()
    {
        IReadOnlyList<TensorData>[] samples = _context.Samples!.Spread(MostSamples);
        var run = new LayerwiseRun(_graph, samples, _context.Options.Requantization, []);
        var changes = new List<LayerSensitivity.Change>();
        var costs = new List<double>();
        foreach (Layer layer in _layers)
        {
            while (run.Next < layer.Position) run.Step();
            TensorData[] inputs = run[layer.Node.Inputs[0]], sums = run.Sums(layer.Position);
            Value input = _graph.Values[layer.Node.Inputs[0]];
            (LayerSensitivity.Change change, double cost) = Trace(layer, new LayerRows(layer.Shape, input, inputs, MostRows), sums,
                FloatLayers.Weights(_graph, layer.Node));
            changes.Add(change);
            costs.Add(cost);
        }

        double[] errors = LayerSensitivity.Measure(_graph, _context, changes);
        for (int i = 0; i < _layers.Count; i++)
        {
            double factor = costs[i] > 0 ? errors[i] / costs[i] : 0;
            for (int u = 0; u < _layers[i].Units.Count; u++) _layers[i].Units[u] = (_layers[i].Units[u].Cost * factor, _layers[i].Units[u].Weights);
        }
    }

    // Fills the layer's units with what they cost its sums; gives the layer with some of them gone, and what that costs.
    private (LayerSensitivity.Change Change, double Cost) Trace(Layer layer, LayerRows rows, TensorData[] sums, double[] original)
    {
        ConvGeometry s = layer.Shape;
        int size = s.OutPerGroup * s.Taps;
        var weights = new double[original.Length];
        var bias = new double[s.OutChannels];
        double probe = OptionShare(_context.Options) is { } share ? Math.Clamp(share, 0.2, 0.8) : 0.4;
        var units = new (double Cost, int Weights)[s.Groups][];
        var costs = new double[s.Groups];
        Parallel.For(0, s.Groups, g =>
        {
            double[] own = original[(g * size)..((g + 1) * size)];
            PruningTrace[] traces;
            double[] kept, ownBias;
            if (s.Taps > GroupEvidence.MostInputs)
            {
                double[] variances = rows.Moments(g).Variances;
                traces = PruningTrace.OfIndependent(own, s.OutPerGroup, variances, _pattern);
                bool[] mask = Mask();
                (kept, ownBias) = ([.. own.Select((w, i) => mask[i] ? w : 0)], []);
            }
            else
            {
                LayerStatistics statistics = GroupEvidence.Of(rows, g, sums, s, own, new double[s.OutPerGroup]).All;
                LayerProblem problem = LayerProblem.Of(statistics, own, refit: false);
                traces = PruningTrace.Of(problem, _pattern, Most);
                kept = MaskedLeastSquares.Solve(problem, Mask());
                ownBias = statistics.Bias(kept);
            }

            kept.CopyTo(weights, g * size);
            ownBias.CopyTo(bias, g * s.OutPerGroup);
            units[g] = [.. traces.SelectMany((trace, tile) => trace.Units.Select((unit, i) => (trace.Costs[i], SizeOf(tile, unit))))];
            costs[g] = PruningMask.Removed([traces], s.OutPerGroup, s.Taps, _pattern, probe).Sum(u => u.Cost);

            bool[] Mask() => PruningMask.Choose([traces], s.OutPerGroup, s.Taps, _pattern, probe)[0];

            int SizeOf(int tile, int unit) => _pattern.SizeOf(tile, unit, s.OutPerGroup, s.Taps) is var (r, c) ? r * c : 0;
        });
        layer.Units.AddRange(units.SelectMany(u => u).OrderBy(u => u.Cost));
        return (LayerSensitivity.Change.Of(_graph, layer.Position, weights, s.Taps <= GroupEvidence.MostInputs ? bias : null), costs.Sum());
    }

    private void Report(double total)
    {
        double gone = _layers.Sum(l => _context.Shares.GetValueOrDefault(l.Node.Outputs[0]) * l.Weights);
        string shares = string.Join(", ", _layers.Select(l => string.Create(CultureInfo.InvariantCulture,
            $"{l.Node.ShortName} {100 * _context.Shares.GetValueOrDefault(l.Node.Outputs[0]):0}")));
        _context.Note(string.Create(CultureInfo.InvariantCulture,
            $"Pruning {_pattern} removes {100 * gone / Math.Max(1, total):0.0} % of the weights{(shares.Length > 0 ? $"; in % by layer: {shares}" : "")}."));
    }

    /// <summary>The share that the options ask for; null when it is to be found.</summary>
    /// <exception cref="ModelCompilationException">MC9002: neither a share nor Auto.</exception>
    public static double? OptionShare(CompilationOptions options) => CompressionChoice.Share(options.Sparsity, nameof(CompilationOptions.Sparsity),
        "Give the share of weights that become zero, more than 0 and less than 1, such as 0.5; or Auto.");
}
