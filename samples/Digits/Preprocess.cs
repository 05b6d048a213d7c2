namespace Digits;

/// <summary>
/// Brings any drawing into the form that the network was trained on, which is that of MNIST: the digit fits a 20×20 box,
/// its centre of mass lies in the middle of 28×28 pixels, ink is 1 and background 0. The training program uses this same file.
/// </summary>
internal static class Preprocess
{
    /// <summary>Width and height of the network's input.</summary>
    public const int Size = 28;

    private const float Box = 20;
    private const float InkThreshold = 0.2f;

    /// <summary>
    /// Turns a scan into ink on an empty background. The border tells the colour of the paper, so both black on white and
    /// white on black are understood; values near the paper's colour become exactly 0.
    /// </summary>
    public static GrayImage SeparateInk(GrayImage scan)
    {
        float paper = BorderMedian(scan);
        float contrast = 0;
        foreach (float value in scan.Pixels)
            contrast = MathF.Max(contrast, MathF.Abs(value - paper));

        var ink = new GrayImage(scan.Width, scan.Height);
        if (contrast < 0.1f)
            return ink;
        for (int i = 0; i < ink.Pixels.Length; i++)
        {
            float strength = MathF.Abs(scan.Pixels[i] - paper) / contrast;
            ink.Pixels[i] = Math.Clamp((strength - 0.1f) / 0.8f, 0, 1);
        }

        return ink;
    }

    /// <summary>Centres and scales the ink into <paramref name="destination"/>; false when there is nothing to see.</summary>
    public static bool Fit(GrayImage ink, Span<float> destination)
    {
        destination.Clear();
        int left = ink.Width, top = ink.Height, right = -1, bottom = -1;
        double mass = 0, massX = 0, massY = 0;
        for (int y = 0; y < ink.Height; y++)
        {
            for (int x = 0; x < ink.Width; x++)
            {
                float value = ink[x, y];
                if (value < InkThreshold)
                    continue;
                (left, right) = (Math.Min(left, x), Math.Max(right, x));
                (top, bottom) = (Math.Min(top, y), Math.Max(bottom, y));
                mass += value;
                massX += value * (x + 0.5);
                massY += value * (y + 0.5);
            }
        }

        if (mass == 0)
            return false;

        float step = Math.Max(right - left + 1, bottom - top + 1) / Box; // source pixels per destination pixel
        float centreX = (float)(massX / mass), centreY = (float)(massY / mass);
        float strongest = 0;
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                float value = Average(ink, centreX + (x - Size / 2) * step, centreY + (y - Size / 2) * step, step);
                destination[y * Size + x] = value;
                strongest = MathF.Max(strongest, value);
            }
        }

        foreach (ref float value in destination)
            value /= strongest;
        return true;
    }

    /// <summary>The mean over the square of side <paramref name="step"/> whose upper left corner is given.</summary>
    private static float Average(GrayImage image, float x, float y, float step)
    {
        int samples = Math.Clamp((int)MathF.Ceiling(2 * step), 2, 16);
        float sum = 0;
        for (int i = 0; i < samples; i++)
        {
            for (int j = 0; j < samples; j++)
                sum += image.Sample(x + (j + 0.5f) * step / samples, y + (i + 0.5f) * step / samples);
        }

        return sum / (samples * samples);
    }

    private static float BorderMedian(GrayImage image)
    {
        var border = new List<float>();
        for (int x = 0; x < image.Width; x++)
            border.AddRange([image[x, 0], image[x, image.Height - 1]]);
        for (int y = 0; y < image.Height; y++)
            border.AddRange([image[0, y], image[image.Width - 1, y]]);
        border.Sort();
        return border[border.Count / 2];
    }
}
