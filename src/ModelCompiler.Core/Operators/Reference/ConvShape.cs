using ModelCompiler.Core.Graph;

namespace ModelCompiler.Core.Operators.Reference;

/// <summary>All sizes of a two-dimensional convolution on batch × height × width × channels.</summary>
internal sealed record ConvShape(
    int Batch, int Height, int Width, int Channels, int OutHeight, int OutWidth, int OutChannels, int WindowHeight, int WindowWidth,
    int StrideDown, int StrideRight, int DilationDown, int DilationRight, int PadTop, int PadLeft, int Groups)
{
    public int InPerGroup => Channels / Groups;

    public int OutPerGroup => OutChannels / Groups;

    public int Taps => WindowHeight * WindowWidth * InPerGroup;

    /// <summary>Multiply-accumulate operations, padding included.</summary>
    public long Macs => (long)Batch * OutHeight * OutWidth * OutChannels * Taps;

    /// <summary>One input channel per output channel.</summary>
    public bool IsDepthwise => Groups == Channels && OutChannels == Channels && Channels > 1;

    /// <summary>True for a fully connected layer.</summary>
    public bool IsFullyConnected { get; private init; }

    /// <summary>A fully connected layer as a convolution of 1×1 images.</summary>
    public static ConvShape FullyConnected(int rows, int inputs, int outputs) => new(1, rows, 1, inputs, rows, 1, outputs, 1, 1, 1, 1, 1, 1, 0, 0, 1) { IsFullyConnected = true };

    public static ConvShape Of(Shape input, Shape weights, Shape output, Conv conv) => new(
        input[0], input[1], input[2], input[3], output[1], output[2], output[3], weights[1], weights[2],
        conv.StrideDown, conv.StrideRight, conv.DilationDown, conv.DilationRight, conv.PadTop, conv.PadLeft, conv.Groups);
}
