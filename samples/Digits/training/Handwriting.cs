using System.Numerics;

namespace Digits.Training;

/// <summary>Writes digits as a shaky human hand would: every call bends, slants, stretches and presses a little differently.</summary>
internal sealed class Handwriting(Random random)
{
    /// <summary>The digit with a pen of varying pressure on a square of <paramref name="size"/> pixels, as ink from 0 to 1.</summary>
    public GrayImage OnPaper(int digit, int size, int? style = null)
    {
        var image = new GrayImage(size, size);
        float height = size * Between(0.5f, 0.85f);
        float pen = height * Between(0.06f, 0.15f);
        float pressure = Between(0, 0.3f), rhythm = Between(2, 6), phase = Between(0, 6);
        float travelled = 0;
        foreach (Vector2[] stroke in Write(digit, style, size, height, margin: pen))
        {
            for (int i = 1; i < stroke.Length; i++)
            {
                travelled += Vector2.Distance(stroke[i - 1], stroke[i]) / height;
                Segment(image, stroke[i - 1], stroke[i], 0.5f * pen * (1 + pressure * MathF.Sin(rhythm * travelled + phase)));
            }
        }

        return image;
    }

    /// <summary>The digit as someone with arrow keys or a mouse would draw it on the terminal's canvas.</summary>
    public GrayImage OnCanvas(int digit)
    {
        var canvas = new Canvas();
        float height = Canvas.Size * Between(0.4f, 0.9f);
        foreach (Vector2[] stroke in Write(digit, null, Canvas.Size, height, margin: 1))
        {
            for (int i = 1; i < stroke.Length; i++)
                canvas.Line((int)stroke[i - 1].X, (int)stroke[i - 1].Y, (int)stroke[i].X, (int)stroke[i].Y);
        }

        return canvas.Ink;
    }

    /// <summary>The strokes of a digit in pixels, somewhere on the sheet.</summary>
    private List<Vector2[]> Write(int digit, int? style, int size, float height, float margin)
    {
        IReadOnlyList<Vector2[][]> styles = Glyphs.Styles[digit];
        Vector2[][] glyph = styles[style ?? random.Next(styles.Count)];
        float width = height * (digit == 1 ? Between(0.4f, 0.7f) : Between(0.5f, 0.9f));
        Matrix3x2 slant = Matrix3x2.CreateSkew(Between(-0.35f, 0.2f), 0) * Matrix3x2.CreateRotation(Between(-0.2f, 0.2f));

        // A slow wave through the whole box bends strokes without tearing their joints apart.
        Vector2 waveX = new(Between(-4, 4), Between(-4, 4)), waveY = new(Between(-4, 4), Between(-4, 4));
        float phaseX = Between(0, 6), phaseY = Between(0, 6), bend = Between(0.01f, 0.06f);

        var strokes = glyph.Select(stroke => Array.ConvertAll(stroke, point =>
        {
            point += bend * new Vector2(MathF.Sin(Vector2.Dot(waveX, point) + phaseX), MathF.Sin(Vector2.Dot(waveY, point) + phaseY));
            return Vector2.Transform((point - new Vector2(0.5f)) * new Vector2(width, height), slant);
        })).ToList();

        Vector2 low = strokes.SelectMany(s => s).Aggregate(Vector2.Min), high = strokes.SelectMany(s => s).Aggregate(Vector2.Max);
        var room = Vector2.Max(Vector2.Zero, new Vector2(size - 2 * margin) - (high - low));
        Vector2 shift = new Vector2(margin) - low + room * new Vector2(Between(0.2f, 0.8f), Between(0.2f, 0.8f));
        return [.. strokes.Select(stroke => Array.ConvertAll(stroke, point => point + shift))];
    }

    /// <summary>A line with round ends; its edge fades over one pixel.</summary>
    private static void Segment(GrayImage image, Vector2 from, Vector2 to, float radius)
    {
        Vector2 low = Vector2.Min(from, to) - new Vector2(radius + 1), high = Vector2.Max(from, to) + new Vector2(radius + 1);
        Vector2 along = to - from;
        float length = MathF.Max(along.LengthSquared(), 1e-6f);
        for (int y = Math.Max(0, (int)low.Y); y <= Math.Min(image.Height - 1, (int)high.Y); y++)
        {
            for (int x = Math.Max(0, (int)low.X); x <= Math.Min(image.Width - 1, (int)high.X); x++)
            {
                var centre = new Vector2(x + 0.5f, y + 0.5f);
                Vector2 nearest = from + along * Math.Clamp(Vector2.Dot(centre - from, along) / length, 0, 1);
                float ink = Math.Clamp(radius + 0.5f - Vector2.Distance(centre, nearest), 0, 1);
                image[x, y] = MathF.Max(image[x, y], ink);
            }
        }
    }

    private float Between(float low, float high) => low + (high - low) * random.NextSingle();
}
