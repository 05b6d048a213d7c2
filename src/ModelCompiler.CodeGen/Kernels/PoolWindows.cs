using System;
using System.Collections.Generic;
using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>The loops over the windows of a pool.</summary>
/// <param name="geometry">All sizes.</param>
/// <param name="padBottom">Rows of padding below.</param>
/// <param name="padRight">Columns of padding on the right.</param>
/// <param name="countIncludePad">True when padding counts in a mean.</param>
internal sealed class PoolWindows(ConvGeometry geometry, int padBottom, int padRight, bool countIncludePad)
{
    private readonly ConvGeometry _g = geometry;

    public int Channels => _g.Channels;

    public int WindowElements => _g.WindowHeight * _g.WindowWidth;

    /// <summary>Part of method names.</summary>
    public string Name => _g.Name + (_g.HasPadding ? FormattableString.Invariant($"_p{_g.PadTop}{_g.PadLeft}") : "");

    public string Describe(string kind) => _g.Describe(kind);

    /// <summary>The counts by which sums are divided, ascending.</summary>
    public int[] Counts()
    {
        IEnumerable<int> rows = AxisCounts(_g.OutHeight, _g.StrideDown, _g.PadTop, _g.WindowHeight, _g.DilationDown, _g.Height, padBottom);
        int[] columns = AxisCounts(_g.OutWidth, _g.StrideRight, _g.PadLeft, _g.WindowWidth, _g.DilationRight, _g.Width, padRight).ToArray();
        return rows.SelectMany(r => columns.Select(c => Math.Max(1, r * c))).Distinct().OrderBy(c => c).ToArray();
    }

    private IEnumerable<int> AxisCounts(int outputs, int stride, int before, int window, int dilation, int size, int after) =>
        Enumerable.Range(0, outputs).Select(o => Enumerable.Range(0, window).Count(i =>
        {
            int at = (o * stride) - before + (i * dilation);
            return countIncludePad ? at < size + after : at >= 0 && at < size;
        })).Distinct();

    /// <summary>
    /// Writes the loops over the windows of an image. The body sees <c>first</c> (the first input element inside), <c>to</c> (the output),
    /// <c>rows</c>, <c>columns</c> and, for means, <c>count</c>.
    /// </summary>
    public void WriteWindows(SourceWriter code, string inType, string outType, bool counts, Action body) => code.For("y", _g.OutHeight, () =>
    {
        WriteAxis(code, "top", "y", "Row", "rows", _g.StrideDown, _g.PadTop, _g.WindowHeight, _g.DilationDown, _g.Height);
        code.For("x", _g.OutWidth, () =>
        {
            WriteAxis(code, "left", "x", "Column", "columns", _g.StrideRight, _g.PadLeft, _g.WindowWidth, _g.DilationRight, _g.Width);
            string row = _g.HasPadding ? $"(top + firstRow * {_g.DilationDown})" : "top";
            string column = _g.HasPadding ? $"left + firstColumn * {_g.DilationRight}" : "left";
            code.Line($"{inType}* first = input + ({row} * {_g.Width} + {column}) * {_g.Channels};");
            code.Line($"{outType}* to = output + (y * {_g.OutWidth} + x) * {_g.Channels};");
            if (counts) code.Line($"{(_g.HasPadding ? "" : "const ")}int count = {Count};");
            body();
        });
    });

    private string Count =>
        !_g.HasPadding ? "rows * columns" :
        !countIncludePad ? "Math.Max(1, rows * columns)" :
        $"{Fitting("top", _g.WindowHeight, _g.DilationDown, _g.Height + padBottom)} * {Fitting("left", _g.WindowWidth, _g.DilationRight, _g.Width + padRight)}";

    private void WriteAxis(SourceWriter code, string start, string index, string name, string length, int stride, int before, int window, int dilation, int size)
    {
        code.Line($"int {start} = {index} * {stride}{(before > 0 ? " - " + Literals.Int(before) : "")};");
        if (!_g.HasPadding)
        {
            code.Line($"const int {length} = {window};");
            return;
        }

        code.Line($"int first{name} = {(dilation == 1 ? $"Math.Max(0, -{start})" : $"Math.Max(0, ({dilation - 1} - {start}) / {dilation})")};");
        code.Line($"int {length} = Math.Max(0, {Fitting(start, window, dilation, size)} - first{name});");
    }

    private static string Fitting(string start, int window, int dilation, int end) =>
        dilation == 1 ? $"Math.Min({window}, {end} - {start})" : $"Math.Min({window}, ({end + dilation - 1} - {start}) / {dilation})";

    /// <summary>Writes the loops over the elements of one window; the body sees <c>p</c>, which points to the channel's element.</summary>
    public void WriteTaps(SourceWriter code, string inType, string channel, string statement) =>
        code.Line($"for (int i = 0; i < rows; i++)\n{{\n    {inType}* p = first + i * {_g.DilationDown * _g.Width * _g.Channels} + {channel};\n    for (int j = 0; j < columns; j++, p += {_g.DilationRight * _g.Channels}) {statement}\n}}");

    /// <summary>Writes the calls for every image.</summary>
    public void WriteCalls(KernelWriter writer, Func<string, string, string> call) => _g.WriteImageCalls(writer, call);
}
