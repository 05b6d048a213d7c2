using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Images resized between four neighbours, as the TFLite reference kernels do it.</summary>
internal static unsafe partial class Bilinear
{
    /// <summary>Resizes float images.</summary>
    /// <param name="input">batch × height × width × channels.</param>
    /// <param name="output">batch × rows × columns × channels.</param>
    /// <param name="batch">Number of images.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="rows">Rows of a result.</param>
    /// <param name="columns">Columns of a result.</param>
    /// <param name="scaleDown">Rows of the image for one of the result.</param>
    /// <param name="scaleRight">Columns of the image for one of the result.</param>
    /// <param name="half">True when pixels lie at their centres.</param>
    public static void ResizeFloat(
        float* input, float* output, int batch, int height, int width, int channels, int rows, int columns, float scaleDown, float scaleRight, bool half)
    {
        for (int pixel = 0; pixel < batch * rows * columns; pixel++)
        {
            float* image = input + (pixel / (rows * columns) * height * width * channels);
            int row = pixel / columns % rows, column = pixel % columns;
            float y = half ? ((row + 0.5f) * scaleDown) - 0.5f : row * scaleDown, x = half ? ((column + 0.5f) * scaleRight) - 0.5f : column * scaleRight;
            int top = Math.Clamp((int)MathF.Floor(y), 0, height - 1), bottom = Math.Min((int)MathF.Ceiling(y), height - 1);
            int left = Math.Clamp((int)MathF.Floor(x), 0, width - 1), right = Math.Min((int)MathF.Ceiling(x), width - 1);
            for (int c = 0; c < channels; c++)
            {
                *output++ = (image[(((top * width) + left) * channels) + c] * (1 - (y - top)) * (1 - (x - left)))
                    + (image[(((bottom * width) + left) * channels) + c] * (y - top) * (1 - (x - left)))
                    + (image[(((top * width) + right) * channels) + c] * (1 - (y - top)) * (x - left))
                    + (image[(((bottom * width) + right) * channels) + c] * (y - top) * (x - left));
            }
        }
    }

    /// <summary>Resizes images of integers, with 10 fractional bits of the place and ties away from zero.</summary>
    /// <param name="input">batch × height × width × channels.</param>
    /// <param name="output">batch × rows × columns × channels.</param>
    /// <param name="batch">Number of images.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Channels.</param>
    /// <param name="rows">Rows of a result.</param>
    /// <param name="columns">Columns of a result.</param>
    /// <param name="scaleDown">1024ths of rows of the image for one of the result.</param>
    /// <param name="scaleRight">1024ths of columns of the image for one of the result.</param>
    /// <param name="half">True when pixels lie at their centres.</param>
    public static void ResizeInteger<T>(
        T* input, T* output, int batch, int height, int width, int channels, int rows, int columns, int scaleDown, int scaleRight, bool half)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (int pixel = 0; pixel < batch * rows * columns; pixel++)
        {
            T* image = input + (pixel / (rows * columns) * height * width * channels);
            int row = pixel / columns % rows, column = pixel % columns;
            int y = (row * scaleDown) + (half ? (scaleDown / 2) - 512 : 0), x = (column * scaleRight) + (half ? (scaleRight / 2) - 512 : 0);
            // The rounded scale may lead past the last pixel of images that grow a lot; there both neighbours are the last.
            int top = Math.Clamp(y / 1024, 0, height - 1), bottom = Math.Min((y + 1023) / 1024, height - 1);
            int left = Math.Clamp(x / 1024, 0, width - 1), right = Math.Min((x + 1023) / 1024, width - 1);
            long down = y - (1024 * top), across = x - (1024 * left);
            for (int c = 0; c < channels; c++)
            {
                long sum = (long.CreateTruncating(image[(((top * width) + left) * channels) + c]) * (1024 - down) * (1024 - across))
                    + (long.CreateTruncating(image[(((bottom * width) + left) * channels) + c]) * down * (1024 - across))
                    + (long.CreateTruncating(image[(((top * width) + right) * channels) + c]) * (1024 - down) * across)
                    + (long.CreateTruncating(image[(((bottom * width) + right) * channels) + c]) * down * across);
                *output++ = T.CreateTruncating((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
            }
        }
    }
}
