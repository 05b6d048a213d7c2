using System.Globalization;
using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>Compares the quantised network with the float network on calibration samples, and says where it is lost when it is.</summary>
internal static class QuantizationCheck
{
    private const int MostSamples = 8;

    /// <summary>‖quantised − float‖ ÷ ‖float‖ of an output above which the user is warned.</summary>
    private const double Warning = 0.1;

    /// <summary>Checks on the samples of the context; the graph stays as it is.</summary>
    public static ModelGraph Run(ModelGraph original, ModelGraph quantised, PipelineContext context)
    {
        Run(original, quantised, context.Samples!.Spread(MostSamples), context.Options.Requantization, context.Diagnostics);
        return quantised;
    }

    /// <summary>The node in which most of the error on the calibration samples arises; null when there are no samples or no error.</summary>
    public static string? WorstNode(ModelGraph original, ModelGraph quantised, PipelineContext context)
    {
        if (context.Samples is null) return null;
        var errors = new Errors(original, quantised);
        foreach (IReadOnlyList<TensorData> sample in context.Samples.Spread(MostSamples)) errors.Add(sample, context.Options.Requantization);
        return errors.Worst()?.Label;
    }

    /// <summary>Adds a warning MC3008 for every output that differs much.</summary>
    /// <exception cref="ModelCompilationException">MC3007: an output is not a number where that of the float network is.</exception>
    public static void Run(ModelGraph original, ModelGraph quantised, IReadOnlyList<IReadOnlyList<TensorData>> samples, RequantizationMode mode, DiagnosticBag diagnostics)
    {
        var errors = new Errors(original, quantised);
        foreach (IReadOnlyList<TensorData> sample in samples) errors.Add(sample, mode);
        for (int i = 0; i < original.Outputs.Length; i++)
        {
            double error = errors.OfOutput(i);
            string name = original.OutputNames[i];
            string worst = errors.Worst() is { } node ? $" Most of it arises in {node.Label}." : "";
            if (double.IsNaN(error))
            {
                throw new ModelCompilationException(
                    "MC3007", $"Output '{name}' of the quantised network is not a number for a calibration sample, for which the float network gives one.{worst}", "Compile the model to Float32, or report the model.");
            }

            if (error <= Warning) continue;
            diagnostics.Warn(
                "MC3008", string.Create(CultureInfo.InvariantCulture, $"Output '{name}' of the quantised network differs from the float network's by {100 * error:0.0} % on calibration samples.{worst}"),
                $"Give representative calibration samples, try {OptionText.Set(nameof(CompilationOptions.CalibrationMethod), "MinMax")} or {OptionText.Set(nameof(CompilationOptions.WeightBits), "8")}, or compile the model to Float32.");
        }
    }

    private sealed class Errors(ModelGraph original, ModelGraph quantised)
    {
        // Values keep their names; what computes them in integers comes first, conversions of the same name after.
        private readonly Dictionary<string, int> _twins = quantised.Nodes.Where(n => n.Operator is not (Quantize or Dequantize)).SelectMany(n => n.Outputs)
            .GroupBy(o => quantised.Values[o].Name).Where(g => g.Count() == 1).ToDictionary(g => g.Key, g => g.First());

        private readonly Dictionary<int, Node> _producers = original.Producers();
        private readonly Dictionary<int, (double Error, double Power)> _sums = [];
        private readonly (double Error, double Power)[] _outputs = new (double, double)[original.Outputs.Length];

        public void Add(IReadOnlyList<TensorData> sample, RequantizationMode mode)
        {
            var seen = new Dictionary<int, TensorData>();
            IReadOnlyList<TensorData> results = new ReferenceInterpreter(quantised, mode).Run([.. sample.Select((data, j) => QuantizedSample.Integers(data, quantised.Values[quantised.Inputs[j]]))], (value, data) => seen[value.Id] = data);
            IReadOnlyList<TensorData> expected = new ReferenceInterpreter(original, mode).Run(sample, (value, data) =>
            {
                if (data.Type != ElementType.Float32 || !_twins.TryGetValue(value.Name, out int twin) || quantised.Values[twin].Shape != value.Shape) return;
                _sums[value.Id] = Sum(_sums.GetValueOrDefault(value.Id), value, data, seen[twin], quantised.Values[twin]);
            });
            for (int i = 0; i < _outputs.Length; i++) _outputs[i] = Sum(_outputs[i], original.Values[original.Outputs[i]], expected[i], results[i], quantised.Values[quantised.Outputs[i]]);
        }

        public double OfOutput(int output) => Relative(_outputs[output]);

        // The node whose output has the largest error beyond that of its inputs.
        public Node? Worst() => original.Nodes.Select(n => (Node: n, Loss: Loss(n))).Where(p => p.Loss > 0 || double.IsNaN(p.Loss)).OrderByDescending(p => double.IsNaN(p.Loss) ? double.MaxValue : p.Loss).FirstOrDefault().Node;

        private double Loss(Node node)
        {
            if (!_sums.TryGetValue(node.Outputs[0], out (double, double) sums)) return 0;
            double before = Before(node);
            return double.IsNaN(before) ? 0 : Relative(sums) - before;
        }

        // Values that have no twin hand on the error of what they were computed from.
        private double Before(Node node) => node.Inputs.Select(i => _sums.TryGetValue(i, out (double, double) sums) ? Relative(sums)
            : _producers.TryGetValue(i, out Node? producer) ? Before(producer) : 0).DefaultIfEmpty(0).Max();

        private static double Relative((double Error, double Power) sums) => sums.Power > 0 ? Math.Sqrt(sums.Error / sums.Power) : sums.Error > 0 ? 1 : sums.Error;

        private static (double, double) Sum((double Error, double Power) sums, Value from, TensorData expected, TensorData actual, Value value)
        {
            for (int i = 0; i < expected.Count; i++)
            {
                double x = QuantizedSample.Real(expected, from, i), y = QuantizedSample.Real(actual, value, i);
                if (double.IsFinite(x)) sums = (sums.Error + ((x - y) * (x - y)), sums.Power + (x * x));
            }

            return sums;
        }
    }
}
