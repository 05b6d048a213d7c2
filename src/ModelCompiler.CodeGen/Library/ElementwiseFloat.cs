using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Sine.</summary>
internal readonly struct SinFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Sin(x);
}

/// <summary>Cosine.</summary>
internal readonly struct CosFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Cos(x);
}

/// <summary>Tangent.</summary>
internal readonly struct TanFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Tan(x);
}

/// <summary>Arc sine.</summary>
internal readonly struct AsinFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Asin(x);
}

/// <summary>Arc cosine.</summary>
internal readonly struct AcosFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Acos(x);
}

/// <summary>Arc tangent.</summary>
internal readonly struct AtanFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Atan(x);
}

/// <summary>Hyperbolic sine.</summary>
internal readonly struct SinhFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Sinh(x);
}

/// <summary>Hyperbolic cosine.</summary>
internal readonly struct CoshFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Cosh(x);
}

/// <summary>Hyperbolic tangent.</summary>
internal readonly struct TanhFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Tanh(x);
}

/// <summary>Inverse hyperbolic sine.</summary>
internal readonly struct AsinhFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Asinh(x);
}

/// <summary>Inverse hyperbolic cosine.</summary>
internal readonly struct AcoshFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Acosh(x);
}

/// <summary>Inverse hyperbolic tangent.</summary>
internal readonly struct AtanhFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Atanh(x);
}

/// <summary>Exponential.</summary>
internal readonly struct ExpFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Exp(x);
}

/// <summary>Natural logarithm.</summary>
internal readonly struct LogFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Log(x);
}

/// <summary>Square root.</summary>
internal readonly struct SqrtFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Sqrt(x);
}

/// <summary>Reciprocal.</summary>
internal readonly struct ReciprocalFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.One / x;
}

/// <summary>Largest integer that is not larger.</summary>
internal readonly struct FloorFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Floor(x);
}

/// <summary>Smallest integer that is not smaller.</summary>
internal readonly struct CeilingFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Ceiling(x);
}

/// <summary>Nearest integer, ties to even.</summary>
internal readonly struct RoundFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Round(x);
}

/// <summary>1 ÷ (1 + e⁻ˣ).</summary>
internal readonly struct SigmoidFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.One / (T.One + T.Exp(-x));
}

/// <summary>Ln(1 + eˣ).</summary>
internal readonly struct SoftplusFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Max(x, T.Zero) + T.Log(T.One + T.Exp(-T.Abs(x)));
}

/// <summary>X ÷ (1 + |x|).</summary>
internal readonly struct SoftsignFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x / (T.One + T.Abs(x));
}

/// <summary>X when positive, else α · x.</summary>
internal readonly struct LeakyReluFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x > T.Zero ? x : x * T.CreateTruncating(alpha);
}

/// <summary>X when positive, else α · (eˣ − 1).</summary>
internal readonly struct EluFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x > T.Zero ? x : T.CreateTruncating(alpha) * (T.Exp(x) - T.One);
}

/// <summary>Β · x when positive, else β · α · (eˣ − 1).</summary>
internal readonly struct SeluFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.CreateTruncating(beta) * (x > T.Zero ? x : T.CreateTruncating(alpha) * (T.Exp(x) - T.One));
}

/// <summary>X when positive, else α · (e^(x ÷ α) − 1).</summary>
internal readonly struct CeluFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x > T.Zero ? x : T.CreateTruncating(alpha) * (T.Exp(x / T.CreateTruncating(alpha)) - T.One);
}

/// <summary>Min(max(α · x + β, 0), 1).</summary>
internal readonly struct HardSigmoidFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Min(T.Max((x * T.CreateTruncating(alpha)) + T.CreateTruncating(beta), T.Zero), T.One);
}

/// <summary>X · min(max(x + 3, 0), 6) ÷ 6.</summary>
internal readonly struct HardSwishFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x * T.Min(T.Max(x + T.CreateTruncating(3), T.Zero), T.CreateTruncating(6)) / T.CreateTruncating(6);
}

/// <summary>X above α, else 0.</summary>
internal readonly struct ThresholdedReluFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x > T.CreateTruncating(alpha) ? x : T.Zero;
}

/// <summary>X · tanh(ln(1 + eˣ)).</summary>
internal readonly struct MishFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x * T.Tanh(T.Max(x, T.Zero) + T.Log(T.One + T.Exp(-T.Abs(x))));
}

/// <summary>X ÷ (1 + e^(−α · x)).</summary>
internal readonly struct SwishFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => x / (T.One + T.Exp(-T.CreateTruncating(alpha) * x));
}

/// <summary>Gaussian error function.</summary>
internal readonly struct ErfFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) => T.CreateTruncating(ErrorFunction.Compute(double.CreateTruncating(x)));
}

/// <summary>X · Φ(x), with Φ the normal distribution.</summary>
internal readonly struct GeluFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) =>
        T.CreateTruncating(double.CreateTruncating(x) * 0.5 * (1 + ErrorFunction.Compute(double.CreateTruncating(x) * 0.70710678118654752)));
}

/// <summary>X · Φ(x) with the approximation by tanh.</summary>
internal readonly struct GeluTanhFunction<T> : IUnary<T, T>
    where T : unmanaged, IFloatingPointIeee754<T>
{
    public static T Apply(T x, double alpha, double beta) =>
        x * T.CreateTruncating(0.5) * (T.One + T.Tanh(T.CreateTruncating(0.7978845608028654) * (x + (T.CreateTruncating(0.044715) * x * x * x))));
}

/// <summary>The Gaussian error function.</summary>
internal static unsafe partial class ErrorFunction
{
    /// <summary>erf(x): the Taylor series near zero, the continued fraction of erfc elsewhere (Abramowitz and Stegun 7.1.6 and 7.1.14);
    /// about 15 digits.</summary>
    public static double Compute(double x)
    {
        double a = Math.Abs(x);
        if (double.IsNaN(x)) return x;
        if (a > 6) return Math.CopySign(1, x);
        if (a < 2.5)
        {
            double term = x, sum = x;
            for (int n = 1; n < 60; n++)
            {
                term *= 2 * x * x / ((2 * n) + 1);
                sum += term;
            }

            return 1.1283791670955126 * Math.Exp(-x * x) * sum;
        }

        double fraction = 0;
        for (int n = 60; n > 0; n--) fraction = n * 0.5 / (a + fraction);
        return Math.CopySign(1 - (Math.Exp(-a * a) / (1.7724538509055159 * (a + fraction))), x);
    }
}
