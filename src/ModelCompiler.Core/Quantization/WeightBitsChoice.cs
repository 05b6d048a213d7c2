using System.Globalization;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Decides how many bits weights have: between 8 and 7 where the user leaves it open.
/// Products of bytes with 7-bit weights need no precautions against overflow, which makes them faster on x64; 7 bits are taken when the network's outputs stay
/// as close to the float network's on calibration samples, within a tolerance.
/// </summary>
internal static class WeightBitsChoice
{
    /// <summary>Weights of 7 bits may raise the mean square error of the outputs by this factor: less than a tenth of a bit of activations.</summary>
    private const double Tolerance = 1.2;

    private const int MostSamples = 16;

    // Layers that compute the network's results keep 8 bits where the others have this many or fewer: their errors are made up for by nothing,
    // and they are small.
    private const int FewBits = 4;

    /// <summary>Decides the bits of every layer's weights, as the options say, or measured on the context's samples.</summary>
    public static ModelGraph Run(ModelGraph graph, PipelineContext context)
    {
        int bits = context.Options.AskedWeightBits;
        if (bits == 0) bits = context.Options.Precision == Precision.Int16
            || !context.Isa.Has(Products.Bytes) || context.Isa.Has(Products.Quads) ? 8 : IsShared(context) ? 7 : Choose(graph, context);
        // Values that some layer depends on.
        var before = new HashSet<int>();
        foreach (Node node in graph.Nodes.Reverse().Where(n => n.Operator is ILinearLayer || n.Outputs.Any(before.Contains))) before.UnionWith(node.Inputs);
        Node[] layers = [.. graph.Nodes.Where(n => n.Operator is ILinearLayer)];
        Node[] last = [.. layers.Where(n => bits <= FewBits && layers.Length > 1 && !before.Contains(n.Outputs[0]))];
        last = [.. last.Where(n => context.Formats.WeightBits(n) == 0)];
        context.WeightBits = layers.ToDictionary(n => n.Outputs[0], n => context.Formats.WeightBits(n) is > 0 and var own ? own : last.Contains(n) ? 8 : bits);
        if (last.Length > 0) context.Note($"Weights of the last layers keep 8 bits: {string.Join(", ", last.Select(n => n.Label))}.");
        return graph;
    }

    // Rounding few values costs little beside sharing them. With 8 bits, products of bytes may need weights in two parts, which have values of their own.
    private static bool IsShared(PipelineContext context) => context.Options.Clusters is > 0 and <= 1 << WeightCodebook.MostBits;

    // 7 or 8.
    private static int Choose(ModelGraph original, PipelineContext context)
    {
        ModelGraph[] networks = [.. new[] { 8, 7 }.Select(bits =>
            PostTrainingQuantization.Run(original, context.Ranges, _ => bits, _ => { }, context.Formats))];
        var errors = new double[networks.Length];
        double power = 0;
        foreach (IReadOnlyList<TensorData> sample in context.Samples!.Spread(MostSamples))
        {
            double[] expected = Outputs(original, sample);
            power += expected.Sum(x => x * x);
            for (int i = 0; i < networks.Length; i++) errors[i] += Error(expected, Outputs(networks[i], sample));
        }

        int chosen = errors[1] <= errors[0] * Tolerance ? 7 : 8;
        context.Note(string.Create(CultureInfo.InvariantCulture,
            $"Weights have {chosen} bits: relative error of the outputs {Relative(errors[1]):0.0000} with 7 bits, {Relative(errors[0]):0.0000} with 8."));
        return chosen;

        double Relative(double error) => power > 0 ? Math.Sqrt(error / power) : 0;

        double[] Outputs(ModelGraph graph, IReadOnlyList<TensorData> sample)
        {
            IReadOnlyList<TensorData> inputs = [.. sample.Select((data, j) => QuantizedSample.Integers(data, graph.Values[graph.Inputs[j]]))];
            IReadOnlyList<TensorData> outputs = new ReferenceInterpreter(graph, context.Options.Requantization).Run(inputs);
            return [.. outputs.SelectMany((data, j) => Real(data, graph.Values[graph.Outputs[j]]))];
        }
    }

    private static double Error(double[] expected, double[] actual) => expected.Zip(actual, (x, y) => (x - y) * (x - y)).Sum();

    private static IEnumerable<double> Real(TensorData data, Value value) => Enumerable.Range(0, data.Count).Select(i => QuantizedSample.Real(data, value, i));
}
