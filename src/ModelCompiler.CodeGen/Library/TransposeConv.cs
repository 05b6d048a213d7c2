using System.Runtime.CompilerServices;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Transposed convolutions: every input pixel spreads over a window of the output.</summary>
internal static unsafe partial class Routine
{
    /// <summary>Transposed convolution of int8 images.</summary>
    /// <param name="input">batch × height × width × channels.</param>
    /// <param name="weights">outputs × window × channels.</param>
    /// <param name="bias">Outputs.</param>
    /// <param name="output">Result.</param>
    /// <param name="multiplier">Q31 multiplier per output.</param>
    /// <param name="shift">Shift per output.</param>
    /// <param name="batch">Number of images.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="channels">Channels of an image.</param>
    /// <param name="outHeight">Rows of a result.</param>
    /// <param name="outWidth">Columns of a result.</param>
    /// <param name="outputs">Channels of a result.</param>
    /// <param name="windowHeight">Rows of the window.</param>
    /// <param name="windowWidth">Columns of the window.</param>
    /// <param name="strideDown">Rows from one window to the next.</param>
    /// <param name="strideRight">Columns from one window to the next.</param>
    /// <param name="padTop">Rows cut off above.</param>
    /// <param name="padLeft">Columns cut off on the left.</param>
    /// <param name="inZero">Zero point of the input.</param>
    /// <param name="outZero">Zero point of the output.</param>
    /// <param name="min">Smallest result.</param>
    /// <param name="max">Largest result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransposeConvInt8(
        sbyte* input, sbyte* weights, int* bias, sbyte* output, int* multiplier, int* shift, int batch, int height, int width, int channels, int outHeight,
        int outWidth, int outputs,
        int windowHeight, int windowWidth, int strideDown, int strideRight, int padTop, int padLeft, int inZero, int outZero, int min, int max)
    {
        int taps = windowHeight * windowWidth;
        for (int pixel = 0; pixel < batch * outHeight * outWidth; pixel++)
        {
            int image = pixel / (outHeight * outWidth), bottom = (pixel / outWidth % outHeight) + padTop, right = (pixel % outWidth) + padLeft;
            for (int channel = 0; channel < outputs; channel++)
            {
                int sum = bias[channel];
                for (int tap = 0; tap < taps; tap++)
                {
                    int from = SpreadFrom(bottom - (tap / windowWidth), right - (tap % windowWidth), strideDown, strideRight, height, width);
                    if (from >= 0) sum += DotInt8(input + (((image * height * width) + from) * channels), weights + (((channel * taps) + tap) * channels),
                        channels, inZero);
                }

                output[(pixel * outputs) + channel] = (sbyte)Math.Min(Math.Max(MultiplyByQuantizedMultiplier(sum, multiplier[channel], shift[channel])
                    + outZero, min), max);
            }
        }
    }

    /// <summary>Transposed convolution of int16 images with int8 weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransposeConvInt16(
        short* input, sbyte* weights, long* bias, short* output, int* multiplier, int* shift, int batch, int height, int width, int channels, int outHeight,
        int outWidth, int outputs,
        int windowHeight, int windowWidth, int strideDown, int strideRight, int padTop, int padLeft, int min, int max)
    {
        int taps = windowHeight * windowWidth;
        for (int pixel = 0; pixel < batch * outHeight * outWidth; pixel++)
        {
            int image = pixel / (outHeight * outWidth), bottom = (pixel / outWidth % outHeight) + padTop, right = (pixel % outWidth) + padLeft;
            for (int channel = 0; channel < outputs; channel++)
            {
                long sum = bias[channel];
                for (int tap = 0; tap < taps; tap++)
                {
                    int from = SpreadFrom(bottom - (tap / windowWidth), right - (tap % windowWidth), strideDown, strideRight, height, width);
                    if (from >= 0) sum += DotInt16(input + (((image * height * width) + from) * channels), weights + (((channel * taps) + tap) * channels),
                        channels);
                }

                output[(pixel * outputs) + channel] = (short)Math.Min(Math.Max(MultiplyByQuantizedMultiplier(sum, multiplier[channel], shift[channel]), min),
                    max);
            }
        }
    }

    /// <summary>Transposed convolution of float images.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransposeConvFloat(
        float* input, float* weights, float* bias, float* output, int batch, int height, int width, int channels, int outHeight, int outWidth, int outputs,
        int windowHeight, int windowWidth, int strideDown, int strideRight, int padTop, int padLeft, float min, float max)
    {
        int taps = windowHeight * windowWidth;
        for (int pixel = 0; pixel < batch * outHeight * outWidth; pixel++)
        {
            int image = pixel / (outHeight * outWidth), bottom = (pixel / outWidth % outHeight) + padTop, right = (pixel % outWidth) + padLeft;
            for (int channel = 0; channel < outputs; channel++)
            {
                float sum = bias == null ? 0 : bias[channel];
                for (int tap = 0; tap < taps; tap++)
                {
                    int from = SpreadFrom(bottom - (tap / windowWidth), right - (tap % windowWidth), strideDown, strideRight, height, width);
                    if (from >= 0) sum += DotFloat(input + (((image * height * width) + from) * channels), weights + (((channel * taps) + tap) * channels),
                        channels);
                }

                output[(pixel * outputs) + channel] = Math.Min(Math.Max(sum, min), max);
            }
        }
    }

    /// <summary>The input pixel whose window, laid at multiples of the stride, starts here; −1 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int SpreadFrom(int down, int right, int strideDown, int strideRight, int height, int width)
    {
        if (down < 0 || right < 0 || down % strideDown != 0 || right % strideRight != 0) return -1;
        int y = down / strideDown, x = right / strideRight;
        return y < height && x < width ? (y * width) + x : -1;
    }
}
