using System.Collections.Generic;
using System.Linq;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// How weights of 2 to 7 bits lie in the weights blob: in groups of 128, each less the smallest integer of its bits, cut into planes of 4, 2 and 1 bits,
/// lowest bits first. A plane of p bits has 16 × p bytes; weight n of the group has its bits in byte n mod (16 × p), p × (n div (16 × p)) bits up. So
/// neighbouring weights lie in neighbouring bytes, and vectors of any width take them apart with shifts and masks.
/// </summary>
internal static class NarrowWeights
{
    /// <summary>Weights of a group.</summary>
    public const int Group = 128;

    /// <summary>Fewest bits that hold all of these integers: 2 to 8.</summary>
    public static int BitsOf(IEnumerable<int> weights)
    {
        int bits = 2;
        foreach (int w in weights)
        {
            while (bits < 8 && (w < -(1 << (bits - 1)) || w >= 1 << (bits - 1))) bits++;
        }

        return bits;
    }

    /// <summary>Weights with padding to whole groups.</summary>
    public static int PaddedCount(int count) => (count + Group - 1) / Group * Group;

    /// <summary>Bytes that packed weights take.</summary>
    public static int PackedBytes(int count, int bits) => PaddedCount(count) / 8 * bits;

    /// <summary>The widths of the planes.</summary>
    public static IEnumerable<int> Planes(int bits) => new[] { 4, 2, 1 }.Where(p => (bits & p) != 0);

    /// <summary>Packs weights.</summary>
    public static byte[] Pack(IReadOnlyList<int> weights, int bits) => PackBits([.. weights.Select(w => w + (1 << (bits - 1)))], bits);

    /// <summary>Packs integers without a sign, which may have 1 bit, too.</summary>
    internal static byte[] PackBits(int[] values, int bits)
    {
        var packed = new byte[PackedBytes(values.Length, bits)];
        for (int i = 0; i < values.Length; i++)
        {
            (int start, int n, int value) = (i / Group * (Group / 8 * bits), i % Group, values[i]);
            foreach (int plane in Planes(bits))
            {
                int bytes = Group / 8 * plane;
                packed[start + (n % bytes)] |= (byte)((value & ((1 << plane) - 1)) << (plane * (n / bytes)));
                value >>= plane;
                start += bytes;
            }
        }

        return packed;
    }
}
