using System.Numerics;

namespace ModelCompiler.Conformance.Tests.Speech;

/// <summary>
/// The audio front end of the "micro speech" example of TensorFlow Lite Micro: 49 × 40 features of a second of sound, one row for every 20 ms.
/// Written from its public definition, in integers but for the logarithm, so that nearly all features are those of a device.
/// </summary>
internal sealed class FeatureExtractor
{
    public const int SampleRate = 16000, Channels = 40;

    private const int Window = SampleRate * 30 / 1000, Stride = SampleRate * 20 / 1000, Transform = 512;

    // Bits behind the binary point of windows and filters, and of what is known about the noise.
    private const int CoefficientBits = 12, NoiseBits = 14, SmoothingBits = 10;

    // The square root halves the filters' bits and the transform is divided by its length; this puts numbers back to the scale of the samples.
    private const int CorrectionBits = 3;

    private const int GainBits = 21, SnrBits = 12, GainOutputBits = 6, LogBits = 6;

    private static readonly int[] Hann = [.. Enumerable.Range(0, Window).Select(i => Fixed(0.5 - (0.5 * Math.Cos(2 * Math.PI * (i + 0.5) / Window))))];

    private static readonly (int Channel, int Falling, int Rising)[] Filters = MelFilters(125, 7500);

    private readonly uint[] _noise = new uint[Channels];

    /// <summary>Features of a recording, row by row; the noise is learnt from its beginning on.</summary>
    public static sbyte[] Features(ReadOnlySpan<short> samples)
    {
        var extractor = new FeatureExtractor();
        var features = new List<sbyte>();
        for (int start = 0; start + Window <= samples.Length; start += Stride)
        {
            features.AddRange(extractor.Frame(samples.Slice(start, Window)).Select(f => (sbyte)Math.Clamp((((f * 256) + 333) / 666) - 128, -128, 127)));
        }

        return [.. features];
    }

    private int[] Frame(ReadOnlySpan<short> samples)
    {
        var windowed = new int[Window];
        for (int i = 0; i < Window; i++) windowed[i] = (samples[i] * Hann[i]) >> CoefficientBits;
        int shift = 15 - MostSignificantBit((uint)windowed.Max(Math.Abs));
        (int Real, int Imaginary)[] spectrum = FixedPointTransform.OfReals([.. windowed.Select(w => w << shift), .. new int[Transform - Window]]);
        uint[] signal = Filter(spectrum, shift);
        ReduceNoise(signal);
        for (int i = 0; i < Channels; i++) signal[i] = Shrink((uint)(((ulong)signal[i] * (uint)Gain(_noise[i])) >> (GainBits - CorrectionBits - SnrBits)));
        return [.. signal.Select(s => s << CorrectionBits).Select(s => s > 1 ? (int)Math.Min(ushort.MaxValue, Math.Round(Math.Log(s) * (1 << LogBits))) : 0)];
    }

    // Energy under each triangle of the mel scale, as amplitude.
    private static uint[] Filter((int Real, int Imaginary)[] spectrum, int shift)
    {
        var energy = new ulong[Channels + 1];
        for (int bin = 0; bin < Filters.Length; bin++)
        {
            (int channel, int falling, int rising) = Filters[bin];
            if (channel < 0) continue;
            (long real, long imaginary) = spectrum[bin];
            ulong power = (ulong)((real * real) + (imaginary * imaginary));
            energy[channel] += power * (uint)falling;
            if (channel < Channels) energy[channel + 1] += power * (uint)rising;
        }

        // The first triangle only falls and is no channel.
        return [.. energy.Skip(1).Select(e => (uint)Math.Round(Math.Sqrt(e)) >> shift)];
    }

    // Takes away a running mean of each channel, but leaves a twentieth of the signal.
    private void ReduceNoise(uint[] signal)
    {
        const uint even = (uint)(0.025 * (1 << NoiseBits)), odd = (uint)(0.06 * (1 << NoiseBits)), remaining = (uint)(0.05 * (1 << NoiseBits));
        for (int i = 0; i < Channels; i++)
        {
            ulong smoothing = i % 2 == 0 ? even : odd;
            ulong scaled = (ulong)signal[i] << SmoothingBits;
            _noise[i] = (uint)(((scaled * smoothing) + (_noise[i] * ((1UL << NoiseBits) - smoothing))) >> NoiseBits);
            ulong cleaned = (scaled - Math.Min(scaled, _noise[i])) >> SmoothingBits;
            signal[i] = (uint)Math.Max(cleaned, ((ulong)signal[i] * remaining) >> NoiseBits);
        }
    }

    // Louder surroundings, less gain: a power law, of which parabolas between powers of two are what devices compute.
    private static int Gain(uint noise)
    {
        if (noise <= 2) return Exact(noise);
        int octave = MostSignificantBit(noise);
        uint start = 1u << (octave - 1);
        int low = Exact(start), middle = Exact(start + (start / 2)), high = Exact(2 * (double)start);
        int linear = (4 * (middle - low)) - (high - low), square = high - low - linear;
        int fraction = (int)(octave < 11 ? noise << (11 - octave) : noise >> (octave - 11)) & 0x3FF;
        return ((((((square * fraction) >> 5) + (linear << 5)) * fraction) + (1 << 14)) >> 15) + low;

        static int Exact(double noise) => (int)Math.Min(short.MaxValue,
            ((1 << GainBits) * Math.Pow((noise / (1 << (SmoothingBits - CorrectionBits))) + 80, -0.95)) + 0.5);
    }

    // Square of small ratios, which grows into a straight line.
    private static uint Shrink(uint ratio) => ratio < 2u << SnrBits
        ? (ratio * ratio) >> (2 + (2 * SnrBits) - GainOutputBits)
        : (ratio >> (SnrBits - GainOutputBits)) - (1u << GainOutputBits);

    // For every bin of the spectrum the triangle in whose falling half it lies (the next one rises there), with both weights; −1 outside the band.
    private static (int Channel, int Falling, int Rising)[] MelFilters(double low, double high)
    {
        const double hertzPerBin = SampleRate / 2.0 / (Transform / 2);
        double spacing = (Mel(high) - Mel(low)) / (Channels + 1);
        int first = (int)(1.5 + (low / hertzPerBin));
        return [.. Enumerable.Range(0, (Transform / 2) + 1).Select(bin =>
        {
            double position = (Mel(bin * hertzPerBin) - Mel(low)) / spacing;
            int channel = (int)Math.Ceiling(position) - 1;
            if (bin < first || channel > Channels) return (-1, 0, 0);

            double falling = channel + 1 - position;
            return (Math.Max(channel, 0), Fixed(falling), Fixed(1 - falling));
        })];

        static double Mel(double hertz) => 1127 * Math.Log(1 + (hertz / 700));
    }

    private static int Fixed(double weight) => (int)Math.Floor((weight * (1 << CoefficientBits)) + 0.5);

    private static int MostSignificantBit(uint value) => 32 - BitOperations.LeadingZeroCount(value);
}
