using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Copies a tensor of any type, such as what a state becomes into the state's own memory.</summary>
/// <param name="In">The tensor.</param>
/// <param name="Out">As many bytes.</param>
/// <param name="Bytes">Bytes of both.</param>
public sealed record CopyKernel(TensorRef In, TensorRef Out, long Bytes) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"copy {Literals.Int(Bytes)} bytes";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer) =>
        writer.Call($"new ReadOnlySpan<byte>({writer.Address(In)}, {Literals.Int(Bytes)}).CopyTo(new Span<byte>({writer.Address(Out)}, {Literals.Int(Bytes)}));");
}
