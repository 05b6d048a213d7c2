namespace Digits;

/// <summary>A grey picture: one value from 0 (background) to 1 (ink) per pixel, row after row.</summary>
internal sealed class GrayImage(int width, int height)
{
    public int Width { get; } = width;

    public int Height { get; } = height;

    public float[] Pixels { get; } = new float[width * height];

    public ref float this[int x, int y] => ref Pixels[y * Width + x];

    /// <summary>The value between pixel centres; everything outside the picture is background.</summary>
    public float Sample(float x, float y)
    {
        // Pixel (0, 0) covers 0..1, so its centre lies at 0.5.
        x -= 0.5f;
        y -= 0.5f;
        int left = (int)MathF.Floor(x), top = (int)MathF.Floor(y);
        float right = x - left, down = y - top;
        return (1 - down) * ((1 - right) * At(left, top) + right * At(left + 1, top))
            + down * ((1 - right) * At(left, top + 1) + right * At(left + 1, top + 1));
    }

    private float At(int x, int y) => (uint)x < (uint)Width && (uint)y < (uint)Height ? Pixels[y * Width + x] : 0;
}
