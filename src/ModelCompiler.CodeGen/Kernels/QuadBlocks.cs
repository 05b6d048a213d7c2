using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// What <see cref="ConvQuads"/> and <see cref="ConvSparseQuads"/> have in common: output channels in blocks of one, two or four vectors, in the order that
/// packing the finished sums within 128-bit lanes puts right, and the loops over bands of rows and blocks.
/// </summary>
internal sealed class QuadBlocks
{
    private readonly ConvGeometry _g;
    private readonly Isa _isa;

    /// <summary>Divides the channels of a layer.</summary>
    /// <param name="g">All sizes.</param>
    /// <param name="isa">The instruction set at the width of its tiles.</param>
    /// <param name="rows">The input.</param>
    /// <param name="most">Vectors of a block at most: 1, 2 or 4.</param>
    public QuadBlocks(ConvGeometry g, Isa isa, InputRows rows, int most)
    {
        (_g, _isa) = (g, isa);
        Vectors = VectorsOf(most);
        Order = [.. OrderOf()];
        // Weights stay in the cache for as many rows as are there at once.
        BandRows = rows.IsDirect ? rows.OutHeight : Math.Min(rows.OutHeight, rows.BandRows);
        CopyCycles = rows.IsDirect ? 0 : (double)g.Batch * g.Height * g.Width * g.Channels / CostModel.Quads.CopiedPerCycle;
    }

    /// <summary>The vectors of each block: as many as blocks have at most, then half of it, down to one, which may be a part of one.</summary>
    public int[] Vectors { get; }

    /// <summary>The channel of every lane. Packing four vectors puts four lanes of each side by side: of one pixel, of two or of four.</summary>
    public int[] Order { get; }

    /// <summary>Output rows that are computed block after block.</summary>
    public int BandRows { get; }

    /// <summary>Estimated time to copy the input with its zero point around it.</summary>
    public double CopyCycles { get; }

    /// <summary>A table per channel in the order of the lanes, zeros for lanes without a channel.</summary>
    public double[] InOrder(double[] table) => Array.ConvertAll(Order, c => c < table.Length ? table[c] : 0);

    /// <summary>Weights of a block for four input bytes, channels × 4, in the order of the lanes.</summary>
    public IEnumerable<int> InOrder(int[] weights, int first)
    {
        for (int lane = 0; lane < weights.Length / 4; lane++)
        {
            int at = (Order[first + lane] - first) * 4;
            for (int i = at; i < at + 4; i++) yield return weights[i];
        }
    }

    private int[] VectorsOf(int most)
    {
        int whole = _g.OutChannels / _isa.Lanes;
        var blocks = new List<int>();
        for (int size = most; size > 0; size /= 2)
        {
            for (; whole >= size; whole -= size) blocks.Add(size);
        }

        if (_g.OutChannels % _isa.Lanes > 0) blocks.Add(1);
        return [.. blocks];
    }

    private IEnumerable<int> OrderOf()
    {
        int first = 0;
        foreach (int count in Vectors)
        {
            for (int v = 0; v < count; v++)
            {
                for (int lane = 0; lane < _isa.Lanes; lane++)
                    yield return first + (count == 1 ? lane : (lane / 4 * 4 * count) + (4 * v) + (lane % 4));
            }

            first += count * _isa.Lanes;
        }
    }

    /// <summary>Writes the loops: bands of rows, and in each the blocks of channels.</summary>
    /// <param name="writer">Where methods go.</param>
    /// <param name="code">Where to write.</param>
    /// <param name="rows">The input.</param>
    /// <param name="tile">Writes what a block computes.</param>
    public void Write(KernelWriter writer, SourceWriter code, InputRows rows, QuadTile tile)
    {
        int whole = rows.OutHeight / BandRows * BandRows;
        if (BandRows < rows.OutHeight) tile.WritePointers(code);
        code.For("y", whole, y => WriteBand(writer, code, rows, tile, y, BandRows), BandRows);
        if (whole < rows.OutHeight) WriteBand(writer, code, rows, tile, Literals.Int(whole), rows.OutHeight - whole);
    }

    private void WriteBand(KernelWriter writer, SourceWriter code, InputRows rows, QuadTile tile, string y, int height)
    {
        (string input, int pitch) = rows.Prepare(writer, code, y, height);
        string output = Terms.Plus("output", Terms.Times(y, rows.OutWidth * _g.OutChannels));
        tile.WriteFirstBlock(code, declares: BandRows == rows.OutHeight);
        for (int block = 0, first = 0; block < Vectors.Length;)
        {
            int vectors = Vectors[block], size = vectors * _isa.Lanes, alike = Vectors.Skip(block).TakeWhile(v => v == vectors).Count();

            // The last block may be a part of a vector.
            if (first + (alike * size) > _g.OutChannels && alike > 1) alike--;
            int channels = Math.Min(size, _g.OutChannels - first), end = first + (alike * size);
            bool isLast = block + alike == Vectors.Length;
            if (alike == 1) Block(Literals.Int(first), isLast);
            else if (first == 0) code.For("channel", end, () => Block("channel", false), size);
            else code.Block($"for (int channel = {first}; channel < {end}; channel += {size})", () => Block("channel", false));
            first = end;
            block += alike;

            void Block(string channel, bool isEnd)
            {
                tile.WriteCalls(code, vectors, channels, channel, input, pitch, output, height);
                if (!isEnd) tile.WriteNextBlock(code, size);
            }
        }
    }
}
