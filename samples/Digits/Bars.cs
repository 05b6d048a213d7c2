using System.Globalization;

namespace Digits;

/// <summary>A bar chart of the ten probabilities in text.</summary>
internal static class Bars
{
    private const int Width = 16;
    private const string Eighths = "▏▎▍▌▋▊▉█";

    /// <summary>One line of the chart: the digit, its bar, and the probability in percent; always the same length.</summary>
    public static string Line(int digit, float probability)
    {
        int eighths = (int)MathF.Round(8 * Width * Math.Clamp(probability, 0, 1));
        string bar = new('█', eighths / 8);
        if (eighths % 8 > 0)
            bar += Eighths[eighths % 8 - 1];
        return string.Create(CultureInfo.InvariantCulture, $"{digit} {bar.PadRight(Width)} {100 * probability,5:F1} %");
    }
}
