using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>One number from many.</summary>
internal static unsafe partial class Reduction
{
    /// <summary>
    /// Reduces some axes, in row-major order of the elements. Sizes and steps of the axes that stay, then of those that go;
    /// number of outputs and of elements for each.
    /// </summary>
    public static void Reduce<TReduction, T, TState>(T* input, T* output, int* kept, int* keptSteps, int* reduced, int* reducedSteps, int keptAxes,
        int reducedAxes, int outputs, int elements)
        where TReduction : struct, IReduction<T, TState>
        where T : unmanaged
        where TState : unmanaged
    {
        int* outer = stackalloc int[keptAxes];
        int* inner = stackalloc int[reducedAxes];
        new Span<int>(outer, keptAxes).Clear();
        int length = reduced[reducedAxes - 1], step = reducedSteps[reducedAxes - 1];
        for (int o = 0; o < outputs; o++)
        {
            TState state = TReduction.Start;
            T* from = input;
            new Span<int>(inner, reducedAxes).Clear();
            for (int done = 0; done < elements; done += length)
            {
                for (int i = 0; i < length; i++) state = TReduction.Step(state, from[i * step]);
                for (int axis = reducedAxes - 2; axis >= 0; axis--)
                {
                    from += reducedSteps[axis];
                    if (++inner[axis] < reduced[axis]) break;
                    from -= (long)reducedSteps[axis] * reduced[axis];
                    inner[axis] = 0;
                }
            }

            output[o] = TReduction.Finish(state, elements);
            for (int axis = keptAxes - 1; axis >= 0; axis--)
            {
                input += keptSteps[axis];
                if (++outer[axis] < kept[axis]) break;
                input -= (long)keptSteps[axis] * kept[axis];
                outer[axis] = 0;
            }
        }
    }

    /// <summary>Index of the largest (or smallest) element along an axis: the first of equals, or the last. Input [outer, length, inner].</summary>
    public static void Extreme<T, TIndex>(T* input, TIndex* output, int outer, int length, int inner, bool largest, bool last)
        where T : unmanaged, INumber<T>
        where TIndex : unmanaged, INumber<TIndex>
    {
        for (int o = 0; o < outer; o++, input += (long)(length - 1) * inner)
        {
            for (int n = 0; n < inner; n++, input++)
            {
                int best = 0;
                for (int i = 1; i < length; i++)
                {
                    T x = input[(long)i * inner], y = input[(long)best * inner];
                    if ((largest ? x > y : x < y) || (last && x == y)) best = i;
                }

                *output++ = TIndex.CreateTruncating(best);
            }
        }
    }

    /// <summary>Running sums or products along an axis, forwards or backwards, with or without the element itself. Input [outer, length, inner].</summary>
    public static void Running<T>(T* input, T* output, int outer, int length, int inner, bool product, bool exclusive, bool reverse)
        where T : unmanaged, INumber<T>
    {
        for (int o = 0; o < outer; o++)
        {
            for (int n = 0; n < inner; n++)
            {
                T total = product ? T.One : T.Zero;
                for (int i = 0; i < length; i++)
                {
                    long at = ((((long)o * length) + (reverse ? length - 1 - i : i)) * inner) + n;
                    T next = product ? total * input[at] : total + input[at];
                    output[at] = exclusive ? total : next;
                    total = next;
                }
            }
        }
    }
}

/// <summary>What a reduction keeps while it goes through the elements.</summary>
internal interface IReduction<T, TState>
{
    static abstract TState Start { get; }

    static abstract TState Step(TState state, T x);

    static abstract T Finish(TState state, int count);
}

/// <summary>Sum.</summary>
internal readonly struct SumReduction<T, TState> : IReduction<T, TState>
    where T : unmanaged, INumber<T>
    where TState : unmanaged, INumber<TState>
{
    public static TState Start => TState.Zero;

    public static TState Step(TState state, T x) => state + TState.CreateTruncating(x);

    public static T Finish(TState state, int count) => T.CreateTruncating(state);
}

/// <summary>Mean.</summary>
internal readonly struct MeanReduction<T, TState> : IReduction<T, TState>
    where T : unmanaged, INumber<T>
    where TState : unmanaged, INumber<TState>
{
    public static TState Start => TState.Zero;

    public static TState Step(TState state, T x) => state + TState.CreateTruncating(x);

    public static T Finish(TState state, int count) => T.CreateTruncating(state / TState.CreateTruncating(count));
}

/// <summary>Product.</summary>
internal readonly struct ProductReduction<T, TState> : IReduction<T, TState>
    where T : unmanaged, INumber<T>
    where TState : unmanaged, INumber<TState>
{
    public static TState Start => TState.One;

    public static TState Step(TState state, T x) => state * TState.CreateTruncating(x);

    public static T Finish(TState state, int count) => T.CreateTruncating(state);
}

/// <summary>Sum of magnitudes.</summary>
internal readonly struct L1Reduction<T, TState> : IReduction<T, TState>
    where T : unmanaged, INumber<T>
    where TState : unmanaged, INumber<TState>
{
    public static TState Start => TState.Zero;

    public static TState Step(TState state, T x) => state + TState.Abs(TState.CreateTruncating(x));

    public static T Finish(TState state, int count) => T.CreateTruncating(state);
}

/// <summary>Sum of squares.</summary>
internal readonly struct SumSquareReduction<T, TState> : IReduction<T, TState>
    where T : unmanaged, INumber<T>
    where TState : unmanaged, INumber<TState>
{
    public static TState Start => TState.Zero;

    public static TState Step(TState state, T x) => state + (TState.CreateTruncating(x) * TState.CreateTruncating(x));

    public static T Finish(TState state, int count) => T.CreateTruncating(state);
}

/// <summary>Square root of the sum of squares.</summary>
internal readonly struct L2Reduction<T, TState> : IReduction<T, TState>
    where T : unmanaged, INumber<T>
    where TState : unmanaged, INumber<TState>
{
    public static TState Start => TState.Zero;

    public static TState Step(TState state, T x) => state + (TState.CreateTruncating(x) * TState.CreateTruncating(x));

    public static T Finish(TState state, int count) => T.CreateTruncating(Math.Sqrt(double.CreateTruncating(state)));
}

/// <summary>Logarithm of the sum.</summary>
internal readonly struct LogSumReduction<T, TState> : IReduction<T, TState>
    where T : unmanaged, INumber<T>
    where TState : unmanaged, INumber<TState>
{
    public static TState Start => TState.Zero;

    public static TState Step(TState state, T x) => state + TState.CreateTruncating(x);

    public static T Finish(TState state, int count) => T.CreateTruncating(Math.Log(double.CreateTruncating(state)));
}

/// <summary>Largest element; of none, the smallest number of the type.</summary>
internal readonly struct LargestReduction<T> : IReduction<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Start => T.CreateSaturating(double.NegativeInfinity);

    public static T Step(T state, T x) => T.Max(state, x);

    public static T Finish(T state, int count) => state;
}

/// <summary>Smallest element; of none, the largest number of the type.</summary>
internal readonly struct SmallestReduction<T> : IReduction<T, T>
    where T : unmanaged, INumber<T>
{
    public static T Start => T.CreateSaturating(double.PositiveInfinity);

    public static T Step(T state, T x) => T.Min(state, x);

    public static T Finish(T state, int count) => state;
}

/// <summary>True when any element is.</summary>
internal readonly struct AnyReduction : IReduction<bool, bool>
{
    public static bool Start => false;

    public static bool Step(bool state, bool x) => state | x;

    public static bool Finish(bool state, int count) => state;
}

/// <summary>True when all elements are.</summary>
internal readonly struct AllReduction : IReduction<bool, bool>
{
    public static bool Start => true;

    public static bool Step(bool state, bool x) => state & x;

    public static bool Finish(bool state, int count) => state;
}

/// <summary>Logarithm of the sum of exponentials, relative to the largest element so far.</summary>
internal readonly struct LogSumExpReduction<T> : IReduction<T, LogSumExpState>
    where T : unmanaged, INumber<T>
{
    public static LogSumExpState Start => new(double.NegativeInfinity, 0);

    public static LogSumExpState Step(LogSumExpState state, T x)
    {
        double y = double.CreateTruncating(x);
        if (double.IsNegativeInfinity(y)) return state;
        return y <= state.Max ? new(state.Max, state.Sum + (double.IsInfinity(y) ? 1 : Math.Exp(y - state.Max)))
            : new(y, (state.Sum * Math.Exp(state.Max - y)) + 1);
    }

    public static T Finish(LogSumExpState state, int count) => T.CreateSaturating(state.Max + Math.Log(state.Sum));
}

/// <summary>The largest element so far, and the sum of exponentials relative to it.</summary>
internal readonly struct LogSumExpState(double max, double sum)
{
    public double Max { get; } = max;

    public double Sum { get; } = sum;
}
