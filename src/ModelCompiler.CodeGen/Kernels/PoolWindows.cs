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

    /// <summary>True when padding counts in a mean.</summary>
    public bool CountsPadding => countIncludePad && _g.HasPadding;

    /// <summary>C# expression of the elements of a window that lie inside.</summary>
    public string Elements => ElementsTimes(1);

    /// <summary>C# expression of the elements of a window that lie inside, times a constant.</summary>
    public string ElementsTimes(int factor) =>
        Rows.IsFixed && Columns.IsFixed ? Literals.Int((long)Rows.Inside * Columns.Inside * factor) :
        $"{Rows.Length} * {Columns.Length}{(factor == 1 ? "" : " * " + Literals.Int(factor))}";

    private PoolAxis Rows => new("top", "firstRow", "rows", _g.OutHeight, _g.StrideDown, _g.PadTop, _g.WindowHeight, _g.DilationDown, _g.Height, padBottom);

    private PoolAxis Columns => new("left", "firstColumn", "columns", _g.OutWidth, _g.StrideRight, _g.PadLeft, _g.WindowWidth, _g.DilationRight, _g.Width,
        padRight);

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
    /// Writes the loops over the windows of an image. The body gets the addresses of the first input element inside and of the output, and sees, where it asks
    /// for it, <c>count</c>, by which sums are divided.
    /// </summary>
    public void WriteWindows(SourceWriter code, string inType, string outType, bool counts, Action<string, string> body) => code.For("y", _g.OutHeight, y =>
    {
        if (!Rows.IsFixed) Rows.Write(code, y);
        code.For("x", _g.OutWidth, x =>
        {
            if (!Columns.IsFixed) Columns.Write(code, x);
            string from = Rows.IsFixed && Columns.IsFixed
                ? Terms.Plus(Terms.Plus(Rows.Start(y, _g.Width * _g.Channels), Columns.Start(x, _g.Channels)),
                    ((Rows.FirstTap * _g.Width) + Columns.FirstTap) * _g.Channels)
                : Terms.Times(Terms.Plus(Terms.Times(Rows.First(y), _g.Width), Columns.First(x)), _g.Channels);
            string to = Terms.Plus(Terms.Times(y, _g.OutWidth * _g.Channels), Terms.Times(x, _g.Channels));
            if (from != "0") code.Line($"{inType}* first = {Terms.Plus("input", from)};");
            if (to != "0") code.Line($"{outType}* to = {Terms.Plus("output", to)};");
            if (counts) WriteCount(code);
            body(from == "0" ? "input" : "first", to == "0" ? "output" : "to");
        });
    });

    private void WriteCount(SourceWriter code)
    {
        int[] counts = Counts();
        code.Line(
            counts.Length == 1 ? $"const int count = {Literals.Int(counts[0])};" :
            !countIncludePad ? $"int count = Math.Max(1, {Elements});" :
            $"int count = {Rows.Fitting} * {Columns.Fitting};");
    }

    /// <summary>Writes the loops over the elements of one window; the statement sees <c>p</c>, which points to the channel's element.</summary>
    /// <param name="code">Where to write.</param>
    /// <param name="inType">C# type of the elements.</param>
    /// <param name="from">Address of the channel in the window's first pixel.</param>
    /// <param name="statement">What to do with each element.</param>
    public void WriteTaps(SourceWriter code, string inType, string from, string statement)
    {
        string step = Literals.Int(_g.DilationRight * _g.Channels);
        bool isRow = Rows.Length == "1", isColumn = Columns.Length == "1";
        if (isRow && isColumn) code.Line($"{inType}* p = {from};\n{statement}");
        else if (isRow) code.Line($"{inType}* p = {from};\nfor (int i = 0; i < {Columns.Length}; i++, p += {step}) {statement}");
        else if (isColumn) code.Line($"{inType}* p = {from};\nfor (int i = 0; i < {Rows.Length}; i++, p += "
            + $"{Literals.Int(_g.DilationDown * _g.Width * _g.Channels)}) {statement}");
        else
        {
            code.Block($"for (int i = 0; i < {Rows.Length}; i++)", () =>
                code.Line($"{inType}* p = {Terms.Plus(from, Terms.Times("i", _g.DilationDown * _g.Width * _g.Channels))};\nfor (int j = 0; j < "
                + $"{Columns.Length}; j++, p += {step}) {statement}"));
        }
    }

    /// <summary>Writes the calls for every image.</summary>
    public void WriteCalls(KernelWriter writer, Func<string, string, string> call) => _g.WriteImageCalls(writer, call);
}
