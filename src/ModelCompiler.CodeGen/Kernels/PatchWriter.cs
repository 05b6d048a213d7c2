using System;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>
/// Writes the method that gathers the patches of a few pixels (im2col), row by row, with zeros (or the zero point) where a window reaches over the edge.
/// </summary>
/// <param name="geometry">The convolution.</param>
/// <param name="patchLength">Elements from one patch to the next; what exceeds the taps is 0.</param>
/// <param name="copy">Statement that copies (and converts) a run of elements: from, to, count.</param>
internal sealed class PatchWriter(ConvGeometry geometry, int patchLength, Func<string, string, string, string> copy)
{
    private readonly ConvGeometry _g = geometry;

    private bool IsDirect => _g.IsPointwise && patchLength == _g.Taps;

    /// <summary>Writes the method, unless one copy of successive pixels is enough.</summary>
    public string Method(KernelWriter writer, string inType) => IsDirect ? "" : writer.Method(
        $"Patches_{_g.Name}",
        $"Gathers the patches of some pixels: {_g.WindowHeight}×{_g.WindowWidth} windows of {Literals.Count(_g.InPerGroup, "channel")}.",
        $"{inType}* input, int pixel, int count, {PatchType}* patch",
        code => code.Block($"for (int end = pixel + count; pixel < end; pixel++)", () =>
        {
            string top = _g.OutWidth == 1 ? "pixel" : $"pixel / {_g.OutWidth}", left = _g.OutWidth == 1 ? "0" : $"pixel % {_g.OutWidth}";
            code.Line($"int top = {Place(top, _g.StrideDown, _g.PadTop)}, left = {Place(left, _g.StrideRight, _g.PadLeft)};");
            // The rows of a window may end early, so they are a loop wherever they may lie outside.
            if (_g.WindowHeight == 1 && !_g.HasPadding) Row("0");
            else code.For("y", _g.WindowHeight, () => Row("y"));
            if (patchLength > _g.Taps) code.Line($"for (int i = {_g.Taps}; i < {patchLength}; i++) *patch++ = 0;");

            void Row(string y)
            {
                code.Line($"int row = {Terms.Plus("top", Terms.Times(y, _g.DilationDown))};");
                WriteRow(code);
            }
        }));

    /// <summary>The statement that gathers the patches of some pixels.</summary>
    public string Call(string method, string firstPixel, int pixels) => IsDirect
        ? copy(Terms.Plus("input", Terms.Times(firstPixel, _g.Channels)), "patches", Literals.Int(pixels * _g.Channels))
        : $"{method}(input, {firstPixel}, {pixels}, patches);";

    private void WriteRow(SourceWriter code)
    {
        int run = _g.WindowWidth * _g.InPerGroup;
        bool contiguous = _g.DilationRight == 1 && _g.Groups == 1;
        if (_g.HasPadding)
        {
            code.Block($"if ((uint)row >= {_g.Height})", () => code.Line($"{Empty("patch", Literals.Int(run))}\npatch += {run};\ncontinue;"));
            code.Line();
        }

        if (contiguous && !_g.HasPadding)
        {
            code.Line(copy($"input + (row * {_g.Width} + left) * {_g.Channels}", "patch", Literals.Int(run)));
            code.Line($"patch += {run};");
        }
        else if (contiguous)
        {
            code.Line($"int first = Math.Min(Math.Max(0, -left), {_g.WindowWidth}), last = Math.Max(first, Math.Min({_g.WindowWidth}, {_g.Width} - left));");
            code.Line(Empty("patch", Scaled("first")));
            code.Line(copy($"input + {Scaled($"(row * {_g.Width} + left + first)")}", $"patch + {Scaled("first")}", Scaled("(last - first)")));
            code.Line(Empty($"patch + {Scaled("last")}", Scaled($"({_g.WindowWidth} - last)")));
            code.Line($"patch += {run};");
        }
        else
        {
            code.For("x", _g.WindowWidth, x =>
            {
                code.Line($"int column = {Terms.Plus("left", Terms.Times(x, _g.DilationRight))};");
                string take = copy($"input + (row * {_g.Width} + column) * {_g.Channels}", "patch", Literals.Int(_g.InPerGroup));
                code.Line(_g.HasPadding ? $"if ((uint)column < {_g.Width}) {take}\nelse {Empty("patch", Literals.Int(_g.InPerGroup))}" : take);
                code.Line($"patch += {_g.InPerGroup};");
            });
        }
    }

    /// <summary>C# type of a patch element.</summary>
    public string PatchType { get; init; } = "short";

    /// <summary>What stands where a window reaches over the edge.</summary>
    public int Zero { get; init; }

    private static string Place(string pixel, int stride, int padding) =>
        Terms.Plus(pixel == "0" ? "0" : stride == 1 ? pixel : $"{pixel} * {stride}", -padding);

    private string Empty(string from, string count) => $"new Span<{PatchType}>({from}, {count}).{(Zero == 0 ? "Clear()" : $"Fill({Literals.Int(Zero)})")};";

    private string Scaled(string pixels) => _g.Channels == 1 ? pixels : $"{pixels} * {_g.Channels}";
}
