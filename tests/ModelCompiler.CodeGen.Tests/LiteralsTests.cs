using System.Globalization;
using CsCheck;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Tests;

public class LiteralsTests
{
    [Theory]
    [InlineData(0f, "0f")]
    [InlineData(-0f, "-0f")]
    [InlineData(1f, "1f")]
    [InlineData(0.1f, "0.1f")]
    [InlineData(-127.5f, "-127.5f")]
    [InlineData(1e-20f, "1E-20f")]
    [InlineData(1f / 3, "0.33333334f")]
    [InlineData(float.MaxValue, "3.4028235E+38f")]
    [InlineData(float.NaN, "float.NaN")]
    [InlineData(float.PositiveInfinity, "float.PositiveInfinity")]
    [InlineData(float.NegativeInfinity, "float.NegativeInfinity")]
    public void Floats(float value, string expected) => Assert.Equal(expected, Literals.Float(value));

    [Fact]
    public void Floats_read_back_to_the_same_bits() => Gen.Int.Select(BitConverter.Int32BitsToSingle).Where(float.IsFinite).Sample(
        value => Assert.Equal(BitConverter.SingleToInt32Bits(value),
            BitConverter.SingleToInt32Bits(float.Parse(Literals.ShortestFloat(value), CultureInfo.InvariantCulture))), iter: 2000, threads: 1);

    [Theory]
    [InlineData(0, "0")]
    [InlineData(-128, "-128")]
    [InlineData(int.MinValue, "-2147483648")]
    [InlineData(long.MaxValue, "9223372036854775807")]
    [InlineData(long.MinValue, "long.MinValue")]
    public void Integers(long value, string expected) => Assert.Equal(expected, Literals.Int(value));
}
