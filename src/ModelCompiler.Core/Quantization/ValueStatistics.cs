using ModelCompiler.CodeGen.Plan;
using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Quantization;

/// <summary>Sums over samples of a compiled value and the original's that it stands for. The same samples in the same order give the same bits.</summary>
/// <param name="from">The original's value; null without an original.</param>
/// <param name="value">The compiled one.</param>
/// <param name="natural">Ends of the integers' range, low and high, at which values stand by their nature, as zeros do after a rectifier.</param>
internal sealed class ValueStatistics(Value? from, Value value, (bool Low, bool High) natural)
{
    private const int LeastForPercentile = 1000;
    private const int LeastPerChannel = 8;
    private const double Percentile = 0.999;

    // Magnitudes by exponent and five bits of the fraction, which is a resolution of 3 %.
    private const int MagnitudeShift = 18;

    private readonly long[] _magnitudes = new long[1 << (31 - MagnitudeShift)];
    private readonly bool[]? _steps = value.IsAffine && value.Type.IsByte() ? new bool[256] : null;
    private readonly Spans _expected = new(ChannelsOf(value.Shape)), _actual = new(ChannelsOf(value.Shape));
    private double _error, _power, _actualPower, _product, _cutError;
    private long _count, _cut;

    /// <summary>The original's value; null without an original.</summary>
    public Value? From => from;

    /// <summary>The compiled one.</summary>
    public Value Value => value;

    /// <summary>‖compiled − original‖ ÷ ‖original‖.</summary>
    public double RelativeError => Relative(_error);

    /// <summary>Number of channels: the last dimension.</summary>
    public static int ChannelsOf(Shape shape) => shape.Rank == 0 ? 1 : Math.Max(1, shape[shape.Rank - 1]);

    /// <summary>Adds a sample.</summary>
    public void Add(TensorData? expected, TensorData actual)
    {
        int channels = ChannelsOf(value.Shape);
        (int low, int high) = value.IsAffine ? (value.Type.MinValue(), value.Type.MaxValue()) : (0, 0);
        (double scale, double zero) = value.IsAffine ? (value.Q.Scale, value.Q.ZeroPoint) : (1, 0);
        double least = ((low - zero) * scale) - scale, most = ((high - zero) * scale) + scale;
        for (int i = 0, channel = 0; i < actual.Count; i++, channel = channel + 1 == channels ? 0 : channel + 1)
        {
            double raw = actual.ToDouble(i), y = (raw - zero) * scale;
            double x = expected is null ? y : QuantizedSample.Real(expected, from!, i);
            if (!double.IsFinite(x)) continue;
            double error = (x - y) * (x - y);
            _count++;
            _error += error;
            _power += x * x;
            _actualPower += y * y;
            _product += x * y;
            _expected.Add(channel, x);
            _actual.Add(channel, y);
            _magnitudes[BitConverter.SingleToUInt32Bits((float)Math.Abs(x)) >> MagnitudeShift]++;
            if (_steps is not null) _steps[(int)raw - low] = true;
            if (!value.IsAffine || (raw != low && raw != high)) continue;
            bool isCut = expected is not null ? (raw == low ? x < least : x > most) : (raw == low ? !natural.Low : !natural.High);
            if (!isCut) continue;
            _cut++;
            _cutError += error;
        }
    }

    /// <summary>The facts that need nothing but the value.</summary>
    public LayerFacts Complete(LayerFacts facts)
    {
        int first = _steps is null ? 0 : Math.Max(0, Array.IndexOf(_steps, true)), last = _steps is null ? 0 : Array.LastIndexOf(_steps, true);
        return facts with
        {
            RelativeError = from is null ? null : RelativeError,
            Cosine = from is null || !(_power > 0) || !(_actualPower > 0) ? null : _product / Math.Sqrt(_power * _actualPower),
            Saturated = value.IsAffine && _count > 0 ? (double)_cut / _count : null,
            CutError = from is null ? null : Relative(_cutError),
            Channels = _actual.Count,
            DeadChannels = _count >= (long)LeastPerChannel * _actual.Count ? Enumerable.Range(0, _actual.Count)
            .Count(c => _actual.IsConstant(c) && (from is null || !_expected.IsConstant(c))) : null,
            OutlierRatio = OutlierRatio(),
            RangeUsed = _steps is null ? null : _steps.Count(s => s) / 256.0,
            RangeSpanned = _steps is null ? null : (last - first + 1) / 256.0,
            Min = _count > 0 ? _expected.Min : 0,
            Max = _count > 0 ? _expected.Max : 0,
            RangeMin = value.IsAffine ? ((double)value.Type.MinValue() - value.Q.ZeroPoint) * value.Q.Scale : null,
            RangeMax = value.IsAffine ? ((double)value.Type.MaxValue() - value.Q.ZeroPoint) * value.Q.Scale : null,
            Elements = _count,
        };
    }

    /// <summary>The relative error of sums of squares.</summary>
    public static double Relative(double error, double power) => power > 0 ? Math.Sqrt(error / power) : error > 0 ? 1 : error;

    private double Relative(double error) => Relative(error, _power);

    private double? OutlierRatio()
    {
        if (_count < LeastForPercentile) return null;
        long above = (long)(_count * (1 - Percentile));
        int bin = _magnitudes.Length - 1;
        for (long seen = _magnitudes[bin]; seen <= above && bin > 0; seen += _magnitudes[bin]) bin--;
        double percentile = BitConverter.UInt32BitsToSingle((uint)(bin + 1) << MagnitudeShift),
            largest = Math.Max(Math.Abs(_expected.Min), Math.Abs(_expected.Max));
        return bin > 0 && double.IsFinite(percentile) ? Math.Max(1, largest / percentile) : null;
    }

    // The smallest and largest number of every channel.
    private sealed class Spans(int channels)
    {
        private readonly double[] _min = [.. Enumerable.Repeat(double.PositiveInfinity, channels)],
            _max = [.. Enumerable.Repeat(double.NegativeInfinity, channels)];

        public int Count => channels;

        public double Min => _min.Min();

        public double Max => _max.Max();

        public void Add(int channel, double x)
        {
            if (x < _min[channel]) _min[channel] = x;
            if (x > _max[channel]) _max[channel] = x;
        }

        public bool IsConstant(int channel) => _min[channel] == _max[channel];
    }
}
