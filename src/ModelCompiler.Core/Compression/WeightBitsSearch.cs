using System.Globalization;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.Core.Evaluation;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Compression;

/// <summary>
/// Gives every layer its own bits of weights. How much the outputs suffer when the weights of one layer alone are rounded is measured on samples;
/// every bit less costs four times the square error. So layers lose bits in the order of what a byte saved costs, until the weights fit
/// <see cref="CompilationOptions.MaxWeightBytes"/>, or, without a limit, as long as the outputs bear it.
/// </summary>
internal static class WeightBitsSearch
{
    private const int MeasuredBits = 4, FewestBits = 3, MostPackedBits = 6;

    // Without a limit: relative error of the outputs that roundings to nearest may add up to. Fitting halves it, so that a warning is far.
    private const double BearableError = 0.1;

    /// <summary>Changes the bits in the context when the precision is to be chosen.</summary>
    /// <exception cref="ModelCompilationException">MC5006: the fewest bits do not fit the limit.</exception>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        if (context.Options.Precision != Precision.Auto) return graph;
        Layer[] layers = [.. graph.Nodes.Select((n, i) => (n, i))
            .Where(p => context.WeightBits.ContainsKey(p.n.Outputs[0]) && context.Formats.Of(p.n) is null && !context.KeptFloat.Contains(p.n.Outputs[0])
                && graph.Values[p.n.Inputs[ILinearLayer.Weights]].Constant is not null)
            .Select(p => new Layer(p.i, p.n, WeightCount(graph, p.n)))];
        if (layers.Length == 0) return graph;
        double[] errors = LayerSensitivity.Measure(graph, context, [.. layers.Select(l => new LayerSensitivity.Change(l.Position,
            new Dictionary<int, TensorData> { [l.Node.Inputs[ILinearLayer.Weights]] = Rounded(graph.Values[l.Node.Inputs[ILinearLayer.Weights]]) }))]);
        List<Dictionary<int, int>> steps = Steps(layers, errors, context.WeightBits, context.Options.Clusters, out List<double> totals);
        int chosen = context.Options.MaxWeightBytes > 0 ? FirstThatFits(graph, context, steps)
            : AccuracyCheck.CanHold(context) ? LastThatIsAccurate(graph, context, steps)
            : totals.FindLastIndex(e => e <= BearableError * BearableError);
        context.WeightBits = steps[Math.Max(0, chosen)];
        context.Note(string.Create(CultureInfo.InvariantCulture,
            $"Weights have 3 to 8 bits, {layers.Sum(l => (double)l.Weights * context.WeightBits[l.Node.Outputs[0]]) / layers.Sum(l => (double)l.Weights):0.0} "
            + $"on average: {string.Join(", ", layers.GroupBy(l => context.WeightBits[l.Node.Outputs[0]]).OrderBy(g => g.Key)
                .Select(g => $"{g.Key} in {string.Join(", ", g.Select(l => l.Node.ShortName))}"))}."));
        return graph;
    }

    private sealed record Layer(int Position, Node Node, int Weights);

    private static int WeightCount(ModelGraph graph, Node node) => graph.Values[node.Inputs[ILinearLayer.Weights]].Shape.Elements;

    // Binary search: fewer bits never take more bytes, but for a little in tables.
    private static int FirstThatFits(ModelGraph graph, PipelineContext context, List<Dictionary<int, int>> steps)
    {
        (int low, int high) = (0, steps.Count - 1);
        long least = Bytes(high);
        if (least > context.Options.MaxWeightBytes)
        {
            throw new ModelCompilationException(
                "MC5006", string.Create(CultureInfo.InvariantCulture,
                    $"The weights take {least} bytes with {FewestBits} bits each, more than the {context.Options.MaxWeightBytes} that "
                    + $"{OptionText.Of(nameof(CompilationOptions.MaxWeightBytes))} allows."),
                "Allow more, or use a smaller network.");
        }

        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Bytes(middle) <= context.Options.MaxWeightBytes) high = middle;
            else low = middle + 1;
        }

        return high;

        long Bytes(int step)
        {
            PipelineContext tried = context.Silent(context.Options with { MaxWeightBytes = 0, MaxArenaBytes = 0 });
            tried.WeightBits = steps[step];
            return Pipeline.WeightBytes(graph, tried);
        }
    }

    private static int LastThatIsAccurate(ModelGraph graph, PipelineContext context, List<Dictionary<int, int>> steps) =>
        AccuracyCheck.LastWithin(graph, context, steps.Count, step =>
        {
            PipelineContext tried = context.Silent();
            tried.WeightBits = steps[step];
            return Pipeline.Try(graph, tried);
        });

    // From the bits that the context has to the fewest in all layers, each step what saves a byte at the least cost; and what the roundings add up to.
    private static List<Dictionary<int, int>> Steps(Layer[] layers, double[] errors, Dictionary<int, int> start, int clusters, out List<double> totals)
    {
        var bits = new Dictionary<int, int>(start);
        List<Dictionary<int, int>> steps = [new(bits)];
        totals = [layers.Select((l, i) => Error(i, bits[l.Node.Outputs[0]])).Sum()];
        while (true)
        {
            int best = -1;
            double least = double.PositiveInfinity;
            for (int i = 0; i < layers.Length; i++)
            {
                int now = bits[layers[i].Node.Outputs[0]];
                if (now <= FewestBits) continue;
                double cost = (Error(i, Next(now)) - Error(i, now)) / Math.Max(1, Bytes(i, now) - Bytes(i, Next(now)));
                if (cost < least) (best, least) = (i, cost);
            }

            if (best < 0) return steps;
            int id = layers[best].Node.Outputs[0];
            bits[id] = Next(bits[id]);
            steps.Add(new(bits));
            totals.Add(layers.Select((l, i) => Error(i, bits[l.Node.Outputs[0]])).Sum());
        }

        double Error(int layer, int b) => errors[layer] * Math.Pow(4, MeasuredBits - b);

        // Weights that share few values are stored as indices when these have fewer bits.
        int Bytes(int layer, int b)
        {
            int packed = clusters > 0 ? Math.Min(b, WeightCodebook.BitsOf(Enumerable.Range(0, clusters))) : b;
            return packed > MostPackedBits ? layers[layer].Weights : NarrowWeights.PackedBytes(layers[layer].Weights, packed);
        }

        static int Next(int b) => Math.Min(b - 1, MostPackedBits);
    }

    private static TensorData Rounded(Value weights)
    {
        double[] real = Array.ConvertAll(weights.Constant!.ToFloats(), w => (double)w);
        WeightGrid grid = WeightGrid.Of(MeasuredBits);
        int taps = Math.Max(1, real.Length / Math.Max(1, weights.Shape[0]));
        var result = new float[real.Length];
        for (int start = 0; start < real.Length; start += taps)
        {
            double scale = grid.BestScale(real.AsSpan(start, taps));
            for (int i = start; i < start + taps; i++) result[i] = (float)(grid.Round(real[i], scale) * scale);
        }

        return TensorData.Of(weights.Shape, result);
    }
}
