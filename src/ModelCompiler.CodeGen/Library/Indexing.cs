using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Elements found by indices that are computed at run time. Indices below zero count from the end.</summary>
internal static unsafe partial class Indexing
{
    /// <summary>Slices of an axis by index: input [outer, size, inner], output [outer, indices, inner].</summary>
    public static void Gather<T, TIndex>(void* input, TIndex* indices, void* output, int outer, int size, int inner, int count)
        where T : unmanaged
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        T* from = (T*)input, to = (T*)output;
        for (int o = 0; o < outer; o++, from += (long)size * inner)
        {
            for (int i = 0; i < count; i++, to += inner)
                new ReadOnlySpan<T>(from + ((long)Movement.Index(indices[i], size) * inner), inner).CopyTo(new Span<T>(to, inner));
        }
    }

    /// <summary>Elements whose index along one axis is given and along the others is that of the output. Sizes of the output's axes,
    /// steps of the input's.</summary>
    public static void GatherElements<T, TIndex>(void* input, TIndex* indices, void* output, int* sizes, int* steps, int axes, int axis, int size, int count)
        where T : unmanaged
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        T* from = (T*)input, to = (T*)output;
        for (int i = 0; i < count; i++) to[i] = from[Offset(i, sizes, steps, axes, axis) + ((long)Movement.Index(indices[i], size) * steps[axis])];
    }

    /// <summary>Copies a tensor and writes, or combines, updates at elements whose index along one axis is given. Sizes are those of the updates,
    /// steps those of the output.</summary>
    public static void ScatterElements<T, TIndex, TFunction>(T* input, TIndex* indices, T* updates, T* output, int* sizes, int* steps, int axes, int axis,
        int size, int count, int total)
        where T : unmanaged
        where TIndex : unmanaged, IBinaryInteger<TIndex>
        where TFunction : struct, IBinary<T, T, T>
    {
        new ReadOnlySpan<T>(input, total).CopyTo(new Span<T>(output, total));
        for (int i = 0; i < count; i++)
        {
            T* to = output + Offset(i, sizes, steps, axes, axis) + ((long)Movement.Index(indices[i], size) * steps[axis]);
            *to = TFunction.Apply(*to, updates[i]);
        }
    }

    /// <summary>Slices by tuples of indices: input [batches, sizes.., slice], indices [batches, tuples, length].</summary>
    public static void GatherTuples<T, TIndex>(void* input, TIndex* indices, void* output, int* sizes, int* steps, int length, int batches, int tuples,
        int slice, int batchSize)
        where T : unmanaged
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        T* from = (T*)input, to = (T*)output;
        for (int b = 0; b < batches; b++, from += batchSize)
        {
            for (int t = 0; t < tuples; t++, indices += length, to += slice)
                new ReadOnlySpan<T>(from + TupleOffset(indices, sizes, steps, length), slice).CopyTo(new Span<T>(to, slice));
        }
    }

    /// <summary>Copies a tensor and writes, or combines, slices at tuples of indices.</summary>
    public static void ScatterTuples<T, TIndex, TFunction>(T* input, TIndex* indices, T* updates, T* output, int* sizes, int* steps, int length, int tuples,
        int slice, int total)
        where T : unmanaged
        where TIndex : unmanaged, IBinaryInteger<TIndex>
        where TFunction : struct, IBinary<T, T, T>
    {
        new ReadOnlySpan<T>(input, total).CopyTo(new Span<T>(output, total));
        for (int t = 0; t < tuples; t++, indices += length)
        {
            T* to = output + TupleOffset(indices, sizes, steps, length);
            for (int i = 0; i < slice; i++) to[i] = TFunction.Apply(to[i], *updates++);
        }
    }

    /// <summary>One value at the index along an axis, another elsewhere: output [outer, depth, inner]; indices outside the axis give none.</summary>
    public static void OneHot<TIndex, T>(TIndex* indices, void* values, void* output, int outer, int depth, int inner)
        where TIndex : unmanaged, INumber<TIndex>
        where T : unmanaged
    {
        T* to = (T*)output;
        (T off, T on) = (((T*)values)[0], ((T*)values)[1]);
        for (int o = 0; o < outer; o++)
        {
            for (int d = 0; d < depth; d++)
            {
                for (int i = 0; i < inner; i++)
                {
                    long index = long.CreateSaturating(indices[(o * inner) + i]);
                    *to++ = (index < 0 ? index + depth : index) == d ? on : off;
                }
            }
        }
    }

    /// <summary>The first elements along the time axis in reverse order, as many as each batch has. Input [.., time or batch, .., batch or time,
    /// .., inner].</summary>
    public static void ReverseSequence<T>(void* input, long* lengths, void* output, int batches, int times, int batchStep, int timeStep, int inner)
        where T : unmanaged
    {
        T* from = (T*)input, to = (T*)output;
        for (int b = 0; b < batches; b++)
        {
            for (int t = 0; t < times; t++)
            {
                long source = t < lengths[b] ? lengths[b] - 1 - t : t;
                if (source < 0 || source >= times) throw new ArgumentOutOfRangeException(nameof(lengths), "A sequence is longer than the time axis.");
                new ReadOnlySpan<T>(from + ((long)b * batchStep) + (source * timeStep),
                    inner).CopyTo(new Span<T>(to + ((long)b * batchStep) + ((long)t * timeStep), inner));
            }
        }
    }

    /// <summary>Offset of the i-th element of a tensor of these sizes, at these steps, leaving one axis out.</summary>
    private static long Offset(int i, int* sizes, int* steps, int axes, int without)
    {
        long offset = 0;
        for (int a = axes - 1; a >= 0; i /= sizes[a--])
        {
            if (a != without) offset += (long)(i % sizes[a]) * steps[a];
        }

        return offset;
    }

    /// <summary>Offset of the slice at a tuple of indices.</summary>
    private static long TupleOffset<TIndex>(TIndex* tuple, int* sizes, int* steps, int length)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        long offset = 0;
        for (int i = 0; i < length; i++) offset += (long)Movement.Index(tuple[i], sizes[i]) * steps[i];
        return offset;
    }
}

/// <summary>The second element, for scattering without a combination.</summary>
internal readonly struct ReplaceFunction<T> : IBinary<T, T, T>
    where T : unmanaged
{
    public static T Apply(T a, T b) => b;
}
