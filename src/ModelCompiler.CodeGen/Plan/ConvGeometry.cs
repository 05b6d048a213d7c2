namespace ModelCompiler.CodeGen.Plan;

/// <summary>All sizes of a two-dimensional convolution, or of another layer with windows, on batch × height × width × channels.</summary>
/// <param name="Batch">Number of images.</param>
/// <param name="Height">Rows of an input image.</param>
/// <param name="Width">Columns of an input image.</param>
/// <param name="Channels">Channels of an input image.</param>
/// <param name="OutHeight">Rows of an output image.</param>
/// <param name="OutWidth">Columns of an output image.</param>
/// <param name="OutChannels">Channels of an output image.</param>
/// <param name="WindowHeight">Rows of the window.</param>
/// <param name="WindowWidth">Columns of the window.</param>
/// <param name="StrideDown">Rows from window to window.</param>
/// <param name="StrideRight">Columns from window to window.</param>
/// <param name="DilationDown">Rows from tap to tap.</param>
/// <param name="DilationRight">Columns from tap to tap.</param>
/// <param name="PadTop">Rows of padding above; what there is below follows from the output size.</param>
/// <param name="PadLeft">Columns of padding on the left; what there is on the right follows from the output size.</param>
/// <param name="Groups">Number of groups.</param>
internal sealed record ConvGeometry(
    int Batch, int Height, int Width, int Channels, int OutHeight, int OutWidth, int OutChannels, int WindowHeight, int WindowWidth,
    int StrideDown, int StrideRight, int DilationDown, int DilationRight, int PadTop, int PadLeft, int Groups) : IPlanPart
{
    /// <summary>Output pixels of one image.</summary>
    public int Pixels => OutHeight * OutWidth;

    /// <summary>Input channels of a group.</summary>
    public int InPerGroup => Channels / Groups;

    /// <summary>Output channels of a group.</summary>
    public int OutPerGroup => OutChannels / Groups;

    /// <summary>Products per output.</summary>
    public int Taps => WindowHeight * WindowWidth * InPerGroup;

    /// <summary>Multiply-accumulate operations, padding included.</summary>
    public long Macs => (long)Batch * Pixels * OutChannels * Taps;

    /// <summary>True when every channel is convolved alone.</summary>
    public bool IsDepthwise => Groups > 1 && Groups == Channels && Groups == OutChannels;

    /// <summary>True when some window reaches over the edge of the image.</summary>
    public bool HasPadding => PadTop > 0 || PadLeft > 0
        || ((OutHeight - 1) * StrideDown) + ((WindowHeight - 1) * DilationDown) >= Height
        || ((OutWidth - 1) * StrideRight) + ((WindowWidth - 1) * DilationRight) >= Width;

    /// <summary>True when the patches of successive pixels are the input itself.</summary>
    public bool IsPointwise => WindowHeight == 1 && WindowWidth == 1 && StrideDown == 1 && StrideRight == 1 && Groups == 1 && !HasPadding;

    /// <summary>Rows × inputs by a matrix, as a convolution of 1×1 images.</summary>
    public static ConvGeometry FullyConnected(int rows, int inputs, int outputs) => new(1, rows, 1, inputs, rows, 1, outputs, 1, 1, 1, 1, 1, 1, 0, 0, 1);

    /// <summary>Part of method names.</summary>
    public string Name => $"{Height}x{Width}x{Channels}_{WindowHeight}x{WindowWidth}x{OutChannels}"
        + (StrideDown * StrideRight > 1 ? $"_s{StrideDown}{StrideRight}" : "");

    /// <summary>In words.</summary>
    public string Describe(string kind)
    {
        if (Height * Width * WindowHeight * WindowWidth == 1)
            return $"{kind.Replace("conv", "fully connected")} {Channels} → {OutChannels}";
        string strides = StrideDown == 1 && StrideRight == 1 ? "" : StrideDown == StrideRight ? $"/{StrideDown}" : $"/{StrideDown}×{StrideRight}";
        string dilations = DilationDown == 1 && DilationRight == 1 ? "" : $", dilation {DilationDown}×{DilationRight}";
        string groups = Groups > 1 && kind == "conv" ? $", {Groups} groups" : "";
        return $"{kind} {WindowHeight}×{WindowWidth}{strides} {Height}×{Width}×{Channels} → {OutHeight}×{OutWidth}×{OutChannels}{dilations}{groups}";
    }
}
