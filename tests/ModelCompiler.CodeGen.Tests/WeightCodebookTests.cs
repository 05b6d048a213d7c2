using CsCheck;
using ModelCompiler.CodeGen.Kernels;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Tests;

public class WeightCodebookTests
{
    [Fact]
    public void A_codebook_holds_every_weight() => Gen.Select(Gen.Int[1, 64], Gen.Int[1, 400], Gen.Bool, Gen.Int).Sample((most, count, isWide, seed) =>
    {
        var random = new Random(seed);
        int[] values = [.. Enumerable.Range(0, most).Select(_ => isWide ? random.Next(-32768, 32768) : random.Next(-128, 128))];
        int[] weights = [.. Enumerable.Range(0, count).Select(_ => values[random.Next(most)])];
        (int bits, ElementType type) = (WeightCodebook.BitsOf(weights), isWide ? ElementType.Int16 : ElementType.Int8);
        Assert.True(1 << bits >= weights.Distinct().Count() && (bits == 1 || 1 << (bits - 1) < weights.Distinct().Count()));
        byte[] packed = WeightCodebook.Pack(weights, bits, type);
        Assert.Equal(WeightCodebook.PackedBytes(count, bits, type), packed.Length);
        int codebook = (count + 127) / 128 * 16 * bits;
        Assert.Contains((packed.Length - codebook) / (isWide ? 2 : 1), new[] { 16, 32, 64 });
        for (int i = 0; i < count; i++)
        {
            // As the layout is described: planes of 4, 2 and 1 bits, the lowest bits first.
            (int at, int n, int index, int shift) = (i / 128 * 16 * bits, i % 128, 0, 0);
            foreach (int plane in new[] { 4, 2, 1 })
            {
                if ((bits & plane) == 0) continue;
                index |= ((packed[at + (n % (16 * plane))] >> (plane * (n / (16 * plane)))) & ((1 << plane) - 1)) << shift;
                at += 16 * plane;
                shift += plane;
            }

            Assert.Equal(weights[i], isWide ? BitConverter.ToInt16(packed, codebook + (2 * index)) : (sbyte)packed[codebook + index]);
        }
    });

    [Theory]
    [InlineData(1, 5)]
    [InlineData(1, 5, -7, 5)]
    [InlineData(2, 5, -7, 0)]
    [InlineData(2, 1, 2, 3, 4)]
    [InlineData(3, 1, 2, 3, 4, 5)]
    public void An_index_has_as_few_bits_as_tell_all_values(int bits, params int[] weights) => Assert.Equal(bits, WeightCodebook.BitsOf(weights));
}
