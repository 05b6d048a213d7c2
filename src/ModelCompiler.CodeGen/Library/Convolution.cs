using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Convolutions of any rank, channels first. Tables of strides, dilations and paddings have an entry per spatial axis.</summary>
internal static unsafe partial class Convolution
{
    /// <summary>
    /// x [batch, groups × channels, input..] with w [groups × outputs, channels, kernel..], less their zero points (one, or one per output), plus a bias;
    /// y [batch, groups × outputs, output..]. Sums run over channels and kernel in row-major order.
    /// </summary>
    public static void Direct<TX, TW, TSum>(TX* x, TW* w, TSum* bias, TX* zeroX, TW* zeroW, TSum* y, int* input, int* kernel, int* output, int* strides,
        int* dilations, int* pads, int axes, int batch, int groups, int channels, int outputs, int zerosW)
        where TX : unmanaged, INumber<TX>
        where TW : unmanaged, INumber<TW>
        where TSum : unmanaged, INumber<TSum>
    {
        int inputs = Product(input, axes), taps = Product(kernel, axes), places = Product(output, axes);
        int* at = stackalloc int[axes];
        int* tap = stackalloc int[axes];
        TSum zx = zeroX == null ? TSum.Zero : TSum.CreateTruncating(*zeroX);
        for (int b = 0; b < batch; b++)
        {
            for (int m = 0; m < groups * outputs; m++)
            {
                TSum zw = zeroW == null ? TSum.Zero : TSum.CreateTruncating(zeroW[zerosW == 1 ? 0 : m]);
                TX* image = x + ((long)((b * groups) + (m / outputs)) * channels * inputs);
                for (int place = 0; place < places; place++)
                {
                    Split(place, output, at, axes);
                    TSum sum = bias == null ? TSum.Zero : bias[m];
                    for (int t = 0; t < taps; t++)
                    {
                        Split(t, kernel, tap, axes);
                        long from = 0;
                        bool inside = true;
                        for (int a = 0; a < axes; a++)
                        {
                            int i = (at[a] * strides[a]) - pads[a] + (tap[a] * dilations[a]);
                            inside &= i >= 0 && i < input[a];
                            from = (from * input[a]) + i;
                        }

                        if (!inside) continue;
                        TW* weight = w + ((long)m * channels * taps) + t;
                        for (int c = 0; c < channels; c++)
                            sum += (TSum.CreateTruncating(image[((long)c * inputs) + from]) - zx) * (TSum.CreateTruncating(weight[(long)c * taps]) - zw);
                    }

                    *y++ = sum;
                }
            }
        }
    }

    /// <summary>
    /// The transposed convolution: every element of x [batch, groups × channels, input..] adds w [groups × channels, outputs, kernel..] to y [batch,
    /// groups × outputs, output..].
    /// </summary>
    public static void Transposed<T>(T* x, T* w, T* bias, T* y, int* input, int* kernel, int* output, int* strides, int* dilations, int* pads, int axes,
        int batch, int groups, int channels, int outputs)
        where T : unmanaged, INumber<T>
    {
        int inputs = Product(input, axes), taps = Product(kernel, axes), places = Product(output, axes);
        int* at = stackalloc int[axes];
        int* tap = stackalloc int[axes];
        for (int b = 0; b < batch; b++)
        {
            for (int m = 0; m < groups * outputs; m++)
                new Span<T>(y + ((long)((b * groups * outputs) + m) * places), places).Fill(bias == null ? T.Zero : bias[m]);
            for (int c = 0; c < groups * channels; c++)
            {
                for (int i = 0; i < inputs; i++)
                {
                    T value = x[((long)((b * groups * channels) + c) * inputs) + i];
                    Split(i, input, at, axes);
                    for (int t = 0; t < taps; t++)
                    {
                        Split(t, kernel, tap, axes);
                        long to = 0;
                        bool inside = true;
                        for (int a = 0; a < axes; a++)
                        {
                            int o = (at[a] * strides[a]) - pads[a] + (tap[a] * dilations[a]);
                            inside &= o >= 0 && o < output[a];
                            to = (to * output[a]) + o;
                        }

                        if (!inside) continue;
                        for (int m = 0; m < outputs; m++)
                        {
                            y[((long)((b * groups * outputs) + (c / channels * outputs) + m) * places) + to] +=
                                value * w[((long)((c * outputs) + m) * taps) + t];
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// The deformable convolution in two dimensions: every tap is moved by offsets [batch, offset groups × taps × 2, output..] (down, right),
    /// read by bilinear interpolation and weighted by a mask [batch, offset groups × taps, output..] if there is one.
    /// </summary>
    public static void Deformable<T>(T* x, T* w, T* offsets, T* bias, T* mask, T* y, int* input, int* kernel, int* output, int* strides, int* dilations,
        int* pads, int batch, int groups, int channels, int outputs, int offsetGroups)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        (int height, int width, int taps, int places) = (input[0], input[1], kernel[0] * kernel[1], output[0] * output[1]);
        int perOffset = groups * channels / offsetGroups;
        for (int b = 0; b < batch; b++)
        {
            for (int m = 0; m < groups * outputs; m++)
            {
                for (int place = 0; place < places; place++)
                {
                    T sum = bias == null ? T.Zero : bias[m];
                    for (int c = 0; c < channels; c++)
                    {
                        int channel = (m / outputs * channels) + c;
                        T* image = x + ((long)((b * groups * channels) + channel) * height * width);
                        for (int t = 0; t < taps; t++)
                        {
                            long o = ((long)((b * offsetGroups) + (channel / perOffset)) * taps) + t;
                            T down = T.CreateTruncating((place / output[1] * strides[0]) - pads[0] + (t / kernel[1] * dilations[0]))
                                + offsets[(2 * o * places) + place];
                            T right = T.CreateTruncating((place % output[1] * strides[1]) - pads[1] + (t % kernel[1] * dilations[1]))
                                + offsets[(((2 * o) + 1) * places) + place];
                            T value = Bilinear(image, height, width, down, right);
                            if (mask != null) value *= mask[(o * places) + place];
                            sum += value * w[((long)((m * channels) + c) * taps) + t];
                        }
                    }

                    y[((long)((b * groups * outputs) + m) * places) + place] = sum;
                }
            }
        }
    }

    /// <summary>An image between its pixels; zero outside.</summary>
    public static T Bilinear<T>(T* image, int height, int width, T down, T right)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T top = T.Floor(down), left = T.Floor(right);
        (int row, int column) = (int.CreateSaturating(top), int.CreateSaturating(left));
        (T below, T beside) = (down - top, right - left);
        return ((T.One - below) * (((T.One - beside) * Pixel(row, column)) + (beside * Pixel(row, column + 1))))
            + (below * (((T.One - beside) * Pixel(row + 1, column)) + (beside * Pixel(row + 1, column + 1))));

        T Pixel(int r, int c) => r < 0 || r >= height || c < 0 || c >= width ? T.Zero : image[(r * width) + c];
    }

    /// <summary>The image of which these columns are the patches, which are summed where they overlap: x [batch × channels, taps, places],
    /// y [batch × channels, output..].</summary>
    public static void FromColumns<T>(T* x, T* y, int* output, int* kernel, int* blocks, int* strides, int* dilations, int* pads, int axes, int images)
        where T : unmanaged, INumber<T>
    {
        int pixels = Product(output, axes), taps = Product(kernel, axes), places = Product(blocks, axes);
        int* at = stackalloc int[axes];
        int* tap = stackalloc int[axes];
        new Span<T>(y, images * pixels).Clear();
        for (int image = 0; image < images; image++, y += pixels)
        {
            for (int t = 0; t < taps; t++)
            {
                Split(t, kernel, tap, axes);
                for (int place = 0; place < places; place++, x++)
                {
                    Split(place, blocks, at, axes);
                    long to = 0;
                    bool inside = true;
                    for (int a = 0; a < axes; a++)
                    {
                        int o = (at[a] * strides[a]) - pads[a] + (tap[a] * dilations[a]);
                        inside &= o >= 0 && o < output[a];
                        to = (to * output[a]) + o;
                    }

                    if (inside) y[to] += *x;
                }
            }
        }
    }

    /// <summary>Product of sizes.</summary>
    public static int Product(int* sizes, int axes)
    {
        int product = 1;
        for (int a = 0; a < axes; a++) product *= sizes[a];
        return product;
    }

    /// <summary>The indices of the i-th element of a tensor of these sizes.</summary>
    public static void Split(int i, int* sizes, int* indices, int axes)
    {
        for (int a = axes - 1; a >= 0; i /= sizes[a--]) indices[a] = i % sizes[a];
    }
}
