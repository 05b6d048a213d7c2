using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// How weights of few different values lie in the weights blob: the number of each value, counted from the smallest, in planes as <see cref="NarrowWeights"/>
/// have them; behind these the values, with zeros to 16, 32 or 64.
/// </summary>
internal static class WeightCodebook
{
    /// <summary>Most bits of an index.</summary>
    public const int MostBits = 6;

    private const int Fewest = 16;

    /// <summary>Fewest bits that tell all values of these integers: 1 for two values, or one.</summary>
    public static int BitsOf(IEnumerable<int> weights)
    {
        (int values, int bits) = (weights.Distinct().Count(), 1);
        while (values > 1 << bits) bits++;
        return bits;
    }

    /// <summary>Values of a codebook, those that fill it up among them.</summary>
    public static int Entries(int bits) => Math.Max(Fewest, 1 << bits);

    /// <summary>Bytes that indices and codebook take.</summary>
    /// <param name="count">Number of weights.</param>
    /// <param name="bits">Bits of an index, 1 to 6.</param>
    /// <param name="type">Type of the values.</param>
    public static int PackedBytes(int count, int bits, ElementType type) => NarrowWeights.PackedBytes(count, bits) + (Entries(bits) * type.Size());

    /// <summary>Packs weights as indices, with their codebook.</summary>
    /// <param name="weights">The weights, of not more than 2^bits values.</param>
    /// <param name="bits">Bits of an index, 1 to 6.</param>
    /// <param name="type">Type of the values: int8, uint8 or int16.</param>
    public static byte[] Pack(IReadOnlyList<int> weights, int bits, ElementType type)
    {
        int[] values = [.. weights.Distinct().OrderBy(w => w)];
        int[] indices = [.. weights.Select(w => Array.BinarySearch(values, w))];
        byte[] packed = NarrowWeights.PackBits(indices, bits);
        int size = type.Size(), start = packed.Length;
        Array.Resize(ref packed, start + (Entries(bits) * size));
        for (int i = 0; i < values.Length; i++)
        {
            for (int b = 0; b < size; b++) packed[start + (i * size) + b] = unchecked((byte)(values[i] >> (8 * b)));
        }

        return packed;
    }
}
