using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Normalisations along one axis of [outer, length, inner]. The lanes of vectors are summed in a fixed order,
/// so that every machine computes the same bits.</summary>
internal static unsafe partial class Normalization
{
    /// <summary>
    /// (x − mean) ÷ root of the mean or sum of squares, times scale, plus shift; scale and shift have length elements or are null,
    /// and the mean counts as zero where it is not wanted. Where the divisor is zero, so is the quotient. Output may be input.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalize(float* input, float* scale, float* shift, float* output, int outer, int length, int inner, bool centred, bool mean, int floor,
        float epsilon)
    {
        for (int o = 0; o < outer; o++, input += (long)length * inner, output += (long)length * inner)
        {
            if (inner == 1)
            {
                Row(input, scale, shift, output, length, centred, mean, floor, epsilon);
                continue;
            }

            int column = 0;
            for (; column <= inner - 8; column += 8) Columns(input + column, scale, shift, output + column, length, inner, centred, mean, floor, epsilon);
            for (; column < inner; column++) Column(input + column, scale, shift, output + column, length, inner, centred, mean, floor, epsilon);
        }
    }

    /// <summary>x − max − ln Σ exp(x − max). Output may be input.</summary>
    public static void LogSoftmax(float* input, float* output, int outer, int length, int inner)
    {
        for (int o = 0; o < outer; o++, input += (long)(length - 1) * inner, output += (long)(length - 1) * inner)
        {
            for (int n = 0; n < inner; n++, input++, output++)
            {
                float max = input[0];
                for (int i = 1; i < length; i++) max = Math.Max(max, input[(long)i * inner]);
                double sum = 0;
                for (int i = 0; i < length; i++) sum += MathF.Exp(input[(long)i * inner] - max);
                float logarithm = (float)Math.Log(sum);
                for (int i = 0; i < length; i++) output[(long)i * inner] = input[(long)i * inner] - max - logarithm;
            }
        }
    }

    /// <summary>One row of neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(float* input, float* scale, float* shift, float* output, int length, bool centred, bool mean, int floor, float epsilon)
    {
        int i = 0;
        float middle = 0;
        if (centred)
        {
            Vector256<float> sums = Vector256<float>.Zero;
            for (; i <= length - 8; i += 8) sums += Vector256.Load(input + i);
            middle = Sum(sums);
            for (; i < length; i++) middle += input[i];
            middle /= length;
        }

        Vector256<float> middles = Vector256.Create(middle), squares = Vector256<float>.Zero;
        for (i = 0; i <= length - 8; i += 8)
        {
            Vector256<float> x = Vector256.Load(input + i) - middles;
            squares += x * x;
        }

        float square = Sum(squares);
        for (; i < length; i++) square += (input[i] - middle) * (input[i] - middle);
        float factor = Factor(mean ? square / length : square, floor, epsilon);
        Vector256<float> factors = Vector256.Create(factor);
        for (i = 0; i <= length - 8; i += 8)
        {
            Vector256<float> y = (Vector256.Load(input + i) - middles) * factors;
            if (scale != null) y *= Vector256.Load(scale + i);
            if (shift != null) y += Vector256.Load(shift + i);
            y.Store(output + i);
        }

        for (; i < length; i++)
        {
            float y = (input[i] - middle) * factor;
            if (scale != null) y *= scale[i];
            if (shift != null) y += shift[i];
            output[i] = y;
        }
    }

    /// <summary>Eight columns side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns(float* input, float* scale, float* shift, float* output, int length, int step, bool centred, bool mean, int floor,
        float epsilon)
    {
        Vector256<float> middles = Vector256<float>.Zero, squares = Vector256<float>.Zero;
        if (centred)
        {
            for (int i = 0; i < length; i++) middles += Vector256.Load(input + ((long)i * step));
            middles /= Vector256.Create((float)length);
        }

        for (int i = 0; i < length; i++)
        {
            Vector256<float> x = Vector256.Load(input + ((long)i * step)) - middles;
            squares += x * x;
        }

        if (mean) squares /= Vector256.Create((float)length);
        float* lanes = stackalloc float[8];
        for (int lane = 0; lane < 8; lane++) lanes[lane] = Factor(squares.GetElement(lane), floor, epsilon);
        Vector256<float> factors = Vector256.Load(lanes);
        for (int i = 0; i < length; i++)
        {
            Vector256<float> y = (Vector256.Load(input + ((long)i * step)) - middles) * factors;
            if (scale != null) y *= Vector256.Create(scale[i]);
            if (shift != null) y += Vector256.Create(shift[i]);
            y.Store(output + ((long)i * step));
        }
    }

    /// <summary>One column.</summary>
    private static void Column(float* input, float* scale, float* shift, float* output, int length, int step, bool centred, bool mean, int floor, float epsilon)
    {
        float middle = 0, square = 0;
        if (centred)
        {
            for (int i = 0; i < length; i++) middle += input[(long)i * step];
            middle /= length;
        }

        for (int i = 0; i < length; i++) square += (input[(long)i * step] - middle) * (input[(long)i * step] - middle);
        float factor = Factor(mean ? square / length : square, floor, epsilon);
        for (int i = 0; i < length; i++)
        {
            float y = (input[(long)i * step] - middle) * factor;
            if (scale != null) y *= scale[i];
            if (shift != null) y += shift[i];
            output[(long)i * step] = y;
        }
    }

    /// <summary>Sum of the lanes, in one order everywhere.</summary>
    private static float Sum(Vector256<float> x)
    {
        Vector128<float> half = x.GetLower() + x.GetUpper();
        return (half.GetElement(0) + half.GetElement(2)) + (half.GetElement(1) + half.GetElement(3));
    }

    /// <summary>What to multiply by; zero where the divisor is.</summary>
    private static float Factor(float square, int floor, float epsilon)
    {
        float root = floor switch
        {
            0 => MathF.Sqrt(square + epsilon),
            1 => MathF.Sqrt(Math.Max(square, epsilon)),
            2 => MathF.Sqrt(square) + epsilon,
            _ => Math.Max(MathF.Sqrt(square), epsilon),
        };
        return root == 0 ? 0 : 1 / root;
    }
}
