using System.Numerics;
using System.Runtime.CompilerServices;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Layers of int16 activations and int8 weights, as the TFLite reference kernels compute them. Zero points are zero.</summary>
internal static unsafe partial class Routine
{
    /// <summary>Convolution of int16 images with int8 weights.</summary>
    /// <param name="input">batch × height × width × channels.</param>
    /// <param name="weights">outputs × window × channels of a group.</param>
    /// <param name="bias">Outputs.</param>
    /// <param name="output">Result.</param>
    /// <param name="patch">Scratch: one window of a group.</param>
    /// <param name="multiplier">Q31 multiplier per output.</param>
    /// <param name="shift">Shift per output.</param>
    /// <param name="wide">True to scale sums as 64-bit numbers, false as 32-bit numbers, which rounds differently.</param>
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
    /// <param name="dilationDown">Rows from one tap to the next.</param>
    /// <param name="dilationRight">Columns from one tap to the next.</param>
    /// <param name="padTop">Rows of zeros above.</param>
    /// <param name="padLeft">Columns of zeros on the left.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="min">Smallest result.</param>
    /// <param name="max">Largest result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ConvInt16(
        short* input, sbyte* weights, long* bias, short* output, short* patch, int* multiplier, int* shift, bool wide, int batch, int height, int width,
        int channels, int outHeight, int outWidth,
        int outputs, int windowHeight, int windowWidth, int strideDown, int strideRight, int dilationDown, int dilationRight, int padTop, int padLeft,
        int groups, int min, int max)
    {
        int perGroup = channels / groups, taps = windowHeight * windowWidth * perGroup;
        for (int pixel = 0; pixel < batch * outHeight * outWidth; pixel++)
        {
            short* image = input + (pixel / (outHeight * outWidth) * height * width * channels);
            int top = (pixel / outWidth % outHeight * strideDown) - padTop, left = (pixel % outWidth * strideRight) - padLeft;
            for (int group = 0; group < groups; group++)
            {
                short* to = patch;
                for (int tap = 0; tap < windowHeight * windowWidth; tap++, to += perGroup)
                {
                    int y = top + (tap / windowWidth * dilationDown), x = left + (tap % windowWidth * dilationRight);
                    bool inside = (uint)y < (uint)height && (uint)x < (uint)width;
                    short* from = image + (((y * width) + x) * channels) + (group * perGroup);
                    for (int i = 0; i < perGroup; i++) to[i] = inside ? from[i] : (short)0;
                }

                for (int channel = group * (outputs / groups); channel < (group + 1) * (outputs / groups); channel++)
                {
                    long sum = bias[channel] + DotInt16(patch, weights + (channel * taps), taps);
                    int scaled = wide ? MultiplyByQuantizedMultiplier(sum, multiplier[channel], shift[channel])
                        : MultiplyByQuantizedMultiplier(unchecked((int)sum), multiplier[channel], shift[channel]);
                    output[(pixel * outputs) + channel] = (short)Math.Min(Math.Max(scaled, min), max);
                }
            }
        }
    }

    /// <summary>Maximum or mean of windows of int16 images. Means are rounded half away from zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PoolInt16(
        short* input, short* output, bool mean, int batch, int height, int width, int channels, int outHeight, int outWidth, int windowHeight, int windowWidth,
        int strideDown, int strideRight,
        int padTop, int padLeft, int min, int max)
    {
        for (int pixel = 0; pixel < batch * outHeight * outWidth; pixel++)
        {
            short* image = input + (pixel / (outHeight * outWidth) * height * width * channels);
            int top = (pixel / outWidth % outHeight * strideDown) - padTop, left = (pixel % outWidth * strideRight) - padLeft;
            int firstY = Math.Max(top, 0), lastY = Math.Min(top + windowHeight, height), firstX = Math.Max(left, 0),
                lastX = Math.Min(left + windowWidth, width);
            int count = (lastY - firstY) * (lastX - firstX);
            for (int channel = 0; channel < channels; channel++)
            {
                int sum = 0, largest = short.MinValue;
                for (int y = firstY; y < lastY; y++)
                {
                    for (int x = firstX; x < lastX; x++)
                    {
                        int value = image[(((y * width) + x) * channels) + channel];
                        sum += value;
                        largest = Math.Max(largest, value);
                    }
                }

                int result = mean ? (sum > 0 ? sum + (count / 2) : sum - (count / 2)) / count : largest;
                output[(pixel * channels) + channel] = (short)Math.Min(Math.Max(result, min), max);
            }
        }
    }

    /// <summary>Sum or difference of int16 tensors that broadcast: both scaled to a common scale, added, scaled to the output.</summary>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand.</param>
    /// <param name="output">Result.</param>
    /// <param name="axes">Sizes of the result's axes, then elements from one index to the next in a, then in b.</param>
    /// <param name="factors">Q31 multiplier and shift of a, of b and of the sum.</param>
    /// <param name="rank">Number of axes.</param>
    /// <param name="zeroA">Zero point of a.</param>
    /// <param name="zeroB">Zero point of b.</param>
    /// <param name="zero">Zero point of the result.</param>
    /// <param name="subtract">True for a difference.</param>
    /// <param name="min">Smallest result.</param>
    /// <param name="max">Largest result.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddInt16(short* a, short* b, short* output, int* axes, int* factors, int rank, int zeroA, int zeroB, int zero, bool subtract, int min,
        int max)
    {
        int inner = axes[rank - 1], stepA = axes[(2 * rank) - 1], stepB = axes[(3 * rank) - 1];
        for (int row = 0, rows = RowCount(axes, rank); row < rows; row++)
        {
            short* rowA = a + RowStart(axes, rank, row, 1);
            short* rowB = b + RowStart(axes, rank, row, 2);
            for (int i = 0; i < inner; i++)
            {
                int x = MultiplyByQuantizedMultiplier((rowA[i * stepA] - zeroA) << 15, factors[0], factors[1]);
                int y = MultiplyByQuantizedMultiplier((rowB[i * stepB] - zeroB) << 15, factors[2], factors[3]);
                int sum = MultiplyByQuantizedMultiplier(subtract ? x - y : x + y, factors[4], factors[5]) + zero;
                *output++ = (short)Math.Min(Math.Max(sum, min), max);
            }
        }
    }

    /// <summary>Product of int16 tensors that broadcast, scaled to the output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyInt16(short* a, short* b, short* output, int* axes, int rank, int zeroA, int zeroB, int zero, int multiplier, int shift,
        int min, int max)
    {
        int inner = axes[rank - 1], stepA = axes[(2 * rank) - 1], stepB = axes[(3 * rank) - 1];
        for (int row = 0, rows = RowCount(axes, rank); row < rows; row++)
        {
            short* rowA = a + RowStart(axes, rank, row, 1);
            short* rowB = b + RowStart(axes, rank, row, 2);
            for (int i = 0; i < inner; i++)
            {
                int product = MultiplyByQuantizedMultiplier((rowA[i * stepA] - zeroA) * (rowB[i * stepB] - zeroB), multiplier, shift) + zero;
                *output++ = (short)Math.Min(Math.Max(product, min), max);
            }
        }
    }

    /// <summary>Number of runs of the innermost axis.</summary>
    /// <param name="axes">Sizes, then steps of every operand.</param>
    /// <param name="rank">Number of axes.</param>
    public static int RowCount(int* axes, int rank)
    {
        int rows = 1;
        for (int axis = 0; axis < rank - 1; axis++) rows *= axes[axis];
        return rows;
    }

    /// <summary>Where a run of the innermost axis starts in an operand.</summary>
    public static int RowStart(int* axes, int rank, int row, int operand)
    {
        int start = 0;
        for (int axis = rank - 2; axis >= 0; row /= axes[axis--]) start += row % axes[axis] * axes[(operand * rank) + axis];
        return start;
    }

    /// <summary>Leaky rectifier of int16 numbers: one factor for numbers from zero up, another below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void LeakyReluInt16(short* input, short* output, int zero, int outZero, int multiplier, int shift, int alphaMultiplier, int alphaShift,
        int count)
    {
        for (int i = 0; i < count; i++)
        {
            int x = input[i] - zero;
            output[i] = Saturate16((x >= 0 ? MultiplyByQuantizedMultiplier(x, multiplier, shift)
                : MultiplyByQuantizedMultiplier(x, alphaMultiplier, alphaShift)) + outZero);
        }
    }

    /// <summary>Integers of one scale to integers of another, clamped.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Requantize<TIn, TOut>(TIn* input, TOut* output, int zero, int outZero, int multiplier, int shift, int min, int max, int count)
        where TIn : unmanaged, INumber<TIn>
        where TOut : unmanaged, INumber<TOut>
    {
        for (int i = 0; i < count; i++)
        {
            long result = (long)MultiplyByQuantizedMultiplier(unchecked(int.CreateTruncating(input[i]) - zero), multiplier, shift) + outZero;
            output[i] = TOut.CreateTruncating(Math.Min(Math.Max(result, min), max));
        }
    }

    /// <summary>Integers to the real numbers they stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DequantizeIntegers<T>(T* input, float* output, float scale, int zero, int count)
        where T : unmanaged, INumber<T>
    {
        for (int i = 0; i < count; i++) output[i] = unchecked(int.CreateTruncating(input[i]) - zero) * scale;
    }

    /// <summary>Real numbers to the integers that stand for them.</summary>
    /// <param name="input">Real numbers.</param>
    /// <param name="output">Integers.</param>
    /// <param name="scale">Real value of one step.</param>
    /// <param name="zero">Integer for real zero.</param>
    /// <param name="awayFromZero">True to round ties away from zero, false to even.</param>
    /// <param name="min">Smallest integer.</param>
    /// <param name="max">Largest integer.</param>
    /// <param name="count">Number of elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void QuantizeFloats<T>(float* input, T* output, float scale, int zero, bool awayFromZero, int min, int max, int count)
        where T : unmanaged, INumber<T>
    {
        for (int i = 0; i < count; i++)
        {
            float steps = Math.Min(Math.Max(input[i] / scale, (float)min - zero), (float)max - zero);
            output[i] = T.CreateTruncating((int)MathF.Round(steps, awayFromZero ? MidpointRounding.AwayFromZero : MidpointRounding.ToEven) + zero);
        }
    }
}
