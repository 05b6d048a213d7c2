using System;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Cuts an image of output pixels into register tiles of nearly equal size: parts of a row, or several rows where rows are short.
/// </summary>
internal sealed class PixelTiles
{
    private readonly int _height;
    private readonly int _width;
    private readonly int _columnTiles;

    /// <summary>Tiles of at most so many pixels.</summary>
    public PixelTiles(int height, int width, int most)
    {
        (_height, _width) = (height, width);
        _columnTiles = (width + most - 1) / most;
        Height = _columnTiles == 1 ? Math.Max(1, Math.Min(height, most / width)) : 1;
    }

    /// <summary>Rows of the largest tile.</summary>
    public int Height { get; }

    /// <summary>Writes the loops over tiles.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="band">Writes what a band of rows needs, and its body with the pointer to its input: first row, rows, body.</param>
    /// <param name="tile">Writes one tile: input pointer, first column, first row, rows, columns.</param>
    public void Write(SourceWriter code, Action<string, int, Action<string>> band, Action<string, string, string, int, int> tile)
    {
        int full = _height / Height * Height;
        if (full == Height) Band("0", Height);
        else code.For("y", full, () => Band("y", Height), Height);
        if (full < _height) Band(Literals.Int(full), _height - full);

        void Band(string y, int rows) => band(y, rows, input =>
        {
            // Tiles differ by one pixel at most: the wider ones first.
            int narrow = _width / _columnTiles;
            int wide = _width % _columnTiles;
            if (wide == 0 && _columnTiles == 1)
            {
                tile(input, "0", y, rows, _width);
                return;
            }

            if (input.Contains(" * ") || input.Contains(" + "))
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
        });
    }
}
