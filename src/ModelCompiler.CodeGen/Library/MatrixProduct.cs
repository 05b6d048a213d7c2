using System.Numerics;

namespace ModelCompiler.CodeGen.Library;

/// <summary>Products of matrices.</summary>
internal static unsafe partial class MatrixProduct
{
    /// <summary>
    /// a [.., m, k] times b [.., k, n], less their zero points, summed in a wider type over k in order. Batch axes broadcast by their steps, in matrices.
    /// </summary>
    public static void Multiply<TA, TB, TSum, TOut>(TA* a, TB* b, TA* zeroA, TB* zeroB, TOut* output, int* batch, int* stepsA, int* stepsB, int batchAxes,
        int batches, int m, int k, int n, int zerosA, int zerosB)
        where TA : unmanaged, INumber<TA>
        where TB : unmanaged, INumber<TB>
        where TSum : unmanaged, INumber<TSum>
        where TOut : unmanaged, INumber<TOut>
    {
        int* index = stackalloc int[batchAxes];
        new Span<int>(index, batchAxes).Clear();
        for (int i = 0; i < batches; i++)
        {
            for (int row = 0; row < m; row++)
            {
                TSum za = zeroA == null ? TSum.Zero : TSum.CreateTruncating(zeroA[zerosA == 1 ? 0 : row]);
                for (int column = 0; column < n; column++, output++)
                {
                    TSum zb = zeroB == null ? TSum.Zero : TSum.CreateTruncating(zeroB[zerosB == 1 ? 0 : column]);
                    TSum sum = TSum.Zero;
                    TA* x = a + ((long)row * k);
                    TB* y = b + column;
                    for (int j = 0; j < k; j++, y += n) sum += (TSum.CreateTruncating(x[j]) - za) * (TSum.CreateTruncating(*y) - zb);
                    *output = TOut.CreateTruncating(sum);
                }
            }

            for (int axis = batchAxes - 1; axis >= 0; axis--)
            {
                a += (long)stepsA[axis] * m * k;
                b += (long)stepsB[axis] * k * n;
                if (++index[axis] < batch[axis]) break;
                a -= (long)stepsA[axis] * m * k * batch[axis];
                b -= (long)stepsB[axis] * k * n * batch[axis];
                index[axis] = 0;
            }
        }
    }
}
