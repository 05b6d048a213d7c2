namespace ModelCompiler.CodeGen.Library;

/// <summary>Pools that say where in its window an element was, and their inverse, on images as batch × height × width × channels.</summary>
internal static unsafe partial class Pooling
{
    /// <summary>The largest element of every window and its number in the window, row by row, plus 0.1,
    /// as MediaPipe's kernel has it (max_pool_argmax.cc).</summary>
    public static void MaxWithPlaces(
        float* x, float* y, float* places, int batch, int height, int width, int channels, int outHeight, int outWidth, int windowHeight, int windowWidth,
        int strideDown, int strideRight, int padTop, int padLeft, float min, float max)
    {
        for (int pixel = 0; pixel < batch * outHeight * outWidth; pixel++)
        {
            float* image = x + ((long)(pixel / (outHeight * outWidth)) * height * width * channels);
            int top = (pixel / outWidth % outHeight * strideDown) - padTop, left = (pixel % outWidth * strideRight) - padLeft;
            for (int c = 0; c < channels; c++)
            {
                float largest = float.MinValue;
                int place = 0;
                for (int i = Math.Max(0, -top); i < Math.Min(windowHeight, height - top); i++)
                {
                    for (int j = Math.Max(0, -left); j < Math.Min(windowWidth, width - left); j++)
                    {
                        float here = image[((((long)(top + i) * width) + left + j) * channels) + c];
                        if (!(here > largest)) continue;
                        largest = here;
                        place = (i * windowWidth) + j;
                    }
                }

                *y++ = Math.Min(Math.Max(largest, min), max);
                *places++ = place + 0.1f;
            }
        }
    }

    /// <summary>Elements put at their number in the window, zero elsewhere, as MediaPipe's kernel has it (max_unpooling.cc);
    /// what would lie outside is left out.</summary>
    public static void UnpoolPlaces(
        float* x, float* places, float* y, int batch, int height, int width, int channels, int outHeight, int outWidth, int windowWidth, int strideDown,
        int strideRight, int padTop, int padLeft)
    {
        new Span<float>(y, batch * outHeight * outWidth * channels).Clear();
        for (int pixel = 0; pixel < batch * height * width; pixel++)
        {
            float* image = y + ((long)(pixel / (height * width)) * outHeight * outWidth * channels);
            int top = (pixel / width % height * strideDown) - padTop, left = (pixel % width * strideRight) - padLeft;
            for (int c = 0; c < channels; c++, x++, places++)
            {
                // Whatever is computed for a place, it must not lead outside.
                if (!(Math.Abs(*places) < 1e9f)) continue;
                int place = (int)*places, row = top + (place / windowWidth), column = left + (place % windowWidth);
                if (row >= 0 && row < outHeight && column >= 0 && column < outWidth) image[((((long)row * outWidth) + column) * channels) + c] = *x;
            }
        }
    }
}
