using System;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>The register tile of a float matrix product, pixels × vectors of channels, that takes the fewest cycles for a row of pixels.</summary>
/// <param name="Pixels">Pixels of a tile.</param>
/// <param name="Vectors">Vectors of channels of a tile.</param>
internal sealed record FloatTiles(int Pixels, int Vectors)
{
    private const int MostVectors = 8;

    /// <summary>Chooses the tile.</summary>
    /// <param name="isa">The instruction set, at the width of the tile's vectors.</param>
    /// <param name="pixels">Pixels of a row.</param>
    /// <param name="vectors">Vectors that hold all channels.</param>
    /// <param name="blockVectors">Vectors that lie together in the weights: tiles begin where such a block does.</param>
    public static FloatTiles Choose(Isa isa, int pixels, int vectors, int blockVectors)
    {
        FloatTiles best = new(1, blockVectors);
        long least = long.MaxValue;
        for (int v = 1; v <= Math.Min(vectors, MostVectors); v++)
        {
            if (v % blockVectors > 0 && v < vectors) continue;
            // Sums, the weights of a tap and one input, and a few to spare.
            int most = Math.Max(1, (isa.Registers - (isa.Registers / 16) - v - 1) / v);
            for (int p = Math.Min(pixels, most); p >= 1; p--)
            {
                long cost = Cost(pixels, p, size => Cost(
                    vectors, v, count => Math.Max(Math.Max(size * count, size + count), CostModel.Floats.LeastSums) + CostModel.Floats.Loop));
                if (cost >= least) continue;
                (best, least) = (new FloatTiles(p, v), cost);
            }
        }

        return best;
    }

    private static long Cost(int all, int size, Func<int, long> cost) => (all / size * cost(size)) + (all % size > 0 ? cost(all % size) : 0);

    /// <summary>Writes a loop over whole tiles, and what is left; <paramref name="body"/> gets the first element, as a C# expression,
    /// and the number of elements.</summary>
    public static void Write(SourceWriter code, string variable, int all, int size, Action<string, int> body)
    {
        int whole = all / size * size;
        if (whole == size) body("0", size);
        else code.For(variable, whole, () => body(variable, size), size);
        if (whole < all) body(Literals.Int(whole), all - whole);
    }
}
