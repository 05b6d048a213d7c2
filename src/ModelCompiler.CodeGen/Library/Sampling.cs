using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Images between their pixels.</summary>
internal static unsafe partial class Sampling
{
    /// <summary>
    /// One axis by weighted sums: input [outer, length, inner], output [outer, places, inner]. Every place has so many taps, an index and a weight each;
    /// a place whose first index is negative gets the value for outside.
    /// </summary>
    public static void Axis<T>(T* input, T* output, int* indices, float* weights, int outer, int length, int places, int inner, int taps, float outside)
        where T : unmanaged, INumber<T>
    {
        for (int o = 0; o < outer; o++, input += (long)length * inner)
        {
            for (int p = 0; p < places; p++)
            {
                int* index = indices + ((long)p * taps);
                float* weight = weights + ((long)p * taps);
                for (int i = 0; i < inner; i++)
                {
                    if (index[0] < 0)
                    {
                        *output++ = T.CreateSaturating(outside);
                    }
                    else if (taps == 1)
                    {
                        *output++ = input[((long)index[0] * inner) + i];
                    }
                    else
                    {
                        float sum = 0;
                        for (int t = 0; t < taps; t++) sum += weight[t] * float.CreateTruncating(input[((long)index[t] * inner) + i]);
                        *output++ = T.IsInteger(T.CreateTruncating(0.5)) && T.CreateTruncating(0.5) == T.Zero ? T.CreateSaturating(MathF.Round(sum))
                            : T.CreateTruncating(sum);
                    }
                }
            }
        }
    }

    /// <summary>
    /// Images at places that a grid gives in [−1, 1], innermost axis first: x [batch, channels, input..], grid [batch, output.., axes]. Modes: 0 nearest,
    /// 1 linear, 2 cubic; padding: 0 zeros, 1 border, 2 reflection.
    /// </summary>
    public static void Grid<T>(T* x, T* grid, T* y, int* input, int axes, int batch, int channels, int places, int mode, int padding, bool corners)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int inputs = Convolution.Product(input, axes);
        int reach = mode == 2 ? 4 : mode == 1 ? 2 : 1;
        int corner = 1;
        for (int a = 0; a < axes; a++) corner *= reach;
        int* index = stackalloc int[axes];
        int* first = stackalloc int[axes];
        double* weights = stackalloc double[axes * 4];
        for (int b = 0; b < batch; b++)
        {
            for (int c = 0; c < channels; c++, x += inputs)
            {
                for (int p = 0; p < places; p++)
                {
                    T* point = grid + ((((long)b * places) + p) * axes);
                    for (int a = 0; a < axes; a++)
                    {
                        double at = double.CreateTruncating(point[axes - 1 - a]);
                        at = corners ? (at + 1) / 2 * (input[a] - 1) : (((at + 1) * input[a]) - 1) / 2;
                        if (mode != 2) at = Place(at, input[a], padding, corners);
                        first[a] = Weights(at, mode, weights + (a * 4));
                    }

                    double sum = 0;
                    for (int k = 0; k < corner; k++)
                    {
                        int rest = k;
                        double weight = 1;
                        long from = 0;
                        bool inside = true;
                        for (int a = axes - 1; a >= 0; rest /= reach, a--)
                        {
                            weight *= weights[(a * 4) + (rest % reach)];
                            index[a] = first[a] + (rest % reach);
                        }

                        for (int a = 0; a < axes; a++)
                        {
                            if (padding != 0 && (index[a] < 0 || index[a] >= input[a])) index[a] = (int)Place(index[a], input[a], padding, corners);
                            inside &= index[a] >= 0 && index[a] < input[a];
                            from = (from * input[a]) + index[a];
                        }

                        if (inside && weight != 0) sum += weight * double.CreateTruncating(x[from]);
                    }

                    *y++ = T.CreateTruncating(sum);
                }
            }
        }
    }

    /// <summary>
    /// Regions of images, averaged (or their largest sample) over a grid of bins by bilinear interpolation: x [batch, channels, height, width], regions [n,
    /// 4] as left, top, right, bottom, y [n, channels, rows, columns].
    /// </summary>
    public static void Regions<T>(T* x, T* regions, long* batches, T* y, int batch, int channels, int height, int width, int count, int rows, int columns,
        int ratio, float scale, bool halfPixel, bool largest)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        float offset = halfPixel ? 0.5f : 0;
        for (int n = 0; n < count; n++)
        {
            T* region = regions + (n * 4);
            float left = (float.CreateTruncating(region[0]) * scale) - offset, top = (float.CreateTruncating(region[1]) * scale) - offset;
            float w = (float.CreateTruncating(region[2]) * scale) - offset - left, h = (float.CreateTruncating(region[3]) * scale) - offset - top;
            if (!halfPixel) (w, h) = (Math.Max(w, 1), Math.Max(h, 1));
            (float binHeight, float binWidth) = (h / rows, w / columns);
            int down = Math.Min(ratio > 0 ? ratio : Math.Max((int)MathF.Ceiling(h / rows), 1), 4096),
                right = Math.Min(ratio > 0 ? ratio : Math.Max((int)MathF.Ceiling(w / columns), 1), 4096);
            for (int c = 0; c < channels; c++)
            {
                T* image = x + ((((long)Movement.Index(batches[n], batch) * channels) + c) * height * width);
                for (int bin = 0; bin < rows * columns; bin++)
                {
                    float sum = largest ? float.NegativeInfinity : 0;
                    for (int s = 0; s < down * right; s++)
                    {
                        float py = top + (bin / columns * binHeight) + (((s / right) + 0.5f) * binHeight / down);
                        float px = left + (bin % columns * binWidth) + (((s % right) + 0.5f) * binWidth / right);
                        sum = Sample(image, height, width, py, px, sum, largest);
                    }

                    *y++ = T.CreateTruncating(largest ? sum : sum / (down * right));
                }
            }
        }
    }

    /// <summary>Adds the sample at a place of an image, or takes the largest of its weighted neighbours.</summary>
    private static float Sample<T>(T* image, int height, int width, float py, float px, float sum, bool largest)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (py < -1 || py > height || px < -1 || px > width) return largest ? Math.Max(sum, 0) : sum;
        (py, px) = (Math.Max(py, 0), Math.Max(px, 0));
        (int row, int column) = (Math.Min((int)py, height - 1), Math.Min((int)px, width - 1));
        (int below, int beside) = (Math.Min(row + 1, height - 1), Math.Min(column + 1, width - 1));
        if (row == height - 1) py = row;
        if (column == width - 1) px = column;
        (float dy, float dx) = (py - row, px - column);
        float a = (1 - dy) * (1 - dx) * float.CreateTruncating(image[(row * width) + column]),
            b = (1 - dy) * dx * float.CreateTruncating(image[(row * width) + beside]);
        float c = dy * (1 - dx) * float.CreateTruncating(image[(below * width) + column]),
            d = dy * dx * float.CreateTruncating(image[(below * width) + beside]);
        return largest ? Math.Max(sum, Math.Max(Math.Max(a, b), Math.Max(c, d))) : sum + (a + b + c + d);
    }

    /// <summary>A place on an axis, brought back inside.</summary>
    private static double Place(double at, int size, int padding, bool corners)
    {
        if (double.IsNaN(at)) return 0;
        if (padding == 1) return Math.Clamp(at, 0, size - 1);
        if (padding == 0) return Math.Clamp(at, -1e9, 1e9);
        (double low, double high) = corners ? (0, size - 1) : (-0.5, size - 0.5);
        double range = high - low;
        if (range <= 0) return 0;
        double from = Math.Abs(at - low);
        double rest = from % range;
        at = Math.Floor(from / range) % 2 == 0 ? low + rest : high - rest;
        return Math.Clamp(at, 0, size - 1);
    }

    /// <summary>Weights of the neighbours of a place, and the first of them.</summary>
    private static int Weights(double at, int mode, double* weights)
    {
        if (mode == 0)
        {
            weights[0] = 1;
            return (int)Math.Round(at);
        }

        double floor = Math.Floor(at), t = at - floor;
        if (mode == 1)
        {
            (weights[0], weights[1]) = (1 - t, t);
            return (int)floor;
        }

        const double A = -0.75;
        weights[0] = (((((A * (t + 1)) - (5 * A)) * (t + 1)) + (8 * A)) * (t + 1)) - (4 * A);
        weights[1] = ((((A + 2) * t) - (A + 3)) * t * t) + 1;
        weights[2] = ((((A + 2) * (1 - t)) - (A + 3)) * (1 - t) * (1 - t)) + 1;
        weights[3] = (((((A * (2 - t)) - (5 * A)) * (2 - t)) + (8 * A)) * (2 - t)) - (4 * A);
        return (int)floor - 1;
    }
}
