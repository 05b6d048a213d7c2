using System;
using ModelCompiler.CodeGen.Emit;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Cuts output channels into register tiles: as many wide ones as fit, then single blocks, the last of them perhaps partial.</summary>
internal static class ChannelTiling
{
    /// <summary>Vectors of sums per pixel in a wide tile, for a single pixel and for several.</summary>
    private const int VectorsAlone = 4, VectorsTogether = 2;

    /// <summary>Writes the calls; <paramref name="call"/> makes one from first channel (a C# expression), blocks and channels.</summary>
    public static void Write(SourceWriter code, Isa isa, int pixels, int channels, int blockChannels, Func<string, int, int, string> call)
    {
        int wide = Math.Max(1, (pixels == 1 ? VectorsAlone : VectorsTogether) * isa.Lanes / blockChannels) * blockChannels;
        int full = channels / wide;
        code.For("channel", full * wide, channel => code.Line(call(channel, wide / blockChannels, wide)), wide);
        for (int channel = full * wide; channel < channels; channel += blockChannels)
        {
            code.Line(call(Literals.Int(channel), 1, Math.Min(blockChannels, channels - channel)));
        }
    }
}
