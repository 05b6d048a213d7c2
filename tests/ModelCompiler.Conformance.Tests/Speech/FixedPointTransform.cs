namespace ModelCompiler.Conformance.Tests.Speech;

/// <summary>
/// The discrete Fourier transform on 16-bit numbers in Q15, divided by its length: radix 4, every stage scaled down and rounded,
/// which are the steps of the public kissfft library. Loud sounds drown in rounding what is soft, and networks learn from that too.
/// </summary>
internal static class FixedPointTransform
{
    private const int Bits = 15, One = (1 << Bits) - 1;

    /// <summary>The lower half of the spectrum, both ends included, of 2 · 4ⁿ real numbers.</summary>
    public static (int Real, int Imaginary)[] OfReals(int[] samples)
    {
        // Even samples as real and odd ones as imaginary parts; then the two spectra are taken apart.
        int half = samples.Length / 2;
        (int Real, int Imaginary)[] packed = Transform([.. Enumerable.Range(0, half).Select(i => (samples[2 * i], samples[(2 * i) + 1]))]);
        var spectrum = new (int Real, int Imaginary)[half + 1];
        (int real, int imaginary) = Divide(packed[0], 2);
        (spectrum[0], spectrum[half]) = ((real + imaginary, 0), (real - imaginary, 0));
        for (int k = 1; k <= half / 2; k++)
        {
            (int Real, int Imaginary) a = Divide(packed[k], 2), b = Divide((packed[half - k].Real, -packed[half - k].Imaginary), 2);
            (int Real, int Imaginary) even = Add(a, b), odd = Multiply(Subtract(a, b), Turn(-Math.PI * (((double)k / half) + 0.5)));
            spectrum[k] = ((even.Real + odd.Real) >> 1, (even.Imaginary + odd.Imaginary) >> 1);
            spectrum[half - k] = ((even.Real - odd.Real) >> 1, (odd.Imaginary - even.Imaginary) >> 1);
        }

        return spectrum;
    }

    private static (int Real, int Imaginary)[] Transform((int Real, int Imaginary)[] x)
    {
        if (x.Length == 1) return x;
        int quarter = x.Length / 4;
        (int, int)[][] parts = [.. Enumerable.Range(0, 4).Select(p => Transform([.. x.Where((_, i) => i % 4 == p)]))];
        var result = new (int Real, int Imaginary)[x.Length];
        for (int k = 0; k < quarter; k++)
        {
            (int, int) first = Divide(parts[0][k], 4), second = Turned(1, k), third = Turned(2, k), fourth = Turned(3, k);
            (int, int) sum = Add(first, third), others = Add(second, fourth);
            ((int Real, int Imaginary) difference, (int Real, int Imaginary) side) = (Subtract(first, third), Subtract(second, fourth));
            (result[k], result[k + (2 * quarter)]) = (Add(sum, others), Subtract(sum, others));
            result[k + quarter] = (difference.Real + side.Imaginary, difference.Imaginary - side.Real);
            result[k + (3 * quarter)] = (difference.Real - side.Imaginary, difference.Imaginary + side.Real);
        }

        return result;

        (int, int) Turned(int part, int k) => Multiply(Divide(parts[part][k], 4), Turn(-2 * Math.PI * part * k / x.Length));
    }

    private static (int Real, int Imaginary) Turn(double angle) =>
        ((int)Math.Floor(0.5 + (One * Math.Cos(angle))), (int)Math.Floor(0.5 + (One * Math.Sin(angle))));

    private static (int Real, int Imaginary) Add((int Real, int Imaginary) a, (int Real, int Imaginary) b) => (a.Real + b.Real, a.Imaginary + b.Imaginary);

    private static (int Real, int Imaginary) Subtract((int Real, int Imaginary) a, (int Real, int Imaginary) b) => (a.Real - b.Real, a.Imaginary - b.Imaginary);

    private static (int Real, int Imaginary) Divide((int Real, int Imaginary) a, int divisor) =>
        (Round(a.Real * (One / divisor)), Round(a.Imaginary * (One / divisor)));

    private static (int Real, int Imaginary) Multiply((int Real, int Imaginary) a, (int Real, int Imaginary) b) =>
        (Round((a.Real * b.Real) - (a.Imaginary * b.Imaginary)), Round((a.Real * b.Imaginary) + (a.Imaginary * b.Real)));

    private static int Round(int product) => (product + (1 << (Bits - 1))) >> Bits;
}
