namespace Digits.Training;

/// <summary>Small random changes that leave a digit readable: rotation, scale, slant, shift, and a thicker or thinner pen.</summary>
internal static class Augmentation
{
    private const int Size = Preprocess.Size;

    public static void Apply(ReadOnlySpan<byte> source, Random random, Span<float> destination)
    {
        var image = new GrayImage(Size, Size);
        for (int i = 0; i < source.Length; i++)
            image.Pixels[i] = source[i] / 255f;

        GrayImage bent = Warp(Pen(image, Between(random, -0.6f, 0.8f)), random);

        // Now and then the way that the application takes: cut out the digit, scale and centre it again.
        if (random.Next(4) == 0)
            Preprocess.Fit(bent, destination);
        else
            bent.Pixels.CopyTo(destination);
    }

    /// <summary>A positive amount blends towards the widest neighbour, a negative one towards the thinnest.</summary>
    private static GrayImage Pen(GrayImage image, float amount)
    {
        var result = new GrayImage(Size, Size);
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                float value = image[x, y], extreme = value;
                Include(x - 1, y);
                Include(x + 1, y);
                Include(x, y - 1);
                Include(x, y + 1);
                result[x, y] = value + MathF.Abs(amount) * (extreme - value);

                void Include(int nx, int ny)
                {
                    float neighbour = (uint)nx < Size && (uint)ny < Size ? image[nx, ny] : 0;
                    extreme = amount > 0 ? MathF.Max(extreme, neighbour) : MathF.Min(extreme, neighbour);
                }
            }
        }

        return result;
    }

    private static GrayImage Warp(GrayImage image, Random random)
    {
        float angle = Between(random, -0.22f, 0.22f), slant = Between(random, -0.2f, 0.2f);
        float scaleX = Between(random, 0.85f, 1.2f), scaleY = Between(random, 0.85f, 1.2f);
        float shiftX = Between(random, -2, 2), shiftY = Between(random, -2, 2);
        (float sin, float cos) = MathF.SinCos(angle);
        var result = new GrayImage(Size, Size);
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                float dx = (x + 0.5f - Size / 2f - shiftX) * scaleX, dy = (y + 0.5f - Size / 2f - shiftY) * scaleY;
                dx += slant * dy;
                result[x, y] = image.Sample(Size / 2f + cos * dx - sin * dy, Size / 2f + sin * dx + cos * dy);
            }
        }

        return result;
    }

    private static float Between(Random random, float low, float high) => low + (high - low) * random.NextSingle();
}
