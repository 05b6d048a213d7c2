using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Pools of any rank, channels first: x [images, input..], y [images, output..].</summary>
internal static unsafe partial class Pooling
{
    /// <summary>The largest element of every window, and its index in x if asked for; column by column when the indices count so.</summary>
    public static void Max<T>(T* x, T* y, long* indices, int* input, int* kernel, int* output, int* strides, int* dilations, int* pads, int axes, int images,
        bool columns)
        where T : unmanaged, INumber<T>
    {
        int inputs = Convolution.Product(input, axes), taps = Convolution.Product(kernel, axes), places = Convolution.Product(output, axes);
        int* at = stackalloc int[axes];
        int* tap = stackalloc int[axes];
        for (int image = 0; image < images; image++)
        {
            for (int place = 0; place < places; place++)
            {
                Convolution.Split(place, output, at, axes);
                long best = -1;
                T largest = T.CreateSaturating(double.NegativeInfinity);
                for (int t = 0; t < taps; t++)
                {
                    Convolution.Split(t, kernel, tap, axes);
                    long from = Source(at, tap, input, strides, dilations, pads, axes);
                    if (from < 0 || (best >= 0 && !(x[((long)image * inputs) + from] > largest))) continue;
                    best = from;
                    largest = x[((long)image * inputs) + from];
                }

                *y++ = largest;
                if (indices == null) continue;
                if (columns)
                {
                    Convolution.Split((int)best, input, tap, axes);
                    best = 0;
                    for (int a = axes - 1; a >= 0; a--) best = (best * input[a]) + tap[a];
                }

                *indices++ = ((long)image * inputs) + best;
            }
        }
    }

    /// <summary>The mean of every window: of the elements that are there, or of those and the padding.</summary>
    public static void Average<T>(T* x, T* y, int* input, int* kernel, int* output, int* strides, int* dilations, int* pads, int* padsAfter, int axes,
        int images, bool includePads)
        where T : unmanaged, INumber<T>
    {
        int inputs = Convolution.Product(input, axes), taps = Convolution.Product(kernel, axes), places = Convolution.Product(output, axes);
        int* at = stackalloc int[axes];
        int* tap = stackalloc int[axes];
        for (int image = 0; image < images; image++)
        {
            for (int place = 0; place < places; place++)
            {
                Convolution.Split(place, output, at, axes);
                T sum = T.Zero;
                int count = 0;
                for (int t = 0; t < taps; t++)
                {
                    Convolution.Split(t, kernel, tap, axes);
                    bool padded = true;
                    for (int a = 0; a < axes; a++) padded &= (at[a] * strides[a]) + (tap[a] * dilations[a]) < input[a] + pads[a] + padsAfter[a];
                    long from = Source(at, tap, input, strides, dilations, pads, axes);
                    if (from >= 0) sum += x[((long)image * inputs) + from];
                    if (from >= 0 || (includePads && padded)) count++;
                }

                *y++ = sum / T.CreateTruncating(Math.Max(count, 1));
            }
        }
    }

    /// <summary>The p-norm of every window.</summary>
    public static void Norm<T>(T* x, T* y, int* input, int* kernel, int* output, int* strides, int* dilations, int* pads, int axes, int images, int p)
        where T : unmanaged, INumber<T>
    {
        int inputs = Convolution.Product(input, axes), taps = Convolution.Product(kernel, axes), places = Convolution.Product(output, axes);
        int* at = stackalloc int[axes];
        int* tap = stackalloc int[axes];
        for (int image = 0; image < images; image++)
        {
            for (int place = 0; place < places; place++)
            {
                Convolution.Split(place, output, at, axes);
                double sum = 0;
                for (int t = 0; t < taps; t++)
                {
                    Convolution.Split(t, kernel, tap, axes);
                    long from = Source(at, tap, input, strides, dilations, pads, axes);
                    if (from >= 0) sum += Math.Pow(Math.Abs(double.CreateTruncating(x[((long)image * inputs) + from])), p);
                }

                *y++ = T.CreateTruncating(Math.Pow(sum, 1.0 / p));
            }
        }
    }

    /// <summary>Elements put back where a pool found them, zero elsewhere.</summary>
    public static void Unpool<T>(void* x, long* indices, void* y, int count, int total)
        where T : unmanaged
    {
        new Span<T>(y, total).Clear();
        for (int i = 0; i < count; i++) ((T*)y)[Movement.Index(indices[i], total)] = ((T*)x)[i];
    }

    /// <summary>Offset of a window's element in the image; −1 when it lies outside.</summary>
    private static long Source(int* at, int* tap, int* input, int* strides, int* dilations, int* pads, int axes)
    {
        long from = 0;
        for (int a = 0; a < axes; a++)
        {
            int i = (at[a] * strides[a]) - pads[a] + (tap[a] * dilations[a]);
            if (i < 0 || i >= input[a]) return -1;
            from = (from * input[a]) + i;
        }

        return from;
    }
}
