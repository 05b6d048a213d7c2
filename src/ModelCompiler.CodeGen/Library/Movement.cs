using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Elements moved about, of any type by its size.</summary>
internal static unsafe partial class Movement
{
    /// <summary>Copies bytes.</summary>
    public static void Copy(void* input, void* output, int bytes) => new ReadOnlySpan<byte>(input, bytes).CopyTo(new Span<byte>(output, bytes));

    /// <summary>Reads elements at steps from a start, steps of 0 and below included, and writes them one after the other: slices,
    /// reversals, repetitions.</summary>
    public static void Strided<T>(void* input, void* output, int* sizes, int* steps, int axes, int start, int count)
        where T : unmanaged
    {
        int* index = stackalloc int[axes];
        new Span<int>(index, axes).Clear();
        T* from = (T*)input + start, to = (T*)output;
        int length = sizes[axes - 1], step = steps[axes - 1];
        for (int done = 0; done < count; done += length)
        {
            if (step == 1) new ReadOnlySpan<T>(from, length).CopyTo(new Span<T>(to + done, length));
            else for (int i = 0; i < length; i++) to[done + i] = from[i * step];
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                from += steps[axis];
                if (++index[axis] < sizes[axis]) break;
                from -= (long)steps[axis] * sizes[axis];
                index[axis] = 0;
            }
        }
    }

    /// <summary>
    /// Takes elements by a list of offsets per axis, one list after the other; a negative offset stands for the fill value (null for zero):
    /// paddings that repeat what is there.
    /// </summary>
    public static void Take<T>(void* input, void* fill, void* output, int* sizes, int* offsets, int axes, int count)
        where T : unmanaged
    {
        int* index = stackalloc int[axes];
        int** lists = stackalloc int*[axes];
        new Span<int>(index, axes).Clear();
        for (int axis = 0; axis < axes; offsets += sizes[axis++]) lists[axis] = offsets;
        T* from = (T*)input, to = (T*)output;
        T value = fill == null ? default : *(T*)fill;
        int length = sizes[axes - 1];
        int* inner = lists[axes - 1];
        for (int done = 0; done < count; done += length)
        {
            long at = 0;
            bool outside = false;
            for (int axis = 0; axis < axes - 1; axis++)
            {
                int offset = lists[axis][index[axis]];
                outside |= offset < 0;
                at += offset;
            }

            for (int i = 0; i < length; i++) to[done + i] = outside || inner[i] < 0 ? value : from[at + inner[i]];
            for (int axis = axes - 2; axis >= 0; axis--)
            {
                if (++index[axis] < sizes[axis]) break;
                index[axis] = 0;
            }
        }
    }

    /// <summary>Lower or upper triangles of matrices, zero elsewhere: elements on the side of the diagonal that lies k to the right of the main one.</summary>
    public static void Triangle<T>(void* input, long* k, void* output, int matrices, int rows, int columns, bool upper)
        where T : unmanaged
    {
        T* from = (T*)input, to = (T*)output;
        long shift = k == null ? 0 : *k;
        for (int m = 0; m < matrices; m++)
        {
            for (int r = 0; r < rows; r++)
            {
                for (int c = 0; c < columns; c++, from++, to++) *to = (upper ? c >= r + shift : c <= r + shift) ? *from : default;
            }
        }
    }

    /// <summary>An index that may count from the end, as one from the front.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    public static int Index<TIndex>(TIndex index, int size)
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        long at = long.CreateSaturating(index);
        if (at < 0) at += size;
        if (at < 0 || at >= size) throw new ArgumentOutOfRangeException(nameof(index), $"Index {long.CreateSaturating(index)} is not within {size} elements.");
        return (int)at;
    }
}
