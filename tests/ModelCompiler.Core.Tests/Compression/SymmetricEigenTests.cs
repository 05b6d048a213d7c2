using CsCheck;
using ModelCompiler.Core.Compression;

namespace ModelCompiler.Core.Tests.Compression;

public class SymmetricEigenTests
{
    // Kinds: any symmetric matrix, one of low rank, one with equal eigenvalues, a diagonal one, very large and very small numbers.
    [Fact]
    public void Vectors_are_orthonormal_and_the_matrix_stretches_them() => Gen.Select(Gen.Int[1, 70], Gen.Int[0, 5]).Sample((n, kind) =>
    {
        double[] a = Matrix(n, kind);
        double size = Math.Max(a.Max(Math.Abs), double.Epsilon);
        double[] before = [.. a];
        (double[] values, double[] vectors) = SymmetricEigen.Of(a, n);
        Assert.Equal(before, a);
        double[] products = LinearAlgebra.Product(vectors, n, LinearAlgebra.Transpose(vectors, n, n), n, n);
        for (int i = 0; i < products.Length; i++) Assert.Equal(i % (n + 1) == 0 ? 1 : 0, products[i], 1e-10);
        double[] stretched = LinearAlgebra.Product(vectors, n, a, n, n);
        for (int i = 0; i < stretched.Length; i++) Assert.Equal(values[i / n] * vectors[i] / size, stretched[i] / size, 1e-10 * n);
        for (int i = 1; i < n; i++) Assert.True(values[i - 1] >= values[i]);
    });

    [Fact]
    public void It_gives_the_same_every_time()
    {
        (double[] values, double[] vectors) = SymmetricEigen.Of(Matrix(33, 0), 33);
        (double[] again, double[] same) = SymmetricEigen.Of(Matrix(33, 0), 33);
        Assert.Equal(values, again);
        Assert.Equal(vectors, same);
    }

    [Fact]
    public void What_is_not_a_number_ends() => Assert.Equal(3, SymmetricEigen.Of([double.NaN, 1, 2, 1, 3, 4, 2, 4, double.PositiveInfinity], 3).Values.Length);

    private static double[] Matrix(int n, int kind)
    {
        var random = new Random(n + (1000 * kind));
        var a = new double[n * n];
        if (kind == 1)
        {
            int rank = Math.Max(1, n / 3);
            double[] b = [.. LinearAlgebraTests.Floats(random, n * rank).Select(x => (double)x)];
            return LinearAlgebra.Product(b, n, LinearAlgebra.Transpose(b, n, rank), rank, n);
        }

        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double x = (random.NextDouble() * 2) - 1;
                a[(i * n) + j] = a[(j * n) + i] = kind switch { 2 => i == j ? 3 : 0, 3 => i == j ? x : 0, 4 => x * 1e120, 5 => x * 1e-120, _ => x };
            }
        }

        return a;
    }
}
