using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Sums of products, determinants and the like.</summary>
internal static unsafe partial class Contraction
{
    /// <summary>For every index of the kept axes, the sum over the others of the products of two tensors,
    /// which are read at steps (0 where an axis is not theirs).</summary>
    public static void Sum<T, TSum>(T* a, T* b, T* output, int* sizes, int* stepsA, int* stepsB, int kept, int axes, int outputs, int terms)
        where T : unmanaged, INumber<T>
        where TSum : unmanaged, INumber<TSum>
    {
        for (int o = 0; o < outputs; o++)
        {
            (long startA, long startB, int rest) = (0, 0, o);
            for (int axis = kept - 1; axis >= 0; rest /= sizes[axis--])
            {
                startA += (long)(rest % sizes[axis]) * stepsA[axis];
                startB += (long)(rest % sizes[axis]) * stepsB[axis];
            }

            TSum sum = TSum.Zero;
            for (int t = 0; t < terms; t++)
            {
                (long atA, long atB) = (startA, startB);
                rest = t;
                for (int axis = axes - 1; axis >= kept; rest /= sizes[axis--])
                {
                    atA += (long)(rest % sizes[axis]) * stepsA[axis];
                    atB += (long)(rest % sizes[axis]) * stepsB[axis];
                }

                sum += TSum.CreateTruncating(a[atA]) * (b == null ? TSum.One : TSum.CreateTruncating(b[atB]));
            }

            output[o] = T.CreateTruncating(sum);
        }
    }

    /// <summary>Determinants of matrices [matrices, size, size] by Gaussian elimination with pivots, in double precision; needs memory for a matrix.</summary>
    public static void Determinant<T>(T* input, T* output, double* work, int matrices, int size)
        where T : unmanaged, INumber<T>
    {
        for (int m = 0; m < matrices; m++)
        {
            for (int i = 0; i < size * size; i++) work[i] = double.CreateTruncating(*input++);
            double determinant = 1;
            for (int column = 0; column < size; column++)
            {
                int pivot = column;
                for (int row = column + 1; row < size; row++)
                {
                    if (Math.Abs(work[(row * size) + column]) > Math.Abs(work[(pivot * size) + column])) pivot = row;
                }

                if (pivot != column)
                {
                    determinant = -determinant;
                    for (int i = 0; i < size; i++)
                        (work[(pivot * size) + i], work[(column * size) + i]) = (work[(column * size) + i], work[(pivot * size) + i]);
                }

                double head = work[(column * size) + column];
                determinant *= head;
                if (head == 0) break;
                for (int row = column + 1; row < size; row++)
                {
                    double factor = work[(row * size) + column] / head;
                    for (int i = column; i < size; i++) work[(row * size) + i] -= factor * work[(column * size) + i];
                }
            }

            output[m] = T.CreateTruncating(determinant);
        }
    }

    /// <summary>
    /// The discrete Fourier transform along an axis: input [outer, given, inner, 1 or 2], cut or filled with zeros to so many samples, output [outer,
    /// bins, inner, 2]. The inverse divides by the number of samples; of half a spectrum it takes the other half as conjugate, and gives real numbers.
    /// </summary>
    public static void Fourier<T>(T* input, T* output, int outer, int given, int inner, int parts, int samples, int bins, int outputParts, bool inverse,
        bool half)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int o = 0; o < outer; o++)
        {
            for (int n = 0; n < inner; n++)
            {
                for (int k = 0; k < bins; k++)
                {
                    (double real, double imaginary) = (0, 0);
                    for (int s = 0; s < samples; s++)
                    {
                        bool mirrored = half && s >= given;
                        int from = mirrored ? samples - s : s;
                        if (from >= given) continue;
                        T* x = input + (((((long)o * given) + from) * inner) + n) * parts;
                        (double re, double im) = (double.CreateTruncating(x[0]), parts == 2 ? double.CreateTruncating(x[1]) : 0);
                        if (mirrored) im = -im;
                        double angle = (inverse ? 2 : -2) * Math.PI * ((long)k * s % samples) / samples;
                        (double sine, double cosine) = Math.SinCos(angle);
                        real += (re * cosine) - (im * sine);
                        imaginary += (re * sine) + (im * cosine);
                    }

                    T* to = output + (((((long)o * bins) + k) * inner) + n) * outputParts;
                    double scale = inverse ? 1.0 / samples : 1;
                    to[0] = T.CreateTruncating(real * scale);
                    if (outputParts == 2) to[1] = T.CreateTruncating(imaginary * scale);
                }
            }
        }
    }

    /// <summary>
    /// Linear attention with a state [batch, heads, keys, values] that decays, is corrected towards the value at the key, or both: queries [batch, time,
    /// query heads × keys], keys, values. Decay per key (or per head) in logarithms; beta per head.
    /// </summary>
    public static void LinearAttention(float* q, float* k, float* v, float* past, float* decay, float* beta, float* output, float* state, int batch, int times,
        int queryHeads, int heads, int keys, int values, int decays, int betas, float scale, bool delta)
    {
        int group = queryHeads / heads;
        if (past == null) new Span<float>(state, batch * heads * keys * values).Clear();
        else new ReadOnlySpan<float>(past, batch * heads * keys * values).CopyTo(new Span<float>(state, batch * heads * keys * values));
        for (int b = 0; b < batch; b++)
        {
            for (int t = 0; t < times; t++)
            {
                int row = (b * times) + t;
                for (int h = 0; h < heads; h++)
                {
                    float* s = state + (((b * heads) + h) * keys * values);
                    float* key = k + (((row * heads) + h) * keys);
                    if (decay != null)
                    {
                        for (int i = 0; i < keys; i++)
                        {
                            float factor = MathF.Exp(decays == heads ? decay[(row * heads) + h] : decay[(((row * heads) + h) * keys) + i]);
                            for (int j = 0; j < values; j++) s[(i * values) + j] *= factor;
                        }
                    }

                    for (int j = 0; j < values; j++)
                    {
                        float value = v[(((row * heads) + h) * values) + j];
                        if (delta)
                        {
                            float found = 0;
                            for (int i = 0; i < keys; i++) found += s[(i * values) + j] * key[i];
                            value = (value - found) * (beta == null ? 1 : beta[(row * betas) + (betas == 1 ? 0 : h)]);
                        }

                        for (int i = 0; i < keys; i++) s[(i * values) + j] += key[i] * value;
                    }

                    for (int g = 0; g < group; g++)
                    {
                        int head = (row * queryHeads) + (h * group) + g;
                        for (int j = 0; j < values; j++)
                        {
                            float sum = 0;
                            for (int i = 0; i < keys; i++) sum += q[(head * keys) + i] * s[(i * values) + j];
                            output[(head * values) + j] = sum * scale;
                        }
                    }
                }
            }
        }
    }
}
