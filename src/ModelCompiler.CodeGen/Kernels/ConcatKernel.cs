using System.Linq;
using ModelCompiler.CodeGen.Emit;
using ModelCompiler.CodeGen.Plan;

namespace ModelCompiler.CodeGen.Kernels;

/// <summary>Joins tensors along an axis, for elements of any type.</summary>
/// <param name="Ins">The tensors.</param>
/// <param name="Out">The joined tensor.</param>
/// <param name="Outer">Elements of the axes before.</param>
/// <param name="Lengths">Elements each tensor has from the axis on.</param>
internal sealed record ConcatKernel(EquatableArray<TensorRef> Ins, TensorRef Out, int Outer, EquatableArray<int> Lengths) : Kernel
{
    /// <inheritdoc/>
    public override string Summary => $"concatenate {Literals.Int(Outer)}×({string.Join(" + ", Lengths.Select(l => Literals.Int(l)))})";

    /// <inheritdoc/>
    public override void Write(KernelWriter writer)
    {
        int size = writer.Tensor(Out).Type.Size();
        string method = writer.Method(
            "CopyRows",
            "Copies rows of bytes to rows that lie further apart.",
            "byte* input, byte* output, int rows, int length, int step",
            code => code.Line("for (int row = 0; row < rows; row++, input += length, output += step) new ReadOnlySpan<byte>(input, length).CopyTo(new "
            + "Span<byte>(output, length));"));
        int row = Lengths.Sum() * size;
        int offset = 0;
        for (int i = 0; i < Ins.Count; i++)
        {
            writer.Call($"{method}((byte*)({writer.Address(Ins[i])}), {Terms.Plus($"(byte*)({writer.Address(Out)})", offset)}, {Literals.Int(Outer)}, "
                + $"{Literals.Int(Lengths[i] * size)}, {Literals.Int(row)});");
            offset += Lengths[i] * size;
        }
    }
}
