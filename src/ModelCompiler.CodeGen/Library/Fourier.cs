namespace ModelCompiler.CodeGen.Library;

/// <summary>
/// Fourier transforms of mixed radix, as kissfft computes them (Borgerding, version 130): fixed-point transforms halve, third and so on before every pass,
/// so that they cannot overflow.
/// </summary>
internal static unsafe partial class Fourier
{
    /// <summary>Spectra of real sequences: for each, length ÷ 2 + 1 complex numbers.</summary>
    /// <param name="input">Sequences, filled up with zeros.</param>
    /// <param name="output">Spectra.</param>
    /// <param name="twiddles">e^(−2πi k ÷ n) for a transform of n = length ÷ 2 complex numbers, then n ÷ 2 factors that take it apart.</param>
    /// <param name="work">Scratch: 2 · length numbers and a radix.</param>
    /// <param name="factors">Radix and what is left of the length, for every pass.</param>
    /// <param name="sequences">Number of sequences.</param>
    /// <param name="given">Numbers of a sequence.</param>
    /// <param name="length">Numbers of a transform.</param>
    public static void Forward<T, TNumber>(T* input, T* output, T* twiddles, T* work, int* factors, int sequences, int given, int length)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        int n = length / 2;
        T* packed = work + length;
        T* split = twiddles + (2 * n);
        for (int s = 0; s < sequences; s++, input += given, output += length + 2)
        {
            for (int i = 0; i < length; i++) packed[i] = i < given ? input[i] : default;
            Pass<T, TNumber>(work, packed, 1, factors, twiddles, packed + length, n, false);
            T real = TNumber.Divide(work[0], 2), imaginary = TNumber.Divide(work[1], 2);
            output[0] = TNumber.Add(real, imaginary);
            output[2 * n] = TNumber.Subtract(real, imaginary);
            output[1] = output[(2 * n) + 1] = default;
            for (int k = 1; k <= n / 2; k++)
            {
                T ar = TNumber.Divide(work[2 * k], 2), ai = TNumber.Divide(work[(2 * k) + 1], 2);
                T br = TNumber.Divide(work[2 * (n - k)], 2), bi = TNumber.Divide(TNumber.Subtract(default, work[(2 * (n - k)) + 1]), 2);
                T sr = TNumber.Add(ar, br), si = TNumber.Add(ai, bi), dr = TNumber.Subtract(ar, br), di = TNumber.Subtract(ai, bi);
                T* w = split + (2 * (k - 1));
                T tr = TNumber.ProductDifference(dr, w[0], di, w[1]), ti = TNumber.ProductSum(dr, w[1], di, w[0]);
                output[2 * k] = TNumber.HalfSum(sr, tr);
                output[(2 * k) + 1] = TNumber.HalfSum(si, ti);
                output[2 * (n - k)] = TNumber.HalfDifference(sr, tr);
                output[(2 * (n - k)) + 1] = TNumber.HalfDifference(ti, si);
            }
        }
    }

    /// <summary>Real sequences from their spectra.</summary>
    public static void Inverse<T, TNumber>(T* input, T* output, T* twiddles, T* work, int* factors, int sequences, int given, int length)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        int n = length / 2;
        T* split = twiddles + (2 * n);
        for (int s = 0; s < sequences; s++, input += given, output += length)
        {
            work[0] = TNumber.Divide(TNumber.Add(input[0], input[2 * n]), 2);
            work[1] = TNumber.Divide(TNumber.Subtract(input[0], input[2 * n]), 2);
            for (int k = 1; k <= n / 2; k++)
            {
                T ar = TNumber.Divide(input[2 * k], 2), ai = TNumber.Divide(input[(2 * k) + 1], 2);
                T br = TNumber.Divide(input[2 * (n - k)], 2), bi = TNumber.Divide(TNumber.Subtract(default, input[(2 * (n - k)) + 1]), 2);
                T sr = TNumber.Add(ar, br), si = TNumber.Add(ai, bi), dr = TNumber.Subtract(ar, br), di = TNumber.Subtract(ai, bi);
                T* w = split + (2 * (k - 1));
                T tr = TNumber.ProductDifference(dr, w[0], di, w[1]), ti = TNumber.ProductSum(dr, w[1], di, w[0]);
                work[2 * k] = TNumber.Add(sr, tr);
                work[(2 * k) + 1] = TNumber.Add(si, ti);
                work[2 * (n - k)] = TNumber.Subtract(sr, tr);
                work[(2 * (n - k)) + 1] = TNumber.Subtract(default, TNumber.Subtract(si, ti));
            }

            Pass<T, TNumber>(output, work, 1, factors, twiddles, work + (2 * length), n, true);
            for (int i = 0; i < length; i++) output[i] = TNumber.Finish(output[i], length);
        }
    }

    /// <summary>One pass of a transform of complex numbers, after those of its parts.</summary>
    public static void Pass<T, TNumber>(T* to, T* from, int stride, int* factors, T* twiddles, T* scratch, int length, bool inverse)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        int radix = factors[0], m = factors[1];
        for (int part = 0; part < radix; part++)
        {
            T* start = to + (2 * part * m);
            if (m == 1) (start[0], start[1]) = (from[2 * part * stride], from[(2 * part * stride) + 1]);
            else Pass<T, TNumber>(start, from + (2 * part * stride), stride * radix, factors + 2, twiddles, scratch, length, inverse);
        }

        for (int u = 0; u < m; u++)
        {
            for (int q = 0; q < radix; q++)
            {
                T real = TNumber.Divide(to[2 * (u + (q * m))], radix), imaginary = TNumber.Divide(to[(2 * (u + (q * m))) + 1], radix);
                T* w = twiddles + (2 * q * u * stride);
                bool direct = q == 0 || radix > 5;
                scratch[2 * q] = direct ? real : TNumber.ProductDifference(real, w[0], imaginary, w[1]);
                scratch[(2 * q) + 1] = direct ? imaginary : TNumber.ProductSum(real, w[1], imaginary, w[0]);
            }

            switch (radix)
            {
                case 2: Two<T, TNumber>(to + (2 * u), scratch, m); break;
                case 3: Three<T, TNumber>(to + (2 * u), scratch, m, twiddles + (2 * stride * m)); break;
                case 4: Four<T, TNumber>(to + (2 * u), scratch, m, inverse); break;
                case 5: Five<T, TNumber>(to + (2 * u), scratch, m, twiddles + (2 * stride * m), twiddles + (4 * stride * m)); break;
                default: Any<T, TNumber>(to, scratch, u, m, radix, stride, twiddles, length); break;
            }
        }
    }

    /// <summary>A butterfly of two.</summary>
    public static void Two<T, TNumber>(T* to, T* x, int m)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        for (int i = 0; i < 2; i++) (to[i], to[(2 * m) + i]) = (TNumber.Add(x[i], x[2 + i]), TNumber.Subtract(x[i], x[2 + i]));
    }

    /// <summary>A butterfly of three.</summary>
    public static void Three<T, TNumber>(T* to, T* x, int m, T* third)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        T sr = TNumber.Add(x[2], x[4]), si = TNumber.Add(x[3], x[5]);
        T dr = TNumber.Product(TNumber.Subtract(x[2], x[4]), third[1]), di = TNumber.Product(TNumber.Subtract(x[3], x[5]), third[1]);
        T hr = TNumber.Subtract(x[0], TNumber.Half(sr)), hi = TNumber.Subtract(x[1], TNumber.Half(si));
        (to[0], to[1]) = (TNumber.Add(x[0], sr), TNumber.Add(x[1], si));
        (to[4 * m], to[(4 * m) + 1]) = (TNumber.Add(hr, di), TNumber.Subtract(hi, dr));
        (to[2 * m], to[(2 * m) + 1]) = (TNumber.Subtract(hr, di), TNumber.Add(hi, dr));
    }

    /// <summary>A butterfly of four.</summary>
    public static void Four<T, TNumber>(T* to, T* x, int m, bool inverse)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        T ar = TNumber.Add(x[0], x[4]), ai = TNumber.Add(x[1], x[5]), br = TNumber.Subtract(x[0], x[4]), bi = TNumber.Subtract(x[1], x[5]);
        T sr = TNumber.Add(x[2], x[6]), si = TNumber.Add(x[3], x[7]), dr = TNumber.Subtract(x[2], x[6]), di = TNumber.Subtract(x[3], x[7]);
        (to[0], to[1]) = (TNumber.Add(ar, sr), TNumber.Add(ai, si));
        (to[4 * m], to[(4 * m) + 1]) = (TNumber.Subtract(ar, sr), TNumber.Subtract(ai, si));
        int one = inverse ? 6 * m : 2 * m, three = inverse ? 2 * m : 6 * m;
        (to[one], to[one + 1]) = (TNumber.Add(br, di), TNumber.Subtract(bi, dr));
        (to[three], to[three + 1]) = (TNumber.Subtract(br, di), TNumber.Add(bi, dr));
    }

    /// <summary>A butterfly of five.</summary>
    public static void Five<T, TNumber>(T* to, T* x, int m, T* a, T* b)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        T s7r = TNumber.Add(x[2], x[8]), s7i = TNumber.Add(x[3], x[9]), s10r = TNumber.Subtract(x[2], x[8]), s10i = TNumber.Subtract(x[3], x[9]);
        T s8r = TNumber.Add(x[4], x[6]), s8i = TNumber.Add(x[5], x[7]), s9r = TNumber.Subtract(x[4], x[6]), s9i = TNumber.Subtract(x[5], x[7]);
        (to[0], to[1]) = (TNumber.Add(x[0], TNumber.Add(s7r, s8r)), TNumber.Add(x[1], TNumber.Add(s7i, s8i)));
        T s5r = TNumber.Add(TNumber.Add(x[0], TNumber.Product(s7r, a[0])), TNumber.Product(s8r, b[0]));
        T s5i = TNumber.Add(TNumber.Add(x[1], TNumber.Product(s7i, a[0])), TNumber.Product(s8i, b[0]));
        T s6r = TNumber.Add(TNumber.Product(s10i, a[1]), TNumber.Product(s9i, b[1]));
        T s6i = TNumber.Subtract(TNumber.Subtract(default, TNumber.Product(s10r, a[1])), TNumber.Product(s9r, b[1]));
        (to[2 * m], to[(2 * m) + 1]) = (TNumber.Subtract(s5r, s6r), TNumber.Subtract(s5i, s6i));
        (to[8 * m], to[(8 * m) + 1]) = (TNumber.Add(s5r, s6r), TNumber.Add(s5i, s6i));
        T s11r = TNumber.Add(TNumber.Add(x[0], TNumber.Product(s7r, b[0])), TNumber.Product(s8r, a[0]));
        T s11i = TNumber.Add(TNumber.Add(x[1], TNumber.Product(s7i, b[0])), TNumber.Product(s8i, a[0]));
        T s12r = TNumber.Subtract(TNumber.Product(s9i, a[1]), TNumber.Product(s10i, b[1]));
        T s12i = TNumber.Subtract(TNumber.Product(s10r, b[1]), TNumber.Product(s9r, a[1]));
        (to[4 * m], to[(4 * m) + 1]) = (TNumber.Add(s11r, s12r), TNumber.Add(s11i, s12i));
        (to[6 * m], to[(6 * m) + 1]) = (TNumber.Subtract(s11r, s12r), TNumber.Subtract(s11i, s12i));
    }

    /// <summary>A butterfly of any radix: the sums by definition.</summary>
    public static void Any<T, TNumber>(T* to, T* x, int u, int m, int radix, int stride, T* twiddles, int length)
        where T : unmanaged
        where TNumber : struct, IFourierNumber<T>
    {
        for (int q = 0, k = u; q < radix; q++, k += m)
        {
            (T real, T imaginary) = (x[0], x[1]);
            for (int i = 1, at = 0; i < radix; i++)
            {
                at += stride * k;
                if (at >= length) at -= length;
                T* w = twiddles + (2 * at);
                real = TNumber.Add(real, TNumber.ProductDifference(x[2 * i], w[0], x[(2 * i) + 1], w[1]));
                imaginary = TNumber.Add(imaginary, TNumber.ProductSum(x[2 * i], w[1], x[(2 * i) + 1], w[0]));
            }

            (to[2 * k], to[(2 * k) + 1]) = (real, imaginary);
        }
    }
}

/// <summary>Arithmetic of a Fourier transform.</summary>
internal interface IFourierNumber<T>
{
    static abstract T Add(T a, T b);

    static abstract T Subtract(T a, T b);

    static abstract T Product(T a, T b);

    static abstract T ProductSum(T a, T b, T c, T d);

    static abstract T ProductDifference(T a, T b, T c, T d);

    static abstract T Divide(T x, int by);

    static abstract T Half(T x);

    static abstract T HalfSum(T a, T b);

    static abstract T HalfDifference(T a, T b);

    static abstract T Finish(T x, int length);
}

/// <summary>Numbers with 15 fractional bits.</summary>
internal readonly struct FourierInt16 : IFourierNumber<short>
{
    public static short Add(short a, short b) => unchecked((short)(a + b));

    public static short Subtract(short a, short b) => unchecked((short)(a - b));

    public static short Product(short a, short b) => unchecked((short)(((a * b) + (1 << 14)) >> 15));

    public static short ProductSum(short a, short b, short c, short d) => unchecked((short)(((a * b) + (c * d) + (1 << 14)) >> 15));

    public static short ProductDifference(short a, short b, short c, short d) => unchecked((short)(((a * b) - (c * d) + (1 << 14)) >> 15));

    public static short Divide(short x, int by) => Product(x, (short)(short.MaxValue / by));

    public static short Half(short x) => (short)(x >> 1);

    public static short HalfSum(short a, short b) => (short)((a + b) >> 1);

    public static short HalfDifference(short a, short b) => (short)((a - b) >> 1);

    public static short Finish(short x, int length) => x;
}

/// <summary>Numbers with 31 fractional bits.</summary>
internal readonly struct FourierInt32 : IFourierNumber<int>
{
    public static int Add(int a, int b) => unchecked(a + b);

    public static int Subtract(int a, int b) => unchecked(a - b);

    public static int Product(int a, int b) => unchecked((int)((((long)a * b) + (1L << 30)) >> 31));

    public static int ProductSum(int a, int b, int c, int d) => unchecked((int)((((long)a * b) + ((long)c * d) + (1L << 30)) >> 31));

    public static int ProductDifference(int a, int b, int c, int d) => unchecked((int)((((long)a * b) - ((long)c * d) + (1L << 30)) >> 31));

    public static int Divide(int x, int by) => Product(x, int.MaxValue / by);

    public static int Half(int x) => x >> 1;

    public static int HalfSum(int a, int b) => unchecked(a + b) >> 1;

    public static int HalfDifference(int a, int b) => unchecked(a - b) >> 1;

    public static int Finish(int x, int length) => x;
}

/// <summary>Real numbers, which are not divided between passes.</summary>
internal readonly struct FourierFloat : IFourierNumber<float>
{
    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Product(float a, float b) => a * b;

    public static float ProductSum(float a, float b, float c, float d) => (a * b) + (c * d);

    public static float ProductDifference(float a, float b, float c, float d) => (a * b) - (c * d);

    public static float Divide(float x, int by) => x;

    public static float Half(float x) => x * 0.5f;

    public static float HalfSum(float a, float b) => (a + b) * 0.5f;

    public static float HalfDifference(float a, float b) => (a - b) * 0.5f;

    public static float Finish(float x, int length) => x / length;
}
