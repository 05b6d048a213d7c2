using System;
using System.Collections.Generic;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Cuts an image of output pixels into bands of rows, for which input is prepared together, and these into register tiles of nearly equal size:
/// parts of a row, or several rows where rows are short.
/// </summary>
internal sealed class PixelTiles
{
    private readonly int _height;
    private readonly int _width;
    private readonly int _columnTiles;

    /// <summary>Tiles of at most <paramref name="most"/> pixels in bands of about <paramref name="bandRows"/> rows.</summary>
    public PixelTiles(int height, int width, int most, int bandRows = 1)
    {
        (_height, _width) = (height, width);
        _columnTiles = (width + most - 1) / most;
        Height = _columnTiles == 1 ? Math.Max(1, Math.Min(height, most / width)) : 1;
        BandHeight = Math.Min(height, Math.Max(1, bandRows / Height) * Height);
    }

    /// <summary>Rows of the largest tile.</summary>
    public int Height { get; }

    /// <summary>Rows of the largest band.</summary>
    public int BandHeight { get; }

    /// <summary>How many tiles there are of each size.</summary>
    public IEnumerable<(int Pixels, int Count)> Sizes()
    {
        int perRow = _width / _columnTiles;
        int wide = _width % _columnTiles;
        for (int y = 0; y < _height; y += BandHeight)
        {
            int rows = Math.Min(BandHeight, _height - y);
            foreach ((int height, int count) in new[] { (Height, rows / Height), (rows % Height, 1) })
            {
                if (height * count == 0) continue;
                if (wide > 0) yield return (height * (perRow + 1), wide * count);
                yield return (height * perRow, (_columnTiles - wide) * count);
            }
        }
    }

    /// <summary>Writes the loops over tiles.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="band">Writes what a band needs: first row, rows; gives the pointer to its input and the bytes from the input of one output row to that of
    /// the next.</param>
    /// <param name="row">Writes what one or more rows need: pointer, first row, rows; gives the pointer to the tile's input.</param>
    /// <param name="tile">Writes one tile: input pointer, first column, first row, rows, columns.</param>
    public void Write(SourceWriter code, Func<string, int, (string Input, int Pitch)> band, Func<string, string, int, string> row,
        Action<string, string, string, int, int> tile)
    {
        int full = _height / BandHeight * BandHeight;
        if (full == BandHeight) Band("0", BandHeight);
        else code.For("y", full, () => Band("y", BandHeight), BandHeight);
        if (full < _height) Band(Literals.Int(full), _height - full);

        void Band(string y, int rows)
        {
            (string input, int pitch) = band(y, rows);
            int even = rows / Height * Height;
            if (even == Height) Row(input, y, Height);
            else code.For("row", even, () => Row(Terms.Plus(input, Terms.Times("row", pitch)), Terms.Plus(y, "row"), Height), Height);
            if (even < rows) Row(Terms.Plus(input, Terms.Times(Literals.Int(even), pitch)), Terms.Plus(y, even), rows - even);
        }

        void Row(string input, string y, int rows)
        {
            input = row(input, y, rows);

            // Tiles differ by one pixel at most: the wider ones first.
            int narrow = _width / _columnTiles;
            int wide = _width % _columnTiles;
            if (_columnTiles == 1)
            {
                tile(input, "0", y, rows, _width);
                return;
            }

            if (input.IndexOf(' ') >= 0)
            {
                code.Line($"byte* window = {input};");
                input = "window";
            }

            int covered = wide * (narrow + 1);
            if (wide == 1) tile(input, "0", y, rows, narrow + 1);
            else code.For("x", covered, () => tile(input, "x", y, rows, narrow + 1), narrow + 1);
            int rest = _columnTiles - wide;
            if (rest == 1) tile(input, Literals.Int(covered), y, rows, narrow);
            else if (covered == 0) code.For("x", _width, () => tile(input, "x", y, rows, narrow), narrow);
            else code.Block($"for (int x = {covered}; x < {_width}; x += {narrow})", () => tile(input, "x", y, rows, narrow));
        }
    }
}
