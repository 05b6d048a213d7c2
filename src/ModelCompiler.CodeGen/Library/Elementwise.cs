namespace ModelCompiler.CodeGen.Library;

/// <summary>Functions of elements.</summary>
internal static unsafe partial class Elementwise
{
    /// <summary>A function of every element.</summary>
    public static void Unary<TFunction, TIn, TOut>(TIn* input, TOut* output, int count, double alpha, double beta)
        where TFunction : struct, IUnary<TIn, TOut>
        where TIn : unmanaged
        where TOut : unmanaged
    {
        for (int i = 0; i < count; i++) output[i] = TFunction.Apply(input[i], alpha, beta);
    }

    /// <summary>A function of two tensors that broadcast. Steps are elements from one index of an axis to the next, 0 where a tensor is repeated.</summary>
    public static void Binary<TFunction, TA, TB, TOut>(TA* a, TB* b, TOut* output, int* sizes, int* stepsA, int* stepsB, int axes, int count)
        where TFunction : struct, IBinary<TA, TB, TOut>
        where TA : unmanaged
        where TB : unmanaged
        where TOut : unmanaged
    {
        int* index = stackalloc int[axes];
        new Span<int>(index, axes).Clear();
        int length = sizes[axes - 1], stepA = stepsA[axes - 1], stepB = stepsB[axes - 1];
        for (int done = 0; done < count; done += length)
        {
            for (int i = 0; i < length; i++) output[done + i] = TFunction.Apply(a[i * stepA], b[i * stepB]);
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                a += stepsA[axis];
                b += stepsB[axis];
                if (++index[axis] < sizes[axis]) break;
                a -= (long)stepsA[axis] * sizes[axis];
                b -= (long)stepsB[axis] * sizes[axis];
                index[axis] = 0;
            }
        }
    }

    /// <summary>Elements of a where the condition holds, else of b; all three broadcast. Any element type, by its size.</summary>
    public static void Where<T>(bool* condition, void* a, void* b, void* output, int* sizes, int* stepsC, int* stepsA, int* stepsB, int axes, int count)
        where T : unmanaged
    {
        int* index = stackalloc int[axes];
        new Span<int>(index, axes).Clear();
        T* x = (T*)a, y = (T*)b, to = (T*)output;
        int length = sizes[axes - 1];
        for (int done = 0; done < count; done += length)
        {
            for (int i = 0; i < length; i++) to[done + i] = condition[i * stepsC[axes - 1]] ? x[i * stepsA[axes - 1]] : y[i * stepsB[axes - 1]];
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                condition += stepsC[axis];
                x += stepsA[axis];
                y += stepsB[axis];
                if (++index[axis] < sizes[axis]) break;
                condition -= (long)stepsC[axis] * sizes[axis];
                x -= (long)stepsA[axis] * sizes[axis];
                y -= (long)stepsB[axis] * sizes[axis];
                index[axis] = 0;
            }
        }
    }
}

/// <summary>A function of one element, with two constants.</summary>
internal interface IUnary<TIn, TOut>
{
    static abstract TOut Apply(TIn x, double alpha, double beta);
}

/// <summary>A function of two elements.</summary>
internal interface IBinary<TA, TB, TOut>
{
    static abstract TOut Apply(TA a, TB b);
}

/// <summary>A function of half-precision elements, computed in single precision.</summary>
internal readonly struct InFloat<TFunction> : IUnary<Half, Half>
    where TFunction : struct, IUnary<float, float>
{
    public static Half Apply(Half x, double alpha, double beta) => (Half)TFunction.Apply((float)x, alpha, beta);
}
