using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Magnitude.</summary>
internal readonly struct AbsFunction<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Abs(x);
}

/// <summary>Negation.</summary>
internal readonly struct NegateFunction<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Zero - x;
}

/// <summary>−1, 0 or 1 (NaN stays).</summary>
internal readonly struct SignFunction<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T x, double alpha, double beta) => x > T.Zero ? T.One : x < T.Zero ? T.Zero - T.One : x;
}

/// <summary>Max(x, 0).</summary>
internal readonly struct ReluFunction<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Max(x, T.Zero);
}

/// <summary>X + α below −β, x − α above β, else 0.</summary>
internal readonly struct ShrinkFunction<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T x, double alpha, double beta) =>
        x < T.CreateSaturating(-beta) ? x + T.CreateSaturating(alpha) : x > T.CreateSaturating(beta) ? x - T.CreateSaturating(alpha) : T.Zero;
}

/// <summary>Min(max(x, α), β).</summary>
internal readonly struct ClampNumberFunction<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T x, double alpha, double beta) => T.Min(T.Max(x, T.CreateSaturating(alpha)), T.CreateSaturating(beta));
}

/// <summary>True for NaN.</summary>
internal readonly struct IsNaNFunction<T> : IUnary<T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T x, double alpha, double beta) => T.IsNaN(x);
}

/// <summary>True for infinity: negative if α is not zero, positive if β is not.</summary>
internal readonly struct IsInfinityFunction<T> : IUnary<T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T x, double alpha, double beta) => (alpha != 0 && T.IsNegativeInfinity(x)) || (beta != 0 && T.IsPositiveInfinity(x));
}

/// <summary>True above α: 1, else 0.</summary>
internal readonly struct BinarizeFunction<T> : IUnary<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(T x, double alpha, double beta) => double.CreateTruncating(x) > alpha ? T.One : T.Zero;
}

/// <summary>Negation.</summary>
internal readonly struct NotFunction : IUnary<bool, bool>
{
    public static bool Apply(bool x, double alpha, double beta) => !x;
}

/// <summary>All bits turned over.</summary>
internal readonly struct BitwiseNotFunction<T> : IUnary<T, T>
    where T : unmanaged, IBinaryInteger<T>
{
    public static T Apply(T x, double alpha, double beta) => ~x;
}

/// <summary>Conversion between numbers: integers wrap around, real numbers lose their fraction and saturate.</summary>
internal readonly struct ConvertNumberFunction<TIn, TOut> : IUnary<TIn, TOut>
    where TIn : unmanaged, INumber<TIn>
    where TOut : unmanaged, INumber<TOut>
{
    public static TOut Apply(TIn x, double alpha, double beta)
    {
        if (TIn.IsInteger(x)) return TOut.CreateTruncating(x);

        // What is not a number becomes 0 as an integer, on .NET 8 too.
        TOut y = TOut.CreateSaturating(x);
        return TIn.IsNaN(x) && !TOut.IsNaN(y) ? TOut.Zero : y;
    }
}

/// <summary>True unless zero.</summary>
internal readonly struct ToBoolFunction<T> : IUnary<T, bool>
    where T : unmanaged, INumber<T>
{
    public static bool Apply(T x, double alpha, double beta) => x != T.Zero;
}

/// <summary>One for true, zero for false.</summary>
internal readonly struct FromBoolFunction<T> : IUnary<bool, T>
    where T : unmanaged, INumber<T>
{
    public static T Apply(bool x, double alpha, double beta) => x ? T.One : T.Zero;
}

/// <summary>An integer of fewer bits: α bits of it, signed when β is not zero; what does not fit wraps around.</summary>
internal readonly struct KeepBitsFunction<TIn, TOut> : IUnary<TIn, TOut>
    where TIn : unmanaged, INumber<TIn>
    where TOut : unmanaged, INumber<TOut>
{
    public static TOut Apply(TIn x, double alpha, double beta)
    {
        int drop = 64 - (int)alpha;
        long bits = long.CreateSaturating(x) << drop;
        return beta != 0 ? TOut.CreateTruncating(bits >> drop) : TOut.CreateTruncating((long)((ulong)bits >> drop));
    }
}
