using System;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// The rows of input that a window slides over, each converted and padded once and kept in a ring until the window has passed.
/// Used by depthwise convolutions, which touch every input row several times.
/// </summary>
internal sealed class RowRing(ConvGeometry geometry, string elementType, int slack, Func<string, string, string, string> copy)
{
    private readonly ConvGeometry _g = geometry;

    /// <summary>Rows in the ring.</summary>
    public int Rows => ((_g.WindowHeight - 1) * _g.DilationDown) + 1;

    /// <summary>Columns of a padded row.</summary>
    public int Columns => ((_g.OutWidth - 1) * _g.StrideRight) + ((_g.WindowWidth - 1) * _g.DilationRight) + 1;

    /// <summary>Elements of a padded row.</summary>
    public int RowLength => Columns * _g.Channels;

    /// <summary>Elements of the ring; vectors may read a little past the last row.</summary>
    public int Elements => (Rows * RowLength) + slack;

    /// <summary>Writes the loop over output rows; <paramref name="row"/> gets its number and writes it, with <c>window</c> pointing to the rows
    /// it needs.</summary>
    public void WriteRows(KernelWriter writer, SourceWriter code, string inType, Action<string> row)
    {
        string load = LoadMethod(writer, inType);
        code.Line($"{elementType}** window = stackalloc {elementType}*[{_g.WindowHeight}];");
        code.Line("int loaded = 0; // padded rows read so far");
        code.For("y", _g.OutHeight, y =>
        {
            string first = Terms.Times(y, _g.StrideDown), from = _g.PadTop == 0 ? "loaded" : $"loaded - {_g.PadTop}";
            string to = Rows == 1 ? "rows" : $"rows + loaded % {Rows} * {RowLength}";
            code.Line($"for (; loaded < {Terms.Plus(first, Rows)}; loaded++) {load}(input, {from}, {to});");
            string place = Terms.Plus(first, Terms.Times("i", _g.DilationDown));
            if (Rows == 1) code.Line("window[0] = rows;");
            else code.Line($"for (int i = 0; i < {_g.WindowHeight}; i++) window[i] = rows + "
                + $"{(place.IndexOf(' ') < 0 ? place : $"({place})")} % {Rows} * {RowLength};");
            row(y);
        });
    }

    private string LoadMethod(KernelWriter writer, string inType)
    {
        int inside = Math.Max(0, Math.Min(_g.Width, Columns - _g.PadLeft)) * _g.Channels;
        int left = Math.Min(_g.PadLeft * _g.Channels, RowLength);
        return writer.Method(
            $"LoadRow_{_g.Width}x{_g.Channels}",
            $"Reads one row of {Literals.Count(_g.Width, "pixel")} × {Literals.Count(_g.Channels, "channel")}, with zeros around it.",
            $"{inType}* input, int y, {elementType}* row",
            code =>
            {
                if (_g.HasPadding)
                {
                    code.Block($"if ((uint)y >= {_g.Height})", () => code.Line($"new Span<{elementType}>(row, {RowLength}).Clear();\nreturn;"));
                    code.Line();
                }

                if (left > 0) code.Line($"new Span<{elementType}>(row, {left}).Clear();");
                if (inside > 0) code.Line(copy($"input + y * {_g.Width * _g.Channels}", left > 0 ? $"row + {left}" : "row", Literals.Int(inside)));
                if (left + inside < RowLength) code.Line($"new Span<{elementType}>(row + {left + inside}, {RowLength - left - inside}).Clear();");
            });
    }

    /// <summary>A tap's address in the window, from the left edge of the tile's first pixel.</summary>
    public string Tap(int tap, int pixel) =>
        $"row{tap / _g.WindowWidth} + {Literals.Int(((pixel * _g.StrideRight) + (tap % _g.WindowWidth * _g.DilationRight)) * _g.Channels)}";

    /// <summary>Elements of the scratch tensor for these sizes.</summary>
    public static int ElementsFor(ConvGeometry geometry, int slack) => new RowRing(geometry, "", slack, (_, _, _) => "").Elements;
}
