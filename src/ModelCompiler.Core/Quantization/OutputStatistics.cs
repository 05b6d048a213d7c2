using ModelCompiler.Core.Graph;
using ModelCompiler.Core.Operators;

namespace ModelCompiler.Core.Quantization;

/// <summary>Sums over samples of an output of the compiled network and the original's.</summary>
internal sealed class OutputStatistics
{
    private readonly string _name;
    private readonly Value _from;
    private readonly Value _value;
    private readonly int? _classes;
    private readonly List<double> _margins = [], _changed = [];
    private double _error, _power;
    private long _count;

    /// <summary>Starts with no samples.</summary>
    /// <param name="original">The original network.</param>
    /// <param name="compiled">The compiled one.</param>
    /// <param name="output">Number of the output.</param>
    public OutputStatistics(ModelGraph original, ModelGraph compiled, int output)
    {
        (_name, _from, _value) = (original.OutputNames[output], original.Values[original.Outputs[output]], compiled.Values[compiled.Outputs[output]]);
        int[] axes = [.. _from.Shape.Where(d => d > 1)];
        // As many elements as an input has are its reconstruction.
        if (_from.Type.IsFloat() && axes.Length == 1 && original.InputValues.All(i => i.Shape.Elements != axes[0])) _classes = axes[0];
    }

    /// <summary>Adds a sample.</summary>
    public void Add(TensorData expected, TensorData actual)
    {
        (int best, int second, int chosen) = (-1, -1, 0);
        double[] x = new double[expected.Count], y = new double[expected.Count];
        for (int i = 0; i < x.Length; i++)
        {
            (x[i], y[i]) = (QuantizedSample.Real(expected, _from, i), QuantizedSample.Real(actual, _value, i));
            if (double.IsFinite(x[i]))
            {
                _error += (x[i] - y[i]) * (x[i] - y[i]);
                _power += x[i] * x[i];
                _count++;
            }

            if (best < 0 || x[i] > x[best]) (best, second) = (i, best);
            else if (second < 0 || x[i] > x[second]) second = i;
            if (y[i] > y[chosen]) chosen = i;
        }

        if (_classes is null) return;
        _margins.Add(x[best] - x[second]);
        if (chosen != best) _changed.Add(x[best] - x[second]);
    }

    /// <summary>What there is to say.</summary>
    public OutputFacts ToFacts() => new()
    {
        Name = _name,
        RelativeError = ValueStatistics.Relative(_error, _power),
        Classes = _classes,
        Changed = _changed.Count,
        Margin = Median(_margins),
        MarginOfChanged = Median(_changed),
        Error = _count > 0 ? Math.Sqrt(_error / _count) : 0,
    };

    private static double? Median(List<double> numbers) => numbers.Count == 0 ? null : numbers.Order().ElementAt(numbers.Count / 2);
}
