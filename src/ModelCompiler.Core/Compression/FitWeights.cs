using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Chooses the weights of all layers in the format that each is to have (integers, zeros, shared values), and the biases, by what they do to real samples:
/// layer after layer, each sees what the compressed network before it really gives, and aims at what the float network computes there.
/// What is made up for in one layer is not an error of the next.
/// </summary>
internal sealed class FitWeights
{
    // What runs keep of all samples at once.
    private const long MostBytes = 3L << 28;

    private readonly ModelGraph _original;
    private readonly ModelGraph _quantised;
    private readonly PipelineContext _context;
    private readonly GraphEditor _editor;
    private readonly Dictionary<int, int> _layers;
    private readonly LayerwiseRun _float;
    private readonly LayerwiseRun _integer;
    private readonly ILookup<int, Node> _consumers;
    private readonly HashSet<int> _added;

    private FitWeights(ModelGraph original, ModelGraph quantised, PipelineContext context)
    {
        (_original, _quantised, _context, _editor, _consumers) = (original, quantised, context, new GraphEditor(quantised), quantised.Consumers());
        HashSet<int> alone = FloatLayers.UsedOnce(original);
        _layers = original.Nodes.Select((n, i) => (n, i)).Where(p => p.n.Operator is ILinearLayer && alone.Contains(p.n.Inputs[ILinearLayer.Weights]))
            .ToDictionary(p => p.n.Outputs[0], p => p.i);
        IReadOnlyList<TensorData>[] samples = context.Samples!.Spread(MostSamples(original));
        _added = [.. original.Nodes.Where(Residual.IsSum).SelectMany(n => n.Inputs).Where(i => original.Values[i].Constant is null)];
        _float = new LayerwiseRun(original, samples, context.Options.Requantization, _added);
        _integer = new LayerwiseRun(quantised, samples, context.Options.Requantization, []);
    }

    /// <summary>The graph with other weights, scales of weights and biases.</summary>
    /// <param name="original">The float network.</param>
    /// <param name="quantised">The same with layers that are quantised, as far as they are to be.</param>
    /// <param name="context">Has the samples, and says which values stand for which, and what formats weights are to have.</param>
    public static ModelGraph Run(ModelGraph original, ModelGraph quantised, PipelineContext context) =>
        context.Shares.Count + context.Options.Clusters > 0 || quantised.Nodes.Any(n => IsQuantisedLayer(quantised, n))
            ? new FitWeights(original, quantised, context).Fit() : quantised;

    private ModelGraph Fit()
    {
        double remaining = 0;
        int fitted = 0;
        foreach (Node node in _quantised.Nodes)
        {
            Node changed = node;
            if (node.Operator is ILinearLayer && _context.Originals.TryGetValue(node.Outputs[0], out int sums) && _layers.TryGetValue(sums, out int twin)
                && twin >= _float.Next && FormatOf(node, _original.Nodes[twin]) is { } format)
            {
                (changed, double left) = Layer(node, twin, format);
                remaining += left;
                fitted++;
            }

            _integer.Step(changed, id => _editor[id]);
            if (Residual.IsSum(node)) ForgetTerms(node);
        }

        if (fitted > 0)
        {
            _context.Note(string.Create(CultureInfo.InvariantCulture,
                $"Fitted the weights of {fitted} layers to {_integer.Samples} samples: on samples set aside, a layer's mean square error falls to "
                + $"{100 * remaining / fitted:0} % of what {(_context.Shares.Count > 0 ? "removing and " : "")}rounding each weight by itself gives."));
        }

        return _editor.ToGraph();
    }

    // Null when nothing is asked of the layer, or what it computes is neither in 8 bits nor in float.
    private LayerFormat? FormatOf(Node node, Node source)
    {
        WeightGrid? grid = IsQuantisedLayer(_quantised, node) ? WeightGrid.Of(_context.WeightBits[source.Outputs[0]]) : null;
        double share = _context.Shares.GetValueOrDefault(source.Outputs[0]);
        bool isAsked = share > 0 || _context.Options.Clusters > 0;
        return grid is not null || (isAsked && _quantised.Values[node.Outputs[0]].Type == ElementType.Float32)
            ? new(grid, share > 0 ? _context.Pattern : null, share, _context.Options.Clusters) : null;
    }

    private (Node Node, double Left) Layer(Node node, int twin, LayerFormat format)
    {
        Value input = _quantised.Values[node.Inputs[0]], weights = _quantised.Values[node.Inputs[ILinearLayer.Weights]],
            output = _quantised.Values[node.Outputs[0]];
        Node source = _original.Nodes[twin];
        ConvGeometry shape = ((ILinearLayer)node.Operator).Geometry(input.Shape, weights.Shape, output.Shape);
        TensorData[] sums = WithErrorOfOther(node, twin, _float.Sums(twin));
        var rows = new LayerRows(shape, input, _integer[input.Id]);
        double[] original = FloatLayers.Weights(_original, source), bias = FloatLayers.Bias(_original, source, shape.OutChannels);
        double[] leastScales = [.. bias.Select(b => format.Grid is null ? 0 : AffineRange.LeastWeightScale(b, input.Q.Scale))];
        GroupFit[] fits = LayerFit.Run(rows, sums, shape, original, bias, leastScales, format);
        (double before, double after) = (fits.Sum(f => f.ErrorBefore), fits.Sum(f => f.ErrorAfter));
        return (Put(node, input, weights, fits, format.Grid is not null), before > 0 ? after / before : 1);
    }

    private Node Put(Node node, Value input, Value weights, GroupFit[] fits, bool isQuantised)
    {
        float[] scales = [.. fits.SelectMany(f => f.Scales).Select(s => (float)s)], bias = [.. fits.SelectMany(f => f.Bias).Select(b => (float)b)];
        double[] values = [.. fits.SelectMany(f => f.Values)];
        QuantizationParameters? q = isQuantised ? new(scales.ToEquatableArray(), new int[scales.Length].ToEquatableArray()) : null;
        int taps = values.Length / Math.Max(1, scales.Length);
        Value newWeights = _editor.AddConstant(weights.Name, isQuantised
            ? new TensorData(ElementType.Int8, weights.Shape, Array.ConvertAll(values, v => unchecked((byte)(sbyte)v)))
            : TensorData.Of(weights.Shape, [.. values.Select((v, i) => (float)(v * scales[i / taps]))]), q);
        Value newBias = _editor.AddConstant(FloatLayers.BiasName(_quantised, node), q is null ? TensorData.Of(new Shape(bias.Length), bias)
            : TensorData.Of(new Shape(bias.Length), AffineRange.Bias(bias, input.Q, q)));
        Node changed = node with { Inputs = [input.Id, newWeights.Id, newBias.Id] };
        _editor.Replace(node, changed);
        return changed;
    }

    private TensorData[] WithErrorOfOther(Node node, int twin, TensorData[] sums)
    {
        if (Residual.OtherTerm(_original.Nodes[twin], node.Outputs[0], _consumers) is not { } other || !_integer.Has(other)
            || !_context.Originals.TryGetValue(other, out int expected) || !_float.Has(expected)) return sums;
        Value value = _quantised.Values[other];
        TensorData[] should = _float[expected];
        return (value.IsAffine || value.Type == ElementType.Float32) && value.Shape == _quantised.Values[node.Outputs[0]].Shape
            && should[0].Shape == value.Shape ? Residual.WithErrorOf(sums, should, _integer[other], value) : sums;
    }

    // Nothing after a sum needs its terms.
    private void ForgetTerms(Node sum)
    {
        foreach (int input in sum.Inputs.Where(i => _context.Originals.TryGetValue(i, out int term) && _added.Remove(term)))
            _float.Release(_context.Originals[input]);
    }

    private static bool IsQuantisedLayer(ModelGraph graph, Node node) => node.Operator is ILinearLayer && graph.Values[node.Outputs[0]].IsQuantized
        && graph.Values[node.Inputs[0]] is { IsQuantized: true, Q.IsPerTensor: true }
        && graph.Values[node.Inputs[ILinearLayer.Weights]] is { IsQuantized: true, Constant: not null };

    // Both networks keep a value until all that use it have been computed; twice the largest step is a fair guess of what that takes.
    internal static int MostSamples(ModelGraph graph)
    {
        long largest = graph.Nodes.Max(n => n.Inputs.Where(i => i >= 0 && graph.Values[i].Constant is null).Concat(n.Outputs)
            .Sum(i => (long)graph.Values[i].Shape.Elements * (sizeof(float) + 1)));
        return (int)Math.Clamp(MostBytes / (2 * Math.Max(1, largest)), 1, int.MaxValue);
    }
}
