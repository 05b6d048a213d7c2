using ModelCompiler.CodeGen.Vocabulary;

namespace ModelCompiler.CodeGen.Tests;

/// <summary>Real numbers at the edges of quantised networks become integers as the documentation says, vectors and their ends alike.</summary>
public unsafe class EdgeTests
{
    private static readonly float[] Values = [0, -0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, -127.5f, 300, -300, 1e30f, -1e30f, float.PositiveInfinity,
        float.NegativeInfinity, 3.49999f, -32768.5f];

    [Theory]
    [InlineData(1f, 0)]
    [InlineData(0.25f, 7)]
    [InlineData(0.05f, -100)]
    public void Quantised_to_the_nearest_with_ties_to_even(float scale, int zero)
    {
        for (int count = 0; count <= Values.Length; count++)
        {
            ReadOnlySpan<float> values = Values.AsSpan(Values.Length - count);
            var (signed, unsigned, words, ints) = (new sbyte[count], new byte[count], new short[count], new int[count]);
            fixed (sbyte* s = signed) Edge.Quantize(values, s, scale, zero);
            fixed (byte* u = unsigned) Edge.Quantize(values, u, scale, zero + 128);
            fixed (short* w = words) Edge.Quantize(values, w, scale, zero);
            fixed (int* n = ints) Edge.Quantize(values, n, scale, zero);
            for (int i = 0; i < count; i++)
            {
                double steps = Math.Round((double)(values[i] / scale));
                Assert.Equal(Math.Clamp(steps + zero, sbyte.MinValue, sbyte.MaxValue), signed[i]);
                Assert.Equal(Math.Clamp(steps + zero + 128, 0, 255), unsigned[i]);
                Assert.Equal(Math.Clamp(steps + zero, short.MinValue, short.MaxValue), words[i]);
                Assert.Equal(Math.Clamp(steps + zero, int.MinValue, int.MaxValue), ints[i]);
            }
        }
    }
}
