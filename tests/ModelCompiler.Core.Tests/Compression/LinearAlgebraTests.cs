using CsCheck;
using ModelCompiler.Core.Compression;

namespace ModelCompiler.Core.Tests.Compression;

public class LinearAlgebraTests
{
    [Fact]
    public void Products_of_transposed_rows_are_those_of_the_definition() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40], Gen.Int[1, 300], Gen.Int[0, 20]).Sample((left, right, rows, first) =>
    {
        var random = new Random(left + (100 * right) + rows);
        float[] a = Floats(random, (first + rows) * left), b = Floats(random, (first + rows) * right);
        double[] product = LinearAlgebra.TransposedProduct(a, left, b, right, first, rows);
        for (int i = 0; i < left; i++)
        {
            for (int j = 0; j < right; j++)
            {
                double expected = Enumerable.Range(first, rows).Sum(r => (double)a[(r * left) + i] * b[(r * right) + j]);
                Assert.Equal(expected, product[(i * right) + j], 1e-3);
            }
        }
    });

    [Fact]
    public void Cholesky_factors_and_solves() => Gen.Int[1, 90].Sample(n =>
    {
        var random = new Random(n);
        double[] a = PositiveDefinite(random, n), x = [.. Floats(random, 3 * n).Select(v => (double)v)];
        double[] upper = LinearAlgebra.Cholesky(a, n)!;
        double[] square = LinearAlgebra.Product(LinearAlgebra.Transpose(upper, n, n), n, upper, n, n);
        for (int i = 0; i < a.Length; i++) Assert.Equal(a[i], square[i], 1e-9);
        double[] solved = LinearAlgebra.Product(x, 3, a, n, n);
        LinearAlgebra.Solve(upper, n, solved, 3);
        for (int i = 0; i < x.Length; i++) Assert.Equal(x[i], solved[i], 1e-6);
    });

    [Theory]
    [InlineData(1, 0)]
    [InlineData(-1, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(double.PositiveInfinity, 1)]
    public void What_is_not_positive_definite_has_no_factor(double first, double second) => Assert.Null(LinearAlgebra.Cholesky([first, 0, 0, second], 2));

    internal static double[] PositiveDefinite(Random random, int n)
    {
        double[] b = [.. Floats(random, n * n).Select(v => (double)v)];
        double[] a = LinearAlgebra.Product(b, n, LinearAlgebra.Transpose(b, n, n), n, n);
        for (int i = 0; i < n; i++) a[(i * n) + i] += 0.1;
        return a;
    }

    internal static float[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
