using System.Diagnostics;

namespace Digits;

/// <summary>The compiled network together with its input and output, and a stopwatch.</summary>
internal sealed class Recognizer : IDisposable
{
    private readonly DigitClassifier _model = new();
    private readonly float[] _image = new float[Preprocess.Size * Preprocess.Size];
    private readonly float[] _probabilities = new float[10];

    /// <summary>What the network saw last: 28×28 values, row after row.</summary>
    public ReadOnlySpan<float> Image => _image;

    /// <summary>How likely each digit is; all zero when there was no ink.</summary>
    public ReadOnlySpan<float> Probabilities => _probabilities;

    /// <summary>The most likely digit, or null when there was no ink.</summary>
    public int? Digit { get; private set; }

    /// <summary>The median time of one inference.</summary>
    public double Microseconds { get; private set; }

    /// <summary>Recognises the ink, running the network <paramref name="runs"/> times to measure it.</summary>
    public void Recognize(GrayImage ink, int runs)
    {
        if (!Preprocess.Fit(ink, _image))
        {
            Array.Clear(_probabilities);
            (Digit, Microseconds) = (null, 0);
            return;
        }

        Span<long> ticks = stackalloc long[runs];
        foreach (ref long tick in ticks)
        {
            long start = Stopwatch.GetTimestamp();
            _model.Run(_image, _probabilities);
            tick = Stopwatch.GetTimestamp() - start;
        }

        ticks.Sort();
        Microseconds = ticks[runs / 2] * 1e6 / Stopwatch.Frequency;
        Digit = Array.IndexOf(_probabilities, _probabilities.Max());
    }

    public void Dispose() => _model.Dispose();
}
