using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>x · scale + offset with a scale and an offset per channel, rounded twice. May work in place.</summary>
/// <param name="In">Outer × channels × inner.</param>
/// <param name="Out">The same.</param>
/// <param name="Scale">Scale per channel.</param>
/// <param name="Offset">Offset per channel.</param>
/// <param name="Outer">Size of the first axis.</param>
/// <param name="Channels">Number of channels.</param>
/// <param name="Inner">Size of the last axis.</param>
public sealed record ChannelAffineFloat32(TensorRef In, TensorRef Out, DataRef Scale, DataRef Offset, int Outer, int Channels, int Inner) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"float scale and offset {Literals.Int(Outer)}×{Literals.Int(Channels)}×{Literals.Int(Inner)}";

    /// <inheritdoc/>
    public override long Macs => (long)Outer * Channels * Inner;

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        VectorRun run = VectorRun.For(writer.Isa, Inner == 1 ? Channels : Inner);
        string method = writer.Method($"ChannelAffine_{Outer}x{Channels}x{Inner}", $"{Summary}.", "float* input, float* output, float* scale, float* offset", code => code.For("row", Outer, () =>
        {
            if (Inner == 1)
            {
                WriteRun(code, run, Channels, $"{run.Vector}.Load(scale + i)", $"{run.Vector}.Load(offset + i)", "scale[i]", "offset[i]");
                return;
            }

            code.For("channel", Channels, () =>
            {
                if (!run.IsScalar) code.Line($"{run.Vector}<float> a = {run.Vector}.Create(scale[channel]), b = {run.Vector}.Create(offset[channel]);");
                WriteRun(code, run, Inner, "a", "b", "scale[channel]", "offset[channel]");
            });
        }));
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)}, {writer.Address(Scale)}, {writer.Address(Offset)});");
    }

    private static void WriteRun(SourceWriter code, VectorRun run, int count, string vectorScale, string vectorOffset, string scale, string offset)
    {
        VectorRun.WriteWithRest(
            code,
            "i",
            count,
            run.Lanes,
            () => code.Line($"({run.Vector}.Load(input + i) * {vectorScale} + {vectorOffset}).Store(output + i);"),
            () => code.Line($"output[i] = input[i] * {scale} + {offset};"));
        code.Line($"input += {count};\noutput += {count};");
    }
}
