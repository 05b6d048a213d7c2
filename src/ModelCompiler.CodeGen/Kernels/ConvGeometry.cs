using System;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>The sizes of a two-dimensional convolution, and the loops over images and groups that all its kernels share.</summary>
internal sealed class ConvGeometry(
    int batch, EquatableArray<int> input, EquatableArray<int> output, EquatableArray<int> window, EquatableArray<int> stride,
    EquatableArray<int> dilation, EquatableArray<int> padding, int groups)
{
    public int Batch { get; } = batch;

    public int Height { get; } = input[0];

    public int Width { get; } = input[1];

    public int Channels { get; } = input[2];

    public int OutHeight { get; } = output[0];

    public int OutWidth { get; } = output[1];

    public int OutChannels { get; } = output[2];

    public int WindowHeight { get; } = window[0];

    public int WindowWidth { get; } = window[1];

    public int StrideDown { get; } = stride[0];

    public int StrideRight { get; } = stride[1];

    public int DilationDown { get; } = dilation[0];

    public int DilationRight { get; } = dilation[1];

    public int PadTop { get; } = padding[0];

    public int PadLeft { get; } = padding[1];

    public int Groups { get; } = groups;

    public int Pixels => OutHeight * OutWidth;

    public int InPerGroup => Channels / Groups;

    public int OutPerGroup => OutChannels / Groups;

    public int Taps => WindowHeight * WindowWidth * InPerGroup;

    public long Macs => (long)Batch * Pixels * OutChannels * Taps;

    /// <summary>True when some window reaches over the edge of the image.</summary>
    public bool HasPadding => PadTop > 0 || PadLeft > 0
        || ((OutHeight - 1) * StrideDown) + ((WindowHeight - 1) * DilationDown) >= Height
        || ((OutWidth - 1) * StrideRight) + ((WindowWidth - 1) * DilationRight) >= Width;

    /// <summary>True when the patches of successive pixels are the input itself.</summary>
    public bool IsPointwise => WindowHeight == 1 && WindowWidth == 1 && StrideDown == 1 && StrideRight == 1 && Groups == 1 && !HasPadding;

    /// <summary>Part of method names.</summary>
    public string Name => FormattableString.Invariant($"{Height}x{Width}x{Channels}_{WindowHeight}x{WindowWidth}x{OutChannels}{(StrideDown * StrideRight > 1 ? $"_s{StrideDown}{StrideRight}" : "")}");

    public string Describe(string kind)
    {
        if (Height * Width * WindowHeight * WindowWidth == 1) return FormattableString.Invariant($"{kind.Replace("conv", "fully connected")} {Channels} → {OutChannels}");
        string strides = StrideDown == 1 && StrideRight == 1 ? "" : StrideDown == StrideRight ? $"/{StrideDown}" : $"/{StrideDown}×{StrideRight}";
        string dilations = DilationDown == 1 && DilationRight == 1 ? "" : $", dilation {DilationDown}×{DilationRight}";
        return FormattableString.Invariant($"{kind} {WindowHeight}×{WindowWidth}{strides} {Height}×{Width}×{Channels} → {OutHeight}×{OutWidth}×{OutChannels}{dilations}{(Groups > 1 && kind == "conv" ? $", {Groups} groups" : "")}");
    }

    /// <summary>Writes the calls for every image and group; <paramref name="call"/> gets how far input, output and tables move.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="call">Statement from input elements, output elements and group number, as C# expressions to add (empty for none).</param>
    public void WriteCalls(KernelWriter writer, Func<string, string, string, string> call)
    {
        string images = Batch > 1 ? $"for (int image = 0; image < {Batch}; image++) " : "";
        string groups = Groups > 1 ? $"for (int group = 0; group < {Groups}; group++) " : "";
        string input = (Batch > 1 ? $" + image * {Height * Width * Channels}" : "") + (Groups > 1 ? $" + group * {InPerGroup}" : "");
        string output = (Batch > 1 ? $" + image * {Pixels * OutChannels}" : "") + (Groups > 1 ? $" + group * {OutPerGroup}" : "");
        writer.Call(images + groups + call(input, output, Groups > 1 ? "group" : ""));
    }

    /// <summary>Writes the calls for every image; <paramref name="call"/> gets how far input and output move.</summary>
    public void WriteImageCalls(KernelWriter writer, Func<string, string, string> call)
    {
        if (Batch == 1) writer.Call(call("", ""));
        else writer.Call($"for (int image = 0; image < {Batch}; image++) " + call($" + image * {Height * Width * Channels}", $" + image * {Pixels * OutChannels}"));
    }
}
