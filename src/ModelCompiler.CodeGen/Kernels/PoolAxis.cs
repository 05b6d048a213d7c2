using System;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Rows or columns of a pool's windows, and how the code names them.</summary>
/// <param name="StartName">Variable: where a window begins, padding included.</param>
/// <param name="FirstName">Variable: the window's first tap that lies inside.</param>
/// <param name="LengthName">Variable: how many taps lie inside.</param>
/// <param name="Outputs">Windows along the axis.</param>
/// <param name="Stride">Elements from window to window.</param>
/// <param name="Before">Elements of padding before.</param>
/// <param name="Window">Taps of a window.</param>
/// <param name="Dilation">Elements from tap to tap.</param>
/// <param name="Size">Elements of the input.</param>
/// <param name="After">Elements of padding after.</param>
internal sealed record PoolAxis(
    string StartName, string FirstName, string LengthName, int Outputs, int Stride, int Before, int Window, int Dilation, int Size, int After)
{
    private bool HasPadding => Before > 0 || ((Outputs - 1) * Stride) + ((Window - 1) * Dilation) >= Size;

    /// <summary>True when the same taps of all windows lie inside, so that no variables are needed.</summary>
    public bool IsFixed => Outputs == 1 || !HasPadding;

    /// <summary>Element of the first tap inside, from a window's start without padding; where windows are fixed.</summary>
    public int FirstTap => (SkippedTaps * Dilation) - Before;

    /// <summary>Taps inside, where windows are fixed.</summary>
    public int Inside => Math.Max(0, Math.Min(Window, (Size + Before + Dilation - 1) / Dilation) - SkippedTaps);

    private int SkippedTaps => (Before + Dilation - 1) / Dilation;

    /// <summary>C# expression of the taps inside.</summary>
    public string Length => IsFixed ? Literals.Int(Inside) : LengthName;

    /// <summary>C# expression of the taps that do not lie behind the padding.</summary>
    public string Fitting =>
        !IsFixed ? FittingTo(Size + After) :
        Literals.Int(Math.Min(Window, Outputs == 1 ? (Size + After + Before + Dilation - 1) / Dilation : Window));

    /// <summary>C# expression of where a window begins, in steps of some elements, without padding.</summary>
    public string Start(string index, int step) => Terms.Times(index, Stride * step);

    /// <summary>C# expression of the first element inside.</summary>
    public string First(string index) => IsFixed ? Terms.Plus(Start(index, 1), FirstTap) : Terms.Plus(StartName, Terms.Times(FirstName, Dilation));

    /// <summary>Writes the variables of a window.</summary>
    public void Write(SourceWriter code, string index)
    {
        code.Line($"int {StartName} = {Terms.Plus(Start(index, 1), -Before)};");
        code.Line($"int {FirstName} = {(Dilation == 1 ? $"Math.Max(0, -{StartName})" : $"Math.Max(0, ({Dilation - 1} - {StartName}) / {Dilation})")};");
        code.Line($"int {LengthName} = Math.Max(0, {FittingTo(Size)} - {FirstName});");
    }

    private string FittingTo(int end) =>
        Dilation == 1 ? $"Math.Min({Window}, {end} - {StartName})" : $"Math.Min({Window}, ({end + Dilation - 1} - {StartName}) / {Dilation})";
}
