using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Input rows of a depthwise convolution, interleaved so that four bytes that one channel's window takes lie together: four rows of a column, or, where windows
/// have one row of up to four columns, these. A window is then a sum over quads, as offsets and weights.
/// </summary>
internal sealed class QuadRows(ConvGeometry geometry)
{
    private readonly ConvGeometry _g = geometry;

    private bool IsAlongRow => _g.WindowHeight == 1 && _g.WindowWidth is > 1 and <= 4;

    // Rows of quads for one output row, and for each the window rows (or columns) in its bytes; with three, the middle one comes twice.
    private int Planes => IsAlongRow ? 1 : (_g.WindowHeight + 3) / 4;

    private int PlaneElements => (((_g.OutWidth - 1) * _g.StrideRight) + ((_g.WindowWidth - 1) * _g.DilationRight) + 1) * _g.Channels;

    /// <summary>Quads for one output row.</summary>
    public int Elements => Planes * PlaneElements;

    /// <summary>Bytes from one output row's quads to the next one's.</summary>
    public int Pitch => ((Elements * 4) + 63) / 64 * 64;

    /// <summary>The window's groups for a block of channels: offset from the block's first quad of the pixel, and weights.</summary>
    /// <param name="weights">Channels × taps.</param>
    /// <param name="taps">Taps per channel.</param>
    /// <param name="first">First channel of the block.</param>
    /// <param name="block">Channels of the block.</param>
    /// <param name="channels">Channels in all; channels beyond the weights' repeat them.</param>
    public IEnumerable<WeightGroup> Groups(int[] weights, int taps, int first, int block, int channels)
    {
        int columns = IsAlongRow ? 1 : _g.WindowWidth;
        for (int plane = 0; plane < Planes; plane++)
        {
            int[] slots = Slots(plane);
            for (int x = 0; x < columns; x++)
            {
                var group = new int[block * 4];
                for (int c = 0; c < block && first + c < channels; c++)
                {
                    int channel = (first + c) % _g.Channels;
                    int[] bytes = new int[4];
                    for (int i = 0; i < 4; i++)
                    {
                        int tap = IsAlongRow ? i : slots[i] < 0 ? -1 : (slots[i] * _g.WindowWidth) + x;
                        bytes[i] = tap < 0 || (IsAlongRow && tap >= _g.WindowWidth) ? 0 : weights[(channel * taps) + tap];
                    }

                    if (!IsAlongRow && slots[1] == slots[3] && slots[1] >= 0) (bytes[1], bytes[3]) = ColumnEntries.Spread(bytes[0], bytes[1], bytes[2]);
                    bytes.CopyTo(group, c * 4);
                }

                yield return new WeightGroup(((plane * PlaneElements) + (x * _g.DilationRight * _g.Channels)) * 4, group);
            }
        }
    }

    private int[] Slots(int plane)
    {
        int rows = Math.Min(4, _g.WindowHeight - (plane * 4));
        int[] slots = rows switch
        {
            1 => [0, -1, -1, -1],
            2 => [0, -1, 1, -1],
            3 => [0, 1, 2, 1],
            _ => [0, 1, 2, 3],
        };
        return Array.ConvertAll(slots, s => s < 0 ? -1 : s + (plane * 4));
    }

    /// <summary>Writes the statements that interleave the rows for one or more output rows, and returns the pointer to the quads.</summary>
    public string Prepare(KernelWriter writer, SourceWriter code, string input, int inputPitch, int outputRowPitch, int outputRows)
    {
        string interleave = $"{writer.Isa.Wide.Simd}.Interleave4";
        for (int row = 0; row < outputRows; row++)
        {
            for (int plane = 0; plane < Planes; plane++)
            {
                string from = Terms.Plus(input, row * outputRowPitch);
                int count = PlaneElements;
                string[] sources = IsAlongRow
                    ? Enumerable.Range(0, 4).Select(i => Terms.Plus(from, Math.Min(i, _g.WindowWidth - 1) * _g.DilationRight * _g.Channels)).ToArray()
                    : Slots(plane).Select(s => Terms.Plus(from, Math.Max(0, s) * _g.DilationDown * inputPitch)).ToArray();
                if (IsAlongRow) count -= (_g.WindowWidth - 1) * _g.DilationRight * _g.Channels;
                code.Line($"{interleave}({string.Join(", ", sources)}, {Terms.Plus("quads", (row * Pitch) + (plane * PlaneElements * 4))}, {count});");
            }
        }

        return "quads";
    }
}
