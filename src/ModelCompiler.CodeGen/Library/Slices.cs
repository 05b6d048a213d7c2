using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Parts of tensors at places that are known at run time only.</summary>
internal static unsafe partial class Slices
{
    /// <summary>Replaces a part of a tensor.</summary>
    /// <param name="input">The tensor.</param>
    /// <param name="part">The part.</param>
    /// <param name="starts">First index per axis, moved so that the part lies inside.</param>
    /// <param name="output">Result; may be the tensor.</param>
    /// <param name="sizes">Sizes of the tensor.</param>
    /// <param name="partSizes">Sizes of the part.</param>
    /// <param name="axes">Number of axes.</param>
    /// <param name="count">Elements of the tensor.</param>
    /// <param name="partCount">Elements of the part.</param>
    public static void Update<T, TIndex>(void* input, void* part, TIndex* starts, void* output, int* sizes, int* partSizes, int axes, int count, int partCount)
        where T : unmanaged
        where TIndex : unmanaged, IBinaryInteger<TIndex>
    {
        if (input != output) new ReadOnlySpan<T>(input, count).CopyTo(new Span<T>(output, count));
        int length = partSizes[axes - 1];
        for (int done = 0; done < partCount; done += length)
        {
            int at = 0, step = 1;
            for (int axis = axes - 1, rest = done; axis >= 0; axis--)
            {
                int start = (int)Math.Min(Math.Max(long.CreateSaturating(starts[axis]), 0), sizes[axis] - partSizes[axis]);
                at += (start + (rest % partSizes[axis])) * step;
                rest /= partSizes[axis];
                step *= sizes[axis];
            }

            new ReadOnlySpan<T>((T*)part + done, length).CopyTo(new Span<T>((T*)output + at, length));
        }
    }
}
