using System.Numerics;
using CsCheck;
using ModelCompiler.Core.Quantization;

namespace ModelCompiler.Core.Tests.Quantization;

public class RequantizationTests
{
    /// <summary>gemmlowp's definition, in unbounded integers: truncating division after a nudge, then half away from zero.</summary>
    private static int Definition(int x, int multiplier, int shift)
    {
        int shifted = unchecked(x << Math.Max(shift, 0));
        BigInteger product = (BigInteger)shifted * multiplier;
        BigInteger nudge = product >= 0 ? BigInteger.One << 30 : BigInteger.One - (BigInteger.One << 30);
        BigInteger high = BigInteger.Divide(product + nudge, BigInteger.One << 31);
        double exact = (double)high / Math.Pow(2, Math.Max(-shift, 0));
        return (int)Math.Round(exact, MidpointRounding.AwayFromZero);
    }

    [Fact]
    public void Fixed_point_multiplication_equals_its_definition() =>
        Gen.Select(Gen.Int, Gen.Int[1 << 30, int.MaxValue], Gen.Int[-31, 8]).Sample((x, multiplier, shift) =>
            Requantization.MultiplyByQuantizedMultiplier(x, multiplier, shift) == Definition(x, multiplier, shift), iter: 100_000);

    [Theory]
    [InlineData(0.5, 1 << 30, 0)]
    [InlineData(1.0, 1 << 30, 1)]
    [InlineData(0.0, 0, 0)]
    [InlineData(0.75, 1610612736, 0)]
    [InlineData(1e-20, 0, 0)]
    public void Factors_become_multiplier_and_shift(double factor, int multiplier, int shift) =>
        Assert.Equal((multiplier, shift), Requantization.QuantizeMultiplier(factor));

    [Fact]
    public void Multiplier_and_shift_are_as_exact_as_31_bits_allow() => Gen.Double[1e-8, 1e6].Sample(factor =>
    {
        (int multiplier, int shift) = Requantization.QuantizeMultiplier(factor);
        return Math.Abs((multiplier * Math.Pow(2, shift - 31)) - factor) <= factor * Math.Pow(2, -31);
    });

    [Theory]
    [InlineData(1, 0.5f, 0, 0)] // halves go to the even neighbour
    [InlineData(3, 0.5f, 0, 2)]
    [InlineData(-1, 0.5f, 0, 0)]
    [InlineData(1, 0.5f, 1, 1)] // and the zero point is added after rounding
    [InlineData(int.MaxValue, 1f, 5, 127)]
    [InlineData(int.MinValue, 1f, 5, -128)]
    public void Float_requantisation_rounds_to_even_and_saturates(int sum, float scale, int zeroPoint, int expected) =>
        Assert.Equal(expected, Requantization.Float(sum, scale, zeroPoint, -128, 127));
}
