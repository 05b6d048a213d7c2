using System.Collections.Immutable;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Makes layers thinner, chains of thinner ones, or layers that no longer read some of their inputs: layer after layer, each sees what the thinner network
/// before it really gives, and the weights that stay, and those of every other layer that follows, are fitted to what the original computes there. What is
/// made up for in one layer is not an error of the next.
/// </summary>
internal sealed class ThinningFit
{
    private readonly ModelGraph _graph;
    private readonly IReadOnlyDictionary<int, RankChoice> _choices;
    private readonly IReadOnlyDictionary<int, bool[]> _keptTaps;
    private readonly GraphEditor _editor;
    private readonly LayerwiseRun _original;
    private readonly LayerwiseRun _thin;
    private readonly ILookup<int, Node> _consumers;
    private readonly HashSet<int> _alone;

    // Values that are others than in the original.
    private readonly HashSet<int> _changed = [];

    private ThinningFit(ModelGraph graph, PipelineContext context, IReadOnlyDictionary<int, RankChoice> choices, IReadOnlyDictionary<int, bool[]> keptTaps)
    {
        (_graph, _choices, _keptTaps, _editor, _consumers) = (graph, choices, keptTaps, new GraphEditor(graph), graph.Consumers());
        _alone = FloatLayers.UsedOnce(graph);
        IReadOnlyList<TensorData>[] samples = context.Samples!.Spread(FitWeights.MostSamples(graph));
        _original = new LayerwiseRun(graph, samples, context.Options.Requantization, []);
        _thin = new LayerwiseRun(graph, samples, context.Options.Requantization, []);
    }

    /// <summary>The network with chains. Its values keep the numbers that they have in the original.</summary>
    /// <param name="graph">The original, in float.</param>
    /// <param name="context">Has the samples.</param>
    /// <param name="choices">Kinds and ranks, by the number of the value that a layer computes.</param>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context, IReadOnlyDictionary<int, RankChoice> choices) =>
        choices.Count == 0 ? graph : new ThinningFit(graph, context, choices, ImmutableDictionary<int, bool[]>.Empty).Fit();

    /// <summary>The network in which layers do not read some of their inputs: the weights there are zero. Values keep their numbers.</summary>
    /// <param name="graph">The original, in float.</param>
    /// <param name="context">Has the samples.</param>
    /// <param name="keptTaps">For a layer of one group, which of its inputs stay, by the number of the value that it computes.</param>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context, IReadOnlyDictionary<int, bool[]> keptTaps) =>
        keptTaps.Count == 0 ? graph : new ThinningFit(graph, context, ImmutableDictionary<int, RankChoice>.Empty, keptTaps).Fit();

    // Both networks go in step. A chain is run as the one layer that its factors multiply to.
    private ModelGraph Fit()
    {
        for (int i = 0; i < _graph.Nodes.Length; i++)
        {
            Node node = _graph.Nodes[i], changed = node;
            if (FloatLayers.Is(_graph, node) && _alone.Contains(node.Inputs[ILinearLayer.Weights]))
            {
                TensorData[] sums = _original.Sums(i), wanted = WithErrorOfOther(node, sums);
                ConvGeometry shape = FloatLayers.ShapeOf(_graph, node);
                bool isChosen = _choices.TryGetValue(node.Outputs[0], out RankChoice? choice) || _keptTaps.ContainsKey(node.Outputs[0]);
                bool canGain = !ReferenceEquals(sums, wanted) || _changed.Contains(node.Inputs[0]);
                if (isChosen || (canGain && shape.Taps <= GroupEvidence.MostInputs))
                    changed = Layer(node, shape, wanted, choice);
            }
            else
            {
                _original.Step();
            }

            if (!ReferenceEquals(changed, node) || node.Inputs.Any(_changed.Contains)) _changed.UnionWith(node.Outputs);
            _thin.Step(changed, id => _editor[id]);
        }

        return _editor.ToGraph();
    }

    private Node Layer(Node node, ConvGeometry shape, TensorData[] sums, RankChoice? choice)
    {
        Value input = _graph.Values[node.Inputs[0]], old = _graph.Values[node.Inputs[ILinearLayer.Weights]];
        var rows = new LayerRows(shape, input, _thin[input.Id]);
        double[] weights = FloatLayers.Weights(_graph, node);
        int size = shape.OutPerGroup * shape.Taps;
        double[] bias = FloatLayers.Bias(_graph, node, shape.OutChannels);
        Factor[] chain = [];
        bool[]? kept = _keptTaps.GetValueOrDefault(node.Outputs[0]);
        if (shape.Taps > GroupEvidence.MostInputs) ZeroInPlace(weights, kept!, bias, rows);
        else Parallel.For(0, shape.Groups, g =>
        {
            double[] own = weights[(g * size)..((g + 1) * size)];
            GroupEvidence evidence = GroupEvidence.Of(rows, g, sums, shape, own, new double[shape.OutPerGroup]);
            LayerProblem problem = Problem(evidence);
            double[] fitted = problem.Target;
            if (choice is not null)
                (chain, fitted) = Factorisation.Of(choice.Kind, new LayerToFactor(node.Operator, shape, problem.H, problem.Target)).At(choice);
            if (kept is not null) fitted = MaskedLeastSquares.Solve(problem, [.. Enumerable.Range(0, size).Select(i => kept[i % shape.Taps])]);
            fitted.CopyTo(weights, g * size);
            evidence.All.Bias(fitted).CopyTo(bias, g * shape.OutPerGroup);
        });
        Value newWeights = _editor.AddConstant(old.Name, Floats(old.Shape, weights)),
            newBias = _editor.AddConstant(FloatLayers.BiasName(_graph, node), Floats(new Shape(bias.Length), bias));
        Node changed = node with { Inputs = [input.Id, newWeights.Id, newBias.Id] };
        _editor.Replace(node, chain.Length == 0 ? [changed] : Chain(node, old.Name, chain, newBias.Id));
        return changed;
    }

    // The covariances of so many inputs would be too large: the bias makes up for the mean of what goes, and nothing for the rest.
    private static void ZeroInPlace(double[] weights, bool[] kept, double[] bias, LayerRows rows)
    {
        double[] means = rows.Moments(0).Means;
        for (int i = 0; i < weights.Length; i++)
        {
            if (kept[i % kept.Length]) continue;
            bias[i / kept.Length] += weights[i] * means[i % kept.Length];
            weights[i] = 0;
        }
    }

    // Weights are only fitted where samples that were set aside say that it is better.
    private static LayerProblem Problem(GroupEvidence evidence)
    {
        double[] fitted = LayerProblem.Of(evidence.Fit, evidence.Original, refit: true).Target;
        return Error(fitted) <= Error(evidence.Original) ? evidence.Problem : LayerProblem.Of(evidence.All, evidence.Original, refit: false);

        double Error(double[] weights) => evidence.Check.Error(weights, evidence.Fit.Bias(weights));
    }

    private Node[] Chain(Node node, string weights, Factor[] chain, int bias)
    {
        var nodes = new Node[chain.Length];
        int input = node.Inputs[0];
        string name = _graph.Values[node.Outputs[0]].Name;
        for (int i = 0; i < chain.Length; i++)
        {
            string part = $"/{(char)('a' + i)}";
            Value constant = _editor.AddConstant(weights + part, Floats(chain[i].Shape, chain[i].Weights));
            if (i == chain.Length - 1)
            {
                Operator last = ((IFusesActivation)chain[i].Operator).WithActivation(((IFusesActivation)node.Operator).Activation);
                nodes[i] = node with { Operator = last, Inputs = [input, constant.Id, bias] };
                break;
            }

            TensorType type = chain[i].Operator.Infer(new InferenceContext([_editor[input], constant]))[0];
            Value output = _editor.AddValue(name + part, type);
            nodes[i] = new Node(node.Name + part, node.Origin, chain[i].Operator, [input, constant.Id], [output.Id]);
            input = output.Id;
        }

        return nodes;
    }

    private static TensorData Floats(Shape shape, double[] values) => TensorData.Of(shape, Array.ConvertAll(values, v => (float)v));

    private TensorData[] WithErrorOfOther(Node node, TensorData[] sums) =>
        Residual.OtherTerm(node, node.Outputs[0], _consumers) is { } other && _changed.Contains(other) && _thin.Has(other) && _original.Has(other)
            && _graph.Values[other].TensorType == _graph.Values[node.Outputs[0]].TensorType
            ? Residual.WithErrorOf(sums, _original[other], _thin[other], _graph.Values[other]) : sums;
}
