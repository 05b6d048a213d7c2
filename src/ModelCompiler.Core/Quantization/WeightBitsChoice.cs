using System.Globalization;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>
/// Chooses between weights of 8 and of 7 bits where the user leaves it open. Products of bytes with 7-bit weights need no precautions against overflow, which makes
/// them faster on x64; 7 bits are taken when the network's outputs stay as close to the float network's on calibration samples, within a tolerance.
/// </summary>
internal static class WeightBitsChoice
{
    /// <summary>Weights of 7 bits may raise the mean square error of the outputs by this factor: less than a tenth of a bit of activations.</summary>
    private const double Tolerance = 1.2;

    private const int MostSamples = 16;

    /// <summary>Returns the better of the two networks, with what quantising it had to say.</summary>
    public static ModelGraph Choose(ModelGraph original, Func<int, Action<string>, ModelGraph> quantise, IReadOnlyList<IReadOnlyList<TensorData>> samples, RequantizationMode mode, Action<string> note)
    {
        List<string> notesOfEight = [], notesOfSeven = [];
        ModelGraph eight = quantise(8, notesOfEight.Add), seven = quantise(7, notesOfSeven.Add);
        var errors = new double[2];
        double power = 0;
        int step = Math.Max(1, samples.Count / MostSamples);
        for (int i = 0; i < samples.Count && i / step < MostSamples; i += step)
        {
            double[] expected = Outputs(original, samples[i]);
            power += expected.Sum(x => x * x);
            errors[0] += Error(expected, Outputs(eight, samples[i]));
            errors[1] += Error(expected, Outputs(seven, samples[i]));
        }

        bool isSeven = errors[1] <= errors[0] * Tolerance;
        foreach (string text in isSeven ? notesOfSeven : notesOfEight) note(text);
        note(string.Create(CultureInfo.InvariantCulture, $"Weights have {(isSeven ? 7 : 8)} bits: relative error of the outputs {Relative(errors[1]):0.0000} with 7 bits, {Relative(errors[0]):0.0000} with 8."));
        return isSeven ? seven : eight;

        double Relative(double error) => power > 0 ? Math.Sqrt(error / power) : 0;

        double[] Outputs(ModelGraph graph, IReadOnlyList<TensorData> sample)
        {
            IReadOnlyList<TensorData> inputs = [.. sample.Select((data, j) => QuantizedSample.Integers(data, graph.Values[graph.Inputs[j]]))];
            IReadOnlyList<TensorData> outputs = new ReferenceInterpreter(graph, mode).Run(inputs);
            return [.. outputs.SelectMany((data, j) => Real(data, graph.Values[graph.Outputs[j]]))];
        }
    }

    private static double Error(double[] expected, double[] actual) => expected.Zip(actual, (x, y) => (x - y) * (x - y)).Sum();

    private static IEnumerable<double> Real(TensorData data, Value value) => Enumerable.Range(0, data.Count).Select(i => QuantizedSample.Real(data, value, i));
}
