namespace ModelCompiler.Core.Data;

/// <summary>An image of 8-bit red, green and blue: row by row from the top, three bytes for each point.</summary>
internal sealed record Picture(int Width, int Height, byte[] Pixels)
{
    /// <summary>Bytes of a point.</summary>
    public const int Channels = 3;

    /// <summary>
    /// The image in another size: bilinear, with the centres of points at half numbers, without smoothing. Point x of the new width takes from the old one
    /// the place (x + ½) × old ÷ new − ½; beyond the edges, the edge goes on. All is computed in integers and rounded once to the nearest, halves up.
    /// </summary>
    public Picture Resize(int width, int height)
    {
        if (width == Width && height == Height) return this;
        (int First, int Second, int Weight)[] columns = Places(Width, width), rows = Places(Height, height);
        long unit = 4L * width * height;
        var pixels = new byte[width * height * Channels];
        for (int y = 0, to = 0; y < height; y++)
        {
            (int top, int bottom, int down) = rows[y];
            ReadOnlySpan<byte> above = Pixels.AsSpan(top * Width * Channels, Width * Channels),
                below = Pixels.AsSpan(bottom * Width * Channels, Width * Channels);
            foreach ((int left, int right, int across) in columns)
            {
                for (int c = 0; c < Channels; c++, to++)
                {
                    (int l, int r) = ((left * Channels) + c, (right * Channels) + c);
                    long upper = ((long)above[l] * ((2 * width) - across)) + ((long)above[r] * across),
                        lower = ((long)below[l] * ((2 * width) - across)) + ((long)below[r] * across);
                    pixels[to] = (byte)(((upper * ((2 * height) - down)) + (lower * down) + (unit / 2)) / unit);
                }
            }
        }

        return new Picture(width, height, pixels);
    }

    /// <summary>The middle of the image; where what goes is odd, one less goes at the left and at the top.</summary>
    public Picture Crop(int width, int height)
    {
        if (width == Width && height == Height) return this;
        (int left, int top) = ((Width - width) / 2, (Height - height) / 2);
        var pixels = new byte[width * height * Channels];
        for (int y = 0; y < height; y++)
            Pixels.AsSpan((((top + y) * Width) + left) * Channels, width * Channels).CopyTo(pixels.AsSpan(y * width * Channels));
        return new Picture(width, height, pixels);
    }

    // Between which two old points each new one lies, and how much of the second it takes, in parts of twice the new length.
    private static (int First, int Second, int Weight)[] Places(int from, int to)
    {
        var places = new (int, int, int)[to];
        for (int i = 0; i < to; i++)
        {
            long place = Math.Max(0, (((2L * i) + 1) * from) - to);
            int first = (int)(place / (2L * to));
            places[i] = (first, Math.Min(first + 1, from - 1), (int)(place % (2L * to)));
        }

        return places;
    }
}
