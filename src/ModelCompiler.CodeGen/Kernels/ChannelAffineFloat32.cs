using System;
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
internal sealed record ChannelAffineFloat32(TensorRef In, TensorRef Out, DataRef Scale, DataRef Offset, int Outer, int Channels, int Inner) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"float scale and offset {Literals.Int(Outer)}×{Literals.Int(Channels)}×{Literals.Int(Inner)}";

    /// <inheritdoc/>
    public override long Macs => (long)Outer * Channels * Inner;

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        VectorRun run = VectorRun.For(writer.Isa, Inner == 1 ? Channels : Inner);
        string method = writer.Method($"ChannelAffine_{Outer}x{Channels}x{Inner}", $"{Summary}.", "float* input, float* output, float* scale, float* offset",
            code => code.For("row", Outer, _ =>
        {
            if (Inner == 1)
            {
                WriteRun(code, run, Channels, i => $"{run.Vector}.Load({Terms.Plus("scale", i)})", i => $"{run.Vector}.Load({Terms.Plus("offset", i)})",
                    i => $"scale[{i}]", i => $"offset[{i}]", Outer > 1);
                return;
            }

            code.For("channel", Channels, channel =>
            {
                if (!run.IsScalar) code.Line($"{run.Vector}<float> a = {run.Vector}.Create(scale[{channel}]), b = {run.Vector}.Create(offset[{channel}]);");
                WriteRun(code, run, Inner, _ => "a", _ => "b", _ => $"scale[{channel}]", _ => $"offset[{channel}]", Outer * Channels > 1);
            });
        }));
        writer.Call($"{method}({writer.Address(In)}, {writer.Address(Out)}, {writer.Address(Scale)}, {writer.Address(Offset)});");
    }

    private static void WriteRun(
        SourceWriter code, VectorRun run, int count, Func<string, string> vectorScale, Func<string, string> vectorOffset, Func<string, string> scale,
        Func<string, string> offset, bool repeats)
    {
        VectorRun.WriteWithRest(
            code,
            "i",
            count,
            run.Lanes,
            i => code.Line($"({run.Vector}.Load({Terms.Plus("input", i)}) * {vectorScale(i)} + {vectorOffset(i)}).Store({Terms.Plus("output", i)});"),
            i => code.Line($"output[{i}] = input[{i}] * {scale(i)} + {offset(i)};"));
        if (repeats) code.Line($"input += {count};\noutput += {count};");
    }
}
