using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>
/// How two tensors broadcast to their common shape, with neighbouring axes merged where both run on: sizes, and the elements from one index to the next in
/// either input (0 where it is repeated). The output is contiguous.
/// </summary>
internal sealed record Broadcasting(int[] Sizes, int[] StepsA, int[] StepsB)
{
    /// <summary>Works out the steps.</summary>
    public static Broadcasting Of(Shape a, Shape b, Shape output)
    {
        int[] stepsA = Steps(a, output.Rank);
        int[] stepsB = Steps(b, output.Rank);
        var merged = new List<(int Size, int A, int B)>();
        for (int axis = 0; axis < output.Rank; axis++)
        {
            int size = output[axis];
            if (size == 1) continue;
            if (merged.Count > 0 && merged[^1].A == stepsA[axis] * size && merged[^1].B == stepsB[axis] * size)
                merged[^1] = (merged[^1].Size * size, stepsA[axis], stepsB[axis]);
            else merged.Add((size, stepsA[axis], stepsB[axis]));
        }

        if (merged.Count == 0) merged.Add((1, 1, 1));
        return new Broadcasting([.. merged.Select(m => m.Size)], [.. merged.Select(m => m.A)], [.. merged.Select(m => m.B)]);
    }

    /// <summary>Where each element of the output, in order, and those it is computed from are.</summary>
    public IEnumerable<(int Output, int A, int B)> Elements
    {
        get
        {
            int inner = Sizes.Length - 1;
            int length = Sizes[inner];
            int rows = Sizes[..inner].Aggregate(1, (product, size) => product * size);
            for (int row = 0; row < rows; row++)
            {
                (int a, int b, int rest) = (0, 0, row);
                for (int axis = inner - 1; axis >= 0; rest /= Sizes[axis--])
                {
                    a += rest % Sizes[axis] * StepsA[axis];
                    b += rest % Sizes[axis] * StepsB[axis];
                }

                for (int i = 0; i < length; i++) yield return ((row * length) + i, a + (i * StepsA[inner]), b + (i * StepsB[inner]));
            }
        }
    }

    private static int[] Steps(Shape shape, int rank)
    {
        int[] strides = Transpose.Strides(shape);
        return [.. Enumerable.Range(shape.Rank - rank, rank).Select(axis => axis < 0 || shape[axis] == 1 ? 0 : strides[axis])];
    }
}
