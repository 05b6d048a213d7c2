using CsCheck;
using ModelCompiler.CodeGen.Kernels;

namespace ModelCompiler.CodeGen.Tests;

public class NarrowWeightsTests
{
    [Fact]
    public void Planes_hold_all_bits_of_every_weight() => Gen.Select(Gen.Int[2, 7], Gen.Int[1, 400], Gen.Int).Sample((bits, count, seed) =>
    {
        var random = new Random(seed);
        int[] weights = [.. Enumerable.Range(0, count).Select(_ => random.Next(-(1 << (bits - 1)), 1 << (bits - 1)))];
        byte[] packed = NarrowWeights.Pack(weights, bits);
        Assert.Equal((count + 127) / 128 * 16 * bits, packed.Length);
        for (int i = 0; i < count; i++)
        {
            // As the layout is described: planes of 4, 2 and 1 bits, the lowest bits first.
            (int at, int n, int value, int shift) = (i / 128 * 16 * bits, i % 128, 0, 0);
            foreach (int plane in new[] { 4, 2, 1 })
            {
                if ((bits & plane) == 0) continue;
                value |= ((packed[at + (n % (16 * plane))] >> (plane * (n / (16 * plane)))) & ((1 << plane) - 1)) << shift;
                at += 16 * plane;
                shift += plane;
            }

            Assert.Equal(weights[i], value - (1 << (bits - 1)));
        }
    });

    [Theory]
    [InlineData(2, 0)]
    [InlineData(2, -2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, -8, 7)]
    [InlineData(5, 8)]
    [InlineData(7, -64, 63)]
    [InlineData(8, 64)]
    [InlineData(8, -128)]
    public void Bits_are_as_few_as_hold_all_weights(int bits, params int[] weights) => Assert.Equal(bits, NarrowWeights.BitsOf(weights));
}
